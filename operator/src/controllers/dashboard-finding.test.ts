import { expect, test } from 'vitest'
import { identityKey } from '../objects/object.ts'
import { DesiredFiles } from '../plan/desired-files.ts'
import { PushFailure } from '../push/failure.ts'
import { findDashboard } from './dashboard-finding.ts'
import type { NamedSync } from './dashboard-finding.ts'
import type { FeedState } from './feeds/feeds.ts'
import type { HistoryState } from './grafana/dashboard-history.ts'
import { dashboardIdentity } from './known-resources.ts'
import type { Unrendered } from './renderer.ts'

const KEY = 'Dashboard.gitsync.dev/shop/a'
const metadata = { name: 'a', namespace: 'shop', resourceVersion: '7' }

interface Parts {
  readonly files?: readonly { readonly name: string; readonly path: string; readonly uid?: string }[]
  readonly problem?: Unrendered
  readonly listed?: boolean
  readonly compared?: boolean
  readonly pending?: readonly string[]
  readonly failure?: PushFailure
  readonly feed?: FeedState
  readonly history?: HistoryState
  /** Of those of many, by their keys. */
  readonly histories?: Readonly<Record<string, HistoryState>>
}

function sync({
  files = [],
  problem,
  listed = true,
  compared = true,
  pending = [],
  failure,
  feed,
  history,
  histories = {},
}: Parts = {}): NamedSync {
  const desired = new DesiredFiles()
  for (const { name, path, uid } of files) {
    const identity = dashboardIdentity('shop', name)
    desired.set({
      key: `Dashboard.gitsync.dev/shop/${name}`,
      identity,
      path,
      oid: `id-${name}`,
      isOpaque: true,
      title: `Title ${name}`,
      version: '7',
      uid,
    })
  }
  const waiting = new Set(pending.map((name) => identityKey(dashboardIdentity('shop', name))))
  const member = {
    desired,
    isCompared: compared,
    settings: { path: 'folder' },
    isPending: (key: string) => waiting.has(key),
    standing: { failure },
  }
  const problemOf = (key: string) => (key === KEY || key === `${KEY}/bad.json` ? problem : undefined)
  const historyOf = (key: string) => (key === KEY ? history : histories[key.slice(KEY.length + 1)])
  const runtime = { member, listed, problemOf, feeds: { stateOf: () => feed }, historyOf }
  return {
    name: 'sync',
    ready: { status: 'True', reason: 'Succeeded' },
    runtime: runtime as unknown as NonNullable<NamedSync['runtime']>,
  }
}
const A = { name: 'a', path: 'dashboards/a.json' }
const states = (named: NamedSync, isNew = false): string[] | undefined =>
  findDashboard({ metadata }, named, isNew)?.states.map(({ type, status, reason }) => `${type}=${status} ${reason}`)
const message = (named: NamedSync): string | undefined => findDashboard({ metadata }, named, false)?.states[0]?.message

const PROGRESSING = ['Ready=Unknown Progressing', 'Reconciling=True Progressing']

const UNRENDERED: Unrendered = {
  problem: { reason: 'InvalidDashboard', message: 'no title' },
  version: '7',
  isDashboard: true,
}

test('one that is in Git is Ready, and says where and what it is', () => {
  expect(findDashboard({ metadata }, sync({ files: [A] }), false)).toEqual({
    states: [{ type: 'Ready', status: 'True', reason: 'Succeeded', message: 'folder/dashboards/a.json is in Git' }],
    file: { path: 'folder/dashboards/a.json', oid: 'id-a', title: 'Title a' },
  })
  expect(states(sync({ files: [A, { name: 'b', path: 'b.json' }], pending: ['b'] }))).toEqual(['Ready=True Succeeded'])
})

test('one on its way says so, and that its GitSync cannot write', () => {
  expect(states(sync({ files: [A], pending: ['a'] }))).toEqual(PROGRESSING)
  expect(states(sync({ files: [A], compared: false }))).toEqual(PROGRESSING)
  const failing = sync({ files: [A], pending: ['a'], failure: new PushFailure('Unreachable', 'no answer') })
  expect(states(failing)).toEqual(['Ready=False SyncNotWriting', 'Reconciling=True SyncNotWriting'])
  expect(message(failing)).toContain('GitSync sync does not write now (Unreachable). See the conditions')
})

