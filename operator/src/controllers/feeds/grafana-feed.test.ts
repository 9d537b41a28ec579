import { expect, test } from 'vitest'
import type { GrafanaSource } from '../../api/dashboard.ts'
import { DashboardError } from '../../dashboard/dashboard-error.ts'
import { ForgeError } from '../../forge/forge-error.ts'
import type { ListedRuleGroup } from '../../grafana/alert-rules.ts'
import type { LibraryPanel } from '../../grafana/library-panels.ts'
import type { Grafana, ListedDashboard } from '../../grafana/grafana.ts'
import type { NamedAuthor } from '../../plan/authors/naming.ts'
import { manualClock } from '../../kube/testing/manual-clock.ts'
import type { GrafanaPort } from '../grafana/grafana-port.ts'
import { Poll } from '../grafana/poll.ts'
import { isHistory, isWritten } from './feed.ts'
import type { By } from './feed.ts'
import { grafanaFeed } from './grafana-feed.ts'

const who = (by: By): string =>
  isWritten(by) ? by.object.metadata.name : (by.author?.name ?? by.origin?.by ?? 'nobody')

/** A Grafana that a test writes: dashboards with folder and tags, by uid. */
interface Shelf {
  folders: Record<string, { title: string; parent: string }>
  dashboards: Record<string, { folder?: string; tags?: readonly string[] }>
  /** What its list leaves out, though it is there. */
  unlisted: ReadonlySet<string>
  /** Dashboards that nobody is interested in. */
  others: boolean
  failure: ForgeError | undefined
  /** State and text by folder/name. */
  rules: Record<string, { state: string; text?: string | ForgeError }>
  rulesFailure: ForgeError | undefined
  panels: Record<string, Partial<LibraryPanel>>
}

const nameLogin = (login: string): NamedAuthor | undefined =>
  login === '' ? undefined : { person: { name: login, email: `${login}@example.com` }, by: login }

