import { expect, test } from 'vitest'
import type { GrafanaSource } from '../../api/dashboard.ts'
import { ForgeError } from '../../forge/forge-error.ts'
import type { Grafana, ListedDashboard } from '../../grafana/grafana.ts'
import { manualClock } from '../../kube/testing/manual-clock.ts'
import type { GrafanaPort } from '../grafana/grafana-port.ts'
import { Poll } from '../grafana/poll.ts'
import { isHistory, isWritten } from './feed.ts'
import type { By } from './feed.ts'
import { grafanaFeed } from './grafana-feed.ts'

const who = (by: By): string => (isWritten(by) ? by.object.metadata.name : (by.origin?.by ?? 'nobody'))

/** A Grafana that a test writes: dashboards with folder and tags, by uid. */
interface Shelf {
  folders: Record<string, { title: string; parent: string }>
  dashboards: Record<string, { folder?: string; tags?: readonly string[] }>
  /** What its list leaves out, though it is there. */
  unlisted: ReadonlySet<string>
  /** Dashboards that nobody is interested in. */
  others: boolean
  failure: ForgeError | undefined
}

function follow(selection: Partial<GrafanaSource>, shelf: Partial<Shelf> = {}) {
  const now: Shelf = { folders: {}, dashboards: {}, unlisted: new Set(), others: true, failure: undefined, ...shelf }
  const place = (uid: string): Omit<ListedDashboard, 'uid' | 'folderTitle'> => {
    const { folder = '', tags = [] } = now.dashboards[uid] ?? {}
    return { folder, tags }
  }
  const grafana: Partial<Grafana> = {
    dashboards: async (tag) => {
      if (now.failure !== undefined) throw now.failure
      return Object.keys(now.dashboards)
        .filter((uid) => !now.unlisted.has(uid) && (tag === undefined || place(uid).tags.includes(tag)))
        .map((uid) => ({ uid, ...place(uid), folderTitle: now.folders[place(uid).folder]?.title ?? '' }))
    },
    placeOf: async (uid) => (now.dashboards[uid] === undefined ? undefined : place(uid)),
    folder: async (uid) => (now.folders[uid] === undefined ? undefined : { uid, ...now.folders[uid] }),
    foldersIn: async (uid) =>
      Object.entries(now.folders)
        .filter(([, { parent }]) => parent === uid)
        .map(([name, { title }]) => ({ uid: name, title })),
    showsAny: async () => now.others || Object.keys(now.dashboards).length > 0,
  }
  const clock = manualClock(0)
  const doubted: string[] = []
  let running: Promise<void> = Promise.resolve()
  const port: GrafanaPort = {
    clock,
    random: () => 0.5,
    open: async () => grafana as Grafana,
    doubt: ({ url }) => void doubted.push(url),
    poll: (_, work) => new Poll({ clock, work, enqueue: (step) => void (running = step()) }),
  }
  const source = {
    url: 'https://grafana.example.com',
    secretRef: { name: 'grafana' },
    history: 'FromNow',
    interval: '1m',
    ...selection,
  } as const satisfies GrafanaSource
  const feed = grafanaFeed(port, source, 7)
  const log: string[] = []
  feed.open({
    told: (dashboard, by) => {
      const since = isHistory(dashboard) ? dashboard.follows.since : 'never'
      log.push(`${dashboard.key} in ${dashboard.folders.join('/') || 'the top'} by ${who(by)}, since ${since}`)
    },
    gone: (key, how) => void log.push(`${key} gone by ${'by' in how ? who(how.by) : 'deletion'}`),
    vanished: (key) => void log.push(`${key} vanished`),
    synced: () => void log.push('synced'),
    looked: () => void log.push('looked'),
    stateChanged: () => undefined,
  })
  /** What one more look tells. */
  let isFirst = true
  const look = async (): Promise<string[]> => {
    if (!isFirst) feed.lookNow?.()
    isFirst = false
    await running
    return log.splice(0)
  }
  return { now, feed, look, grafana, doubted, clock, log, running: () => running }
}
const uids = (told: readonly string[]): string[] => told.map((line) => line.split(' ')[0] ?? '')

const FOLDERS = {
  team: { title: 'Team', parent: '' },
  inner: { title: 'Inner', parent: 'team' },
  other: { title: 'Other', parent: '' },
}

test('a folder is all below it, and what is told once is told again when its folders change', async () => {
  const dashboards = { a: { folder: 'team' }, b: { folder: 'inner' }, c: { folder: 'other' }, d: {} }
  const { now, look, feed } = follow({ folder: 'team' }, { folders: { ...FOLDERS }, dashboards })
  const moved = 'by unknown (moved in Grafana), since 7'
  expect(await look()).toEqual([`a in Team ${moved}`, `b in Team/Inner ${moved}`, 'synced', 'looked'])
  expect([feed.current, feed.problem]).toEqual([true, undefined])
  expect(await look()).toEqual(['looked'])
  now.folders['inner'] = { title: 'Inside', parent: 'team' }
  expect(await look()).toEqual([`b in Team/Inside ${moved}`, 'looked'])
})