test('what a GitSync has not taken in yet is not judged', () => {
  const older = { metadata: { ...metadata, resourceVersion: '8' } }
  expect(findDashboard(older, sync({ files: [A] }), false)).toBeUndefined()
  expect(findDashboard(older, sync({ problem: UNRENDERED }), false)).toBeUndefined()
  expect(states(sync({ problem: UNRENDERED, files: [A] }))).toEqual([
    'Ready=False InvalidDashboard',
    'Stalled=True InvalidDashboard',
  ])
  expect(states(sync({ listed: false }))).toEqual(PROGRESSING)
  expect(states(sync(), true)).toEqual(PROGRESSING)
  expect(states(sync())).toEqual(['Ready=False SyncNotWriting', 'Reconciling=True SyncNotWriting'])
  expect(message(sync())).toContain('leaves it out')
})

test('two that want one file name each other', () => {
  const files = [A, { name: 'b', path: A.path }]
  expect(states(sync({ files }))).toEqual(['Ready=False PathConflict', 'Stalled=True PathConflict'])
  expect(message(sync({ files }))).toMatch(
    /^dashboards\/a\.json is also wanted by Dashboard\.gitsync\.dev\/shop\/b, and none is written\./,
  )
})

test('without a GitSync, or with one that is not at work', () => {
  const missing = { name: 'sync', ready: undefined, runtime: undefined }
  expect(states(missing)).toEqual(['Ready=False SyncNotFound', 'Reconciling=True SyncNotFound'])
  const idle = (status: string) => ({ ...missing, ready: { status, reason: 'Suspended' } })
  expect(states(idle('False'))).toEqual(['Ready=False SyncNotWriting', 'Reconciling=True SyncNotWriting'])
  expect(states(idle('Unknown'))).toEqual(PROGRESSING)
})

const many = (keys: readonly string[], feed: Partial<FeedState> = {}): FeedState => ({
  version: '7',
  isMany: true,
  noun: 'dashboard',
  isSynced: true,
  problem: undefined,
  files: new Map(keys.map((key) => [`${KEY}/${key}`, key])),
  ...feed,
})
const file = (key: string, path = `dashboards/${key}`): { readonly name: string; readonly path: string } => ({
  name: `a/${key}`,
  path,
})

test('one that stands for many counts them', () => {
  const feed = many(['x/1.json', 'x/2.json'])
  const files = [file('x/1.json'), file('x/2.json'), A]
  expect(findDashboard({ metadata }, sync({ files, feed }), false)).toEqual({
    states: [{ type: 'Ready', status: 'True', reason: 'Succeeded', message: '2 dashboards are in Git' }],
    many: { files: 2, failed: 0, problems: [] },
  })
  expect(states(sync({ files, feed, pending: ['a/x/2.json'] }))).toEqual(PROGRESSING)
  expect(states(sync({ files, feed, pending: ['a'] }))).toEqual(['Ready=True Succeeded'])
  expect(states(sync({ feed: many([]) }))).toEqual(['Ready=True Succeeded'])
})

test('of one that stands for many those that are wrong are named, and the others counted', () => {
  const files = [file('good.json'), file('same.json', A.path), A]
  const finding = findDashboard(
    { metadata },
    sync({ files, problem: UNRENDERED, feed: many(['good.json', 'bad.json', 'same.json']) }),
    false,
  )
  const conflict = 'dashboards/a.json is also wanted by Dashboard.gitsync.dev/shop/a, and none is written'
  expect(finding?.many).toEqual({
    files: 1,
    failed: 2,
    problems: [
      { dashboard: 'bad.json', reason: 'InvalidDashboard', message: 'no title' },
      { dashboard: 'same.json', reason: 'PathConflict', message: conflict },
    ],
  })
  expect(finding?.states[0]).toMatchObject({ type: 'Ready', status: 'False', reason: 'InvalidDashboard' })
  expect(finding?.states[0]?.message).toContain(
    `2 dashboards of 3 are wrong: bad.json: no title; same.json: ${conflict}`,
  )
})

test('one whose text is elsewhere waits for it, and says what is missing', () => {
  const feed = many([], { isMany: false, files: new Map([[KEY, '']]) })
  expect(states(sync({ files: [A], feed }))).toEqual(['Ready=True Succeeded'])
  expect(states(sync({ feed: { ...feed, isSynced: false } }))).toEqual(PROGRESSING)
  expect(states(sync({ feed: { ...feed, version: '6' } }))).toBeUndefined()
  const missing = { reason: 'ConfigMapNotFound', message: 'ConfigMap x does not exist' } as const
  expect(states(sync({ files: [A], feed: { ...feed, problem: missing } }))).toEqual([
    'Ready=False ConfigMapNotFound',
    'Reconciling=True ConfigMapNotFound',
  ])
  expect(states(sync({ feed, problem: UNRENDERED }))).toEqual([
    'Ready=False InvalidDashboard',
    'Stalled=True InvalidDashboard',
  ])
})