function follow(selection: Partial<GrafanaSource>, shelf: Partial<Shelf> = {}) {
  const now: Shelf = {
    folders: {},
    dashboards: {},
    unlisted: new Set(),
    others: true,
    failure: undefined,
    rules: {},
    rulesFailure: undefined,
    panels: {},
    ...shelf,
  }
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
    ruleGroups: async () => {
      asked.push('rules')
      if (now.rulesFailure !== undefined) throw now.rulesFailure
      return Object.entries(now.rules).map(([key, { state }]): ListedRuleGroup => {
        const [folder = '', name = ''] = key.split('/')
        return { folder, name, state, changedAt: 5_000 }
      })
    },
    hasRuleGroup: async ({ folder, name }) => `${folder}/${name}` in now.rules,
    exportRuleGroup: async ({ folder, name }) => {
      asked.push(`export ${folder}/${name}`)
      const { text } = now.rules[`${folder}/${name}`] ?? {}
      if (text instanceof ForgeError) throw text
      return text ?? `apiVersion: 1\ngroups: [{name: ${name}, rules: []}]\n`
    },
    async *libraryPanels() {
      asked.push('panels')
      yield* Object.entries(now.panels).map(([uid, panel]) => panelOf(uid, panel))
    },
    libraryPanel: async (uid) => {
      asked.push(`panel ${uid}`)
      const panel = now.panels[uid]
      return panel && panelOf(uid, panel)
    },
    showsAny: async () => now.others || Object.keys(now.dashboards).length > 0,
  }
  const asked: string[] = []
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
    schema: 'Classic',
    history: 'FromNow',
    interval: '1m',
    ...selection,
  } as const satisfies GrafanaSource
  const feed = grafanaFeed(port, source, { since: 7, nameLogin })
  const log: string[] = []
  feed.open({
    told: (dashboard, by) => {
      const place = `${dashboard.key} in ${dashboard.folders.join('/') || 'the top'} by ${who(by)}`
      log.push(isHistory(dashboard) ? `${place}, since ${dashboard.follows.since}` : place)
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
  return { now, feed, look, grafana, doubted, clock, log, asked, running: () => running }
}
const panelOf = (uid: string, panel: Partial<LibraryPanel>): LibraryPanel => ({
  uid,
  name: uid,
  folder: '',
  folderTitle: '',
  state: '1',
  by: 'bob',
  savedAt: 7_000,
  model: {},
  ...panel,
})
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
  const unknown = [new ForgeError('Forbidden', 'was answered 403'), new DashboardError('it is kept in schema v2')]
  grafana.placeOf = async (uid) => {
    const failure = uid === 'b' ? unknown.shift() : undefined
    if (failure !== undefined) throw failure
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

const WITH_EXTRAS = { folder: 'team', alertRules: {}, libraryPanels: {} }
const CHANGED = 'by unknown (changed in Grafana)'
const shelfWith = (extras: Partial<Shelf>): Partial<Shelf> => ({
  folders: { ...FOLDERS },
  dashboards: { a: { folder: 'team' } },
  ...extras,
})

test('alert rules and library panels are told beside dashboards, and asked for again only where they changed', async () => {
  const { now, look, asked } = follow(
    WITH_EXTRAS,
    shelfWith({
      rules: { 'team/High load': { state: '1' }, 'inner/b': { state: '1' }, 'other/c': { state: '1' } },
      panels: { p: { folder: 'team' }, q: { folder: 'other' }, r: {} },
    }),
  )
  expect(await look()).toEqual([
    'a in Team by unknown (moved in Grafana), since 7',
    `alert-rules/team/High%20load in Team ${CHANGED}`,
    `alert-rules/inner/b in Team/Inner ${CHANGED}`,
    'library-panels/p in Team by bob',
    'synced',
    'looked',
  ])
  asked.length = 0
  expect(await look()).toEqual(['looked'])
  expect(asked).toEqual(['rules', 'panels'])
  now.rules['inner/b'] = { state: '2' }
  now.panels['p'] = { folder: 'team', state: '2', by: '' }
  asked.length = 0
  expect(await look()).toEqual([
    `alert-rules/inner/b in Team/Inner ${CHANGED}`,
    `library-panels/p in Team ${CHANGED}`,
    'looked',
  ])
  expect(asked).toEqual(['rules', 'export inner/b', 'panels'])
})

test('what is not wanted is not asked for', async () => {
  const shelf = shelfWith({ dashboards: {}, others: false, rules: { 'team/x': { state: '1' } } })
  const { look, asked, feed } = follow({ all: true }, shelf)
  expect(uids(await look())).toEqual(['synced', 'looked'])
  expect(asked).toEqual([])
  // Of a time when it was: the Dashboard stands for it no more.
  expect(await feed.isGone('alert-rules/team/x')).toBe(true)
})

test('a folder that is renamed moves rules and panels in the name of nobody', async () => {
  const { now, look } = follow(
    { all: true, alertRules: {}, libraryPanels: {} },
    shelfWith({ rules: { 'team/x': { state: '1' } }, panels: { p: { folder: 'team', folderTitle: 'Team' } } }),
  )
  await look()
  now.folders['team'] = { title: 'Crew', parent: '' }
  const moved = 'in Crew by unknown (moved in Grafana)'
  expect((await look()).slice(1)).toEqual([`alert-rules/team/x ${moved}`, `library-panels/p ${moved}`, 'looked'])
})

test('a group or panel is gone when Grafana says so of it, and it is moved out when its folder is not selected', async () => {
  const { now, look, feed, grafana } = follow(
    WITH_EXTRAS,
    shelfWith({
      rules: { 'team/x': { state: '1' }, 'team/y': { state: '1' }, 'inner/z': { state: '1' } },
      panels: { p: { folder: 'team' }, q: { folder: 'team' } },
    }),
  )
  await look()
  const { ruleGroups } = grafana
  // A list that is older than what it lists, and one that may not be seen.
  grafana.ruleGroups = async () => ((await ruleGroups?.()) ?? []).filter(({ name }) => name !== 'y')
  delete now.rules['team/x']
  now.panels['p'] = { folder: 'other' }
  delete now.panels['q']
  delete now.folders['inner']
  expect(await look()).toEqual([
    'alert-rules/team/x gone by unknown (deleted in Grafana)',
    'alert-rules/inner/z gone by unknown (moved or untagged in Grafana)',
    'library-panels/p gone by unknown (moved or untagged in Grafana)',
    'library-panels/q gone by unknown (deleted in Grafana)',
    'looked',
  ])
  const keys = ['alert-rules/team/x', 'alert-rules/team/y', 'alert-rules/team/never', 'library-panels/p']
  expect(await Promise.all(keys.map((key) => feed.isGone(key)))).toEqual([true, false, true, true])
})

test('where none of several rules is there any more, and no dashboard either was, nothing is gone', async () => {
  const { now, look, feed } = follow(
    { all: true, alertRules: {} },
    { folders: { ...FOLDERS }, dashboards: {}, rules: { 'team/x': { state: '1' }, 'team/y': { state: '1' } } },
  )
  await look()
  const rules = now.rules
  now.rules = {}
  expect(await look()).toEqual(['looked'])
  expect(feed.problem).toMatchObject({
    reason: 'NotInGrafana',
    message: expect.stringContaining('has none of the 2 groups of alert rules any more that it had'),
  })
  expect([feed.current, feed.knows?.('alert-rules/team/x'), await feed.isGone('alert-rules/team/x')]).toEqual([
    false,
    false,
    false,
  ])
  // A dashboard beside them says that it is the same Grafana.
  now.rules = rules
  now.dashboards = { a: {} }
  await look()
  now.rules = {}
  expect(uids(await look())).toEqual(['alert-rules/team/x', 'alert-rules/team/y', 'looked'])
})

test('alert rules that may not be read keep their files, and keep no dashboard from anything', async () => {
  const { now, look, feed, doubted, clock, running, log } = follow(
    WITH_EXTRAS,
    shelfWith({ rules: { 'team/x': { state: '1' } }, panels: { p: { folder: 'team' } } }),
  )
  now.rulesFailure = new ForgeError('Forbidden', 'GET /x was answered 403; the token needs alert.provisioning:read')
  expect(uids(await look())).toEqual(['a', 'library-panels/p', 'synced', 'looked'])
  expect(feed.problem).toEqual({
    reason: 'GrafanaRefused',
    message:
      'spec.source.grafana.alertRules: GET /x was answered 403; the token needs alert.provisioning:read; the files stay',
  })
  expect([
    feed.current,
    feed.knows?.('a'),
    feed.knows?.('library-panels/p'),
    feed.knows?.('alert-rules/team/x'),
  ]).toEqual([false, true, true, false])
  expect([await feed.isGone('alert-rules/team/gone'), await feed.isGone('z'), doubted.length]).toEqual([false, true, 1])
  now.rulesFailure = undefined
  // It was an answer: the next look comes when it is due, and no earlier.
  clock.advance(30_000)
  await running()
  expect(log).toEqual([])
  clock.advance(30_000)
  await running()
  expect(uids(log)).toEqual(['alert-rules/team/x', 'looked'])
  expect([feed.current, feed.problem]).toEqual([true, undefined])
})

test('one group that cannot be read keeps no other waiting', async () => {
  const text = new ForgeError('ServerError', 'GET /x was answered 500')
  const { now, look, feed } = follow(
    WITH_EXTRAS,
    shelfWith({ rules: { 'team/x': { state: '1', text }, 'team/y': { state: '1' } } }),
  )
  expect(uids(await look())).toEqual(['a', 'alert-rules/team/y', 'synced', 'looked'])
  expect(feed.problem).toMatchObject({ reason: 'GrafanaUnavailable' })
  now.rules['team/x'] = { state: '1' }
  expect(uids(await look())).toEqual(['alert-rules/team/x', 'looked'])
  expect(feed.problem).toBeUndefined()
})

test('a Grafana without alerting says so, and one is read again as it is now', async () => {
  const { now, look, feed, grafana } = follow(WITH_EXTRAS, shelfWith({ panels: { p: { folder: 'team' } } }))
  now.rulesFailure = new ForgeError('NotFound', 'GET /x was answered 404')
  await look()
  expect(feed.problem).toMatchObject({
    reason: 'NotInGrafana',
    message: expect.stringContaining('has no groups of alert rules, as where they are switched off'),
  })
  now.panels['p'] = { folder: 'team', name: 'Now' }
  const read = await feed.read('library-panels/p')
  expect([read?.variables, read?.folders]).toEqual([{ name: 'Now', uid: 'p' }, ['Team']])
  expect(await feed.read('a')).toBeUndefined()
  grafana.libraryPanel = async () => undefined
  expect(await feed.read('library-panels/p')).toBeUndefined()
})