test('a tag, and everything', async () => {
  const dashboards = { a: { tags: ['slo'] }, b: { folder: 'inner', tags: ['slo', 'web'] }, c: {} }
  const shelf = { folders: { ...FOLDERS }, dashboards }
  expect(uids(await follow({ tag: 'slo' }, shelf).look())).toEqual(['a', 'b', 'synced', 'looked'])
  expect(await follow({ all: true }, shelf).look()).toContainEqual(expect.stringContaining('b in Team/Inner'))
  // Of folders that the login may not see the nearest is known by its title.
  const hidden = follow({ all: true }, { folders: { inner: FOLDERS.inner }, dashboards })
  expect(await hidden.look()).toContainEqual(expect.stringContaining('b in Inner'))
})

test('what a list leaves out is gone only when Grafana says so of it', async () => {
  const dashboards = { a: { folder: 'team' }, b: { folder: 'team' }, c: { folder: 'team' }, d: { folder: 'team' } }
  const { now, look, feed } = follow({ folder: 'team' }, { folders: { ...FOLDERS }, dashboards: { ...dashboards } })
  await look()
  now.unlisted = new Set(['d'])
  delete now.dashboards['a']
  now.dashboards['b'] = { folder: 'other' }
  expect(await look()).toEqual([
    'a gone by unknown (deleted in Grafana)',
    'b gone by unknown (moved or untagged in Grafana)',
    'looked',
  ])
  expect(await Promise.all(['a', 'b', 'c', 'd'].map((uid) => feed.isGone(uid)))).toEqual([true, true, false, false])
})

test('one that was moved into a folder which was made meanwhile is not gone, nor is one that may not be seen', async () => {
  const dashboards = { a: { folder: 'team' }, b: { folder: 'team' }, c: { folder: 'team' } }
  const { now, look, grafana } = follow({ folder: 'team' }, { folders: { ...FOLDERS }, dashboards })
  await look()
  const { dashboards: list, placeOf } = grafana
  grafana.dashboards = async (tag) => {
    now.folders['new'] = { title: 'New', parent: 'team' }
    now.dashboards['a'] = { folder: 'new' }
    return (await list?.(tag)) ?? []
  }
  grafana.placeOf = async (uid) => {
    if (uid === 'b') throw new ForgeError('Forbidden', 'was answered 403')
    return await placeOf?.(uid)
  }
  now.unlisted = new Set(['b'])
  expect(await look()).toEqual(['looked'])
  expect(await look()).toEqual([expect.stringContaining('a in Team/New'), 'looked'])
})

test.each([{ tag: 'slo' }, { all: true as const }])(
  'a Grafana that has none of them any more proves nothing: %j',
  async (selection) => {
    const one = { tags: ['slo'] }
    const { now, look, feed } = follow(selection, { dashboards: { a: one, b: one } })
    await look()
    // Another organisation, or a database that was lost.
    now.dashboards = { z: one }
    expect(await look()).toEqual([])
    expect(feed.problem?.message).toContain('has none of the 2 dashboards any more that it had: their files stay')
    expect([feed.current, await feed.isGone('a')]).toEqual([false, false])
    now.dashboards = { a: one, z: one }
    expect(uids(await look())).toEqual(['z', 'b', 'looked'])
  },
)

test('the only one that is gone is gone where others are shown', async () => {
  const { now, look } = follow({ all: true }, { dashboards: { a: {} } })
  await look()
  now.dashboards = {}
  now.others = false
  expect(await look()).toEqual([])
  now.others = true
  expect(await look()).toEqual(['a gone by unknown (deleted in Grafana)', 'looked'])
})

test('without its folder, and while Grafana does not answer, nothing is told and nothing is gone', async () => {
  const { now, look, feed, doubted, clock, log, running } = follow(
    { folder: 'team' },
    { folders: { ...FOLDERS }, dashboards: { a: { folder: 'team' } } },
  )
  await look()
  now.folders = {}
  expect(await look()).toEqual([])
  expect(feed.problem).toMatchObject({ reason: 'NotInGrafana', message: expect.stringContaining('has no folder team') })
  now.folders = { ...FOLDERS }
  now.failure = new ForgeError('Unauthorized', 'was answered 401')
  expect(await look()).toEqual([])
  expect([feed.problem?.reason, feed.current, await feed.isGone('z'), doubted.length]).toEqual([
    'GrafanaRefused',
    false,
    false,
    1,
  ])
  now.failure = undefined
  // By itself, after a pause.
  clock.advance(60_000)
  await running()
  expect(log).toEqual(['looked'])
  expect(feed.current).toBe(true)
  feed.close()
  clock.advance(1e9)
  expect(log).toEqual(['looked'])
})