test('two with one uid are written and say so, whichever Dashboard they are of', () => {
  const files = [
    { ...A, uid: 'one' },
    { ...file('x.json'), uid: 'one' },
    { ...file('y.json'), uid: 'two' },
    file('z.json'),
    file('none.json'),
  ]
  expect(findDashboard({ metadata }, sync({ files }), false)).toMatchObject({
    states: [{ status: 'False', reason: 'DuplicateUid' }, { type: 'Stalled' }],
    file: { path: 'folder/dashboards/a.json', oid: 'id-a' },
  })
  expect(message(sync({ files }))).toContain(
    'uid one is also that of Dashboard.gitsync.dev/shop/a/x.json, and Grafana takes one of them; all are written',
  )
  const feed = many(['x.json', 'y.json', 'z.json', 'none.json'])
  const { many: counts } = findDashboard({ metadata }, sync({ files, feed }), false) ?? {}
  expect(counts).toMatchObject({ files: 3, failed: 1, problems: [{ dashboard: 'x.json', reason: 'DuplicateUid' }] })
  expect(states(sync({ files: files.slice(1), feed }))).toEqual(['Ready=True Succeeded'])
})

test('one that a Grafana feeds is Ready when its newest version is in Git, and says which, and what is missing', () => {
  const source = {
    sourceUrl: 'https://g.example/d/a',
    sourceVersion: 7,
    sourceSavedAt: '2026-01-02T03:04:05Z',
  }
  const followed = (state: Partial<HistoryState>): NamedSync =>
    sync({
      files: state.source === undefined ? [] : [A],
      history: { version: '7', problem: undefined, note: undefined, isInStep: true, source: undefined, ...state },
    })
  const found = findDashboard({ metadata }, followed({ source }), false)
  expect(found?.states[0]?.message).toBe('folder/dashboards/a.json is in Git, at version 7')
  expect(found?.file).toEqual({ path: 'folder/dashboards/a.json', oid: 'id-a', title: 'Title a', ...source })
  expect(states(followed({ isInStep: false }))).toEqual(PROGRESSING)
  expect(states(followed({ source, isInStep: false }))).toEqual(PROGRESSING)
  const problem = { reason: 'GrafanaUnavailable', message: 'no answer' } as const
  expect(states(followed({ source, problem }))).toEqual([
    'Ready=False GrafanaUnavailable',
    'Reconciling=True GrafanaUnavailable',
  ])
  expect(findDashboard({ metadata }, followed({ problem, version: '6' }), false)).toBeUndefined()
  const note = { reason: 'VersionsMissing', message: 'versions 3 to 5' } as const
  expect(states(followed({ source, note }))).toEqual(['Ready=True Succeeded', 'Incomplete=True VersionsMissing'])
})

test('of many that a Grafana feeds each has its history: what lacks, what is wrong, and what is not read yet', () => {
  const state = (fields: Partial<HistoryState> = {}): HistoryState => ({
    version: undefined,
    problem: undefined,
    note: undefined,
    isInStep: true,
    source: undefined,
    ...fields,
  })
  const feed = many(['x.json', 'y.json'])
  const files = ['x.json', 'y.json'].map((key) => ({ ...A, name: `a/${key}`, path: `dashboards/${key}` }))
  const found = (histories: Readonly<Record<string, HistoryState>>) =>
    findDashboard({ metadata }, sync({ files, feed, histories }), false)
  expect(found({ 'x.json': state(), 'y.json': state() })).toMatchObject({ many: { files: 2, failed: 0 } })
  expect(states(sync({ files, feed, histories: { 'x.json': state(), 'y.json': state({ isInStep: false }) } }))).toEqual(
    PROGRESSING,
  )
  const problem = { reason: 'GrafanaRefused', message: 'was answered 403' } as const
  expect(found({ 'x.json': state(), 'y.json': state({ problem, isInStep: false }) })).toMatchObject({
    states: [
      { type: 'Ready', status: 'False', reason: 'GrafanaRefused', message: expect.stringContaining('y.json: was') },
      {},
    ],
    many: { files: 1, failed: 1, problems: [{ dashboard: 'y.json', reason: 'GrafanaRefused' }] },
  })
  const note = { reason: 'VersionsMissing', message: 'version 1 is not there' } as const
  expect(found({ 'x.json': state({ note }), 'y.json': state() })).toMatchObject({
    states: [
      { status: 'True' },
      { type: 'Incomplete', reason: 'VersionsMissing', message: 'x.json: version 1 is not there' },
    ],
  })
})
