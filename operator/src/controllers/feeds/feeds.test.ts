import { expect, test } from 'vitest'
import type { ApiResource } from '../../kube/discovery.ts'
import { KubeError } from '../../kube/errors.ts'
import { toldPool } from '../../kube/testing/told-pool.ts'
import { identityKey } from '../../objects/object.ts'
import type { KubernetesObject, ObjectIdentity } from '../../objects/object.ts'
import type { Made } from '../../push/object-changes.ts'
import { manualClock } from '../../kube/testing/manual-clock.ts'
import type { Grafana } from '../../grafana/grafana.ts'
import type { GrafanaPort } from '../grafana/grafana-port.ts'
import { Poll } from '../grafana/poll.ts'
import { CONFIGMAPS, dashboardIdentity } from '../known-resources.ts'
import { isWritten } from './feed.ts'
import type { By } from './feed.ts'
import { Feeds } from './feeds.ts'
import type { FeedsOptions } from './feeds.ts'

const LABELLED = { configMapRef: { labelSelector: { matchLabels: { dash: '1' } } } }
const NAMED = { configMapRef: { name: 'a', key: 'x.json' } }
const ALICE: Made = { author: { name: 'alice', email: 'alice@example.com' } }

const dashboard = (source: object, { generation = 1, version = '1', sync = 'sync' } = {}): KubernetesObject => ({
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'Dashboard',
  metadata: { name: 'd', namespace: 'shop', uid: 'u', generation, resourceVersion: version },
  spec: { syncRef: { name: sync }, source },
})
const configMap = (name: string, keys: readonly string[], version = '1', labels = { dash: '1' }): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', resourceVersion: version, labels },
  data: Object.fromEntries(keys.map((key) => [key, '{}'])),
})

const who = (by: By): string =>
  isWritten(by) ? `${by.object.metadata.name}@${by.before.version ?? '-'}` : (by.author?.name ?? 'nobody')

/** Feeds with a cluster of which a test says what is in it, and a log of what they tell. */
function feedsAt(
  live: { dashboard?: KubernetesObject; objects?: Record<string, KubernetesObject | 'down'> } = {},
  grafanas?: GrafanaPort,
) {
  const log: string[] = []
  const held: (() => boolean)[] = []
  const pool = toldPool()
  const client = {
    get: async ({ kind }: ApiResource, _namespace: string | undefined, name: string) => {
      const found = kind === 'Dashboard' ? live.dashboard : live.objects?.[name]
      if (found === 'down') throw new KubeError('Unavailable', 'no answer')
      if (found === undefined) throw new KubeError('NotFound', 'not found')
      return found
    },
  }
  const proof = { isServed: async () => true, isGone: async () => live.dashboard === undefined }
  const short = (key: string): string => key.replace('Dashboard.gitsync.dev/shop/', '')
  const feeds = new Feeds({
    environment: { pool, client, proof, clock: manualClock(0) } as unknown as FeedsOptions['environment'],
    gitsync: 'shop/sync',
    grafanas,
    nameLogin: () => undefined,
    render: (identity) => void log.push(`render ${short(identityKey(identity))}`),
    handler: {
      written(key, by, render) {
        log.push(`written ${short(key)} by ${who(by)}`)
        render()
      },
      followed(identity, { folders }, { made }) {
        log.push(`followed ${short(identityKey(identity))} in ${folders.join('/')} by ${who(made)}`)
      },
      deleted(key, how, isStill) {
        const by = 'deleted' in how ? `deletion of ${how.deleted.metadata.name}` : who(how.by)
        log.push(`deleted ${short(key)} by ${by}${isStill() ? '' : ', and is there again'}`)
        held.push(isStill)
      },
      looked: (key) => void log.push(`looked ${short(key)}`),
      dropped: (key) => void log.push(`dropped ${short(key)}`),
      synced: ({ isAwaited }) => void log.push(isAwaited ? 'synced first' : 'synced'),
      stateChanged: () => undefined,
      asksForAccess: () => void log.push('asks'),
    },
  })
  const take = (object: KubernetesObject, made?: Made, isAwaited = false): boolean =>
    feeds.take(object, { seen: { version: object.metadata.resourceVersion }, made, isAwaited })
  /** What has been told since the last time, without what is rendered. */
  const told = (): string[] => log.splice(0).filter((line) => !line.startsWith('render '))
  /** The watch that was opened last. */
  const watch = async () => {
    await Promise.resolve()
    const handler = pool.handlers.at(-1)
    if (handler === undefined) throw new Error('nothing is watched')
    return {
      list: (...objects: readonly KubernetesObject[]): void => {
        for (const object of objects) handler.onObject(object, 'initial')
        handler.onState?.({ phase: 'Watching', since: 0, restarts: 0 })
        const present = new Set(objects.map(({ metadata }) => `shop/${metadata.name}`))
        handler.onSynced({ present, vanished: new Set() })
      },
      handler,
    }
  }
  return { feeds, take, told, watch, pool, log, live, held }
}
const file = (key: string): ObjectIdentity => dashboardIdentity('shop', key === '' ? 'd' : `d/${key}`)

test('nothing is read before it is known that the account may, and a first comparison waits for it', async () => {
  const { feeds, take, told, watch, pool } = feedsAt()
  expect(take(dashboard(LABELLED), undefined, true)).toBe(true)
  await Promise.resolve()
  expect(told()).toEqual(['dropped d', 'asks'])
  expect(pool.handlers).toHaveLength(0)
  expect([feeds.listed, feeds.current, feeds.knows(file('a/x.json'))]).toEqual([false, false, false])
  expect(feeds.needs()).toEqual([CONFIGMAPS])
  feeds.allow(CONFIGMAPS, true)
  const { list } = await watch()
  expect(feeds.listed).toBe(false)
  list(configMap('a', ['x.json', 'y.json', 'z.txt']), configMap('b', ['x.json'], '1', { dash: '2' }))
  expect(told()).toEqual(['written d/a/x.json by a@-', 'written d/a/y.json by a@-', 'synced first'])
  expect([feeds.listed, feeds.current, feeds.knows(file('a/x.json'))]).toEqual([true, true, true])
  expect(feeds.stateOf('d')).toMatchObject({ version: '1', isMany: true, isSynced: true, problem: undefined })
})

test('what somebody has written into the ConfigMap meanwhile is not of who edits the Dashboard', async () => {
  const { feeds, take, told, watch } = feedsAt()
  feeds.allow(CONFIGMAPS, true)
  take(dashboard(LABELLED))
  ;(await watch()).list(configMap('a', ['x.json']), configMap('b', ['x.json']))
  told()
  take(dashboard(LABELLED, { generation: 2, version: '2' }), ALICE)
  ;(await watch()).list(configMap('a', ['x.json'], '2'), configMap('b', ['x.json']), configMap('c', ['x.json']))
  expect(told().slice(1)).toEqual([
    'written d/a/x.json by a@-',
    'written d/b/x.json by alice',
    'written d/c/x.json by alice',
    'synced',
  ])
})

test('a deletion that waits for its author is one still when the Dashboard is edited meanwhile', async () => {
  const { feeds, take, watch, held } = feedsAt()
  feeds.allow(CONFIGMAPS, true)
  take(dashboard(LABELLED))
  const { list, handler } = await watch()
  list(configMap('a', ['x.json']), configMap('b', ['x.json']))
  handler.onDelete(configMap('a', ['x.json']))
  take(dashboard(LABELLED, { generation: 2, version: '2' }))
  ;(await watch()).list(configMap('b', ['x.json']))
  expect(held.at(-1)?.()).toBe(true)
})

test('who may not read keeps nobody waiting, and what was read is let go without a deletion', async () => {
  const { feeds, take, told, watch } = feedsAt()
  feeds.allow(CONFIGMAPS, true)
  take(dashboard(LABELLED))
  const { list, handler } = await watch()
  list(configMap('a', ['x.json']))
  told()
  feeds.allow(CONFIGMAPS, false)
  expect(told()).toEqual(['dropped d/a/x.json'])
  handler.onObject(configMap('a', ['x.json', 'y.json'], '2'), 'live')
  expect(told()).toEqual([])
  expect([feeds.listed, feeds.current, feeds.knows(file('a/x.json'))]).toEqual([true, false, false])
  expect(feeds.stateOf('d')?.problem?.reason).toBe('Forbidden')
  expect(await feeds.isGone(file('a/x.json')).catch(String)).toBe(true)
  feeds.allow(CONFIGMAPS, true)
  ;(await watch()).list(configMap('a', ['y.json'], '3'))
  expect(told()).toEqual(['written d/a/y.json by a@-', 'synced'])
})

test('what comes with an edit of the Dashboard is of who made that, and afterwards of who wrote the ConfigMap', async () => {
  const { feeds, take, told, watch } = feedsAt()
  feeds.allow(CONFIGMAPS, true)
  take(dashboard(LABELLED), ALICE)
  const first = await watch()
  first.list(configMap('a', ['x.json']), configMap('b', ['y.json']), configMap('c', ['z.json'], '4', { dash: '2' }))
  expect(told()).toEqual(
    ['dropped d', 'written d/a/x.json by alice', 'written d/b/y.json by alice', 'synced'].with(0, 'deleted d by alice'),
  )
  first.handler.onObject(configMap('a', ['y.json'], '2'), 'live')
  expect(told()).toEqual(['written d/a/y.json by a@1', 'deleted d/a/x.json by a@1'])
  // Who adds a label has changed an object that was there.
  first.handler.onObject(configMap('c', ['z.json'], '5'), 'live')
  expect(told()).toEqual(['written d/c/z.json by c@4'])
  first.handler.onDelete(configMap('b', ['y.json'], '3'))
  expect(told()).toEqual(['deleted d/b/y.json by deletion of b'])
  // A status is no edit.
  expect(take(dashboard(LABELLED, { version: '9' }), ALICE)).toBe(true)
  await Promise.resolve()
  expect(told()).toEqual([])
  take(dashboard({ configMapRef: { ...LABELLED.configMapRef, keys: ['z*'] } }, { generation: 2 }), ALICE)
  ;(await watch()).list(configMap('a', ['y.json'], '2'), configMap('c', ['z.json'], '5'))
  expect(told().slice(1)).toEqual(['written d/c/z.json by alice', 'deleted d/a/y.json by alice', 'synced'])
})

test('what a watch has missed is not seen to be deleted', async () => {
  const { feeds, take, told, watch } = feedsAt()
  feeds.allow(CONFIGMAPS, true)
  take(dashboard(LABELLED))
  const { list, handler } = await watch()
  list(configMap('a', ['x.json']), configMap('b', ['y.json']))
  told()
  handler.onSynced({ present: new Set(['shop/b']), vanished: new Set(['shop/a']) })
  expect(told()).toEqual(['dropped d/a/x.json', 'synced'])
})

test('a Dashboard that stands for one, for many, or holds its text itself', async () => {
  const { feeds, take, told, watch } = feedsAt()
  feeds.allow(CONFIGMAPS, true)
  expect(take(dashboard({ json: '{}' }))).toBe(false)
  expect(feeds.has(file(''))).toBe(false)
  take(dashboard(NAMED, { generation: 2 }), ALICE)
  ;(await watch()).list(configMap('a', ['x.json']), configMap('b', ['x.json']))
  expect(told()).toEqual(['written d by alice', 'synced'])
  take(dashboard(LABELLED, { generation: 3 }), ALICE)
  ;(await watch()).list(configMap('a', ['x.json']))
  expect(told()).toEqual(['deleted d by alice', 'written d/a/x.json by alice', 'synced'])
  expect(take(dashboard({ json: '{}' }, { generation: 4 }), ALICE)).toBe(false)
  expect(told()).toEqual(['deleted d/a/x.json by alice'])
  expect(feeds.stateOf('d')).toBeUndefined()
})

test('with the Dashboard its files go, and a namesake elsewhere is another', async () => {
  const { feeds, take, told, watch } = feedsAt()
  feeds.allow(CONFIGMAPS, true)
  take(dashboard(LABELLED))
  ;(await watch()).list(configMap('a', ['x.json']))
  told()
  feeds.end('Dashboard.gitsync.dev/other/d', dashboard(LABELLED))
  expect(feeds.seenBefore('ConfigMap/shop/d')).toBeUndefined()
  expect(told()).toEqual([])
  feeds.end('Dashboard.gitsync.dev/shop/d', dashboard(LABELLED))
  expect(told()).toEqual(['deleted d/a/x.json by deletion of d'])
})

test('a file is gone only when its source says so just now', async () => {
  const world = feedsAt({ dashboard: dashboard(LABELLED), objects: { a: configMap('a', ['x.json']) } })
  const { feeds, take, watch, live } = world
  feeds.allow(CONFIGMAPS, true)
  take(dashboard(LABELLED))
  ;(await watch()).list()
  const isGone = (key: string): Promise<unknown> => feeds.isGone(file(key)).catch((error: Error) => error.message)
  expect(await isGone('a/x.json')).toBe(false)
  expect(await isGone('a/y.json')).toBe(true)
  expect(await isGone('b/x.json')).toBe(true)
  live.objects = { a: configMap('a', ['x.json'], '2', { dash: '2' }), b: 'down' }
  expect(await isGone('a/x.json')).toBe(true)
  expect(await isGone('b/x.json')).toContain('cannot read ConfigMap shop/b')
  // It stands for many: a file of its own is of another time, and no other proof is needed.
  expect(await isGone('')).toBe(true)
  // What it says now has not been taken in, or it names another GitSync.
  live.dashboard = dashboard(LABELLED, { generation: 2 })
  expect(await isGone('a/x.json')).toBe(false)
  live.dashboard = dashboard({ json: '{}' }, { sync: 'other', generation: 3 })
  expect(await isGone('a/x.json')).toBe(false)
  live.dashboard = dashboard({ json: '{}' }, { generation: 3 })
  expect(await isGone('a/x.json')).toBe(true)
  expect(await isGone('')).toBe(false)
  live.dashboard = dashboard({}, { generation: 4 })
  expect(await isGone('a/x.json')).toBe(false)
  delete live.dashboard
  expect(await isGone('a/x.json')).toBe(true)
})

test('a ConfigMap that is named and missing proves nothing', async () => {
  const { feeds, take, told, watch } = feedsAt({ dashboard: dashboard(NAMED) })
  feeds.allow(CONFIGMAPS, true)
  take(dashboard(NAMED))
  const { list, handler } = await watch()
  list()
  expect(feeds.stateOf('d')?.problem?.message).toContain('ConfigMap a does not exist in namespace shop')
  expect(await feeds.isGone(file(''))).toBe(false)
  handler.onObject(configMap('a', ['b.json', 'a.json']), 'live')
  expect(feeds.stateOf('d')?.problem?.message).toContain('has no key x.json, but a.json, b.json; the file stays')
  handler.onObject(configMap('a', ['x.json'], '2'), 'live')
  expect(feeds.stateOf('d')?.problem).toBeUndefined()
  expect(told()).toEqual(['dropped d', 'synced', 'written d by a@1'])
})

test('many Dashboards share a list, and only one is read at a time', async () => {
  const { feeds, pool, told } = feedsAt()
  feeds.allow(CONFIGMAPS, true)
  const named = (name: string): KubernetesObject => {
    const { metadata, ...rest } = dashboard(NAMED)
    return { ...rest, metadata: { ...metadata, name } }
  }
  const take = (name: string): boolean => feeds.take(named(name), { seen: {}, made: undefined, isAwaited: false })
  for (let i = 0; i < 100; i++) take(`d${i}`)
  await Promise.resolve()
  expect(pool.handlers).toHaveLength(1)
  for (let i = 100; i < 200; i++) take(`d${i}`)
  await Promise.resolve()
  expect(pool.handlers).toHaveLength(1)
  const sync = (at: number): void => {
    pool.handlers[at]?.onObject(configMap('a', ['x.json']), 'initial')
    pool.handlers[at]?.onSynced({ present: new Set(['shop/a']), vanished: new Set() })
  }
  sync(0)
  expect(told()).toHaveLength(200)
  await Promise.resolve()
  expect(pool.handlers).toHaveLength(2)
  sync(1)
  expect(told()).toHaveLength(200)
  pool.handlers[0]?.onObject(configMap('b', ['x.json']), 'live')
  expect(told()).toEqual([])
})

test('a name that somebody has written into Git asks nothing that is no question', async () => {
  const { feeds, take, watch } = feedsAt({ dashboard: dashboard(LABELLED) })
  feeds.allow(CONFIGMAPS, true)
  take(dashboard(LABELLED))
  ;(await watch()).list()
  for (const key of ['../x', '/x', 'a%2e/x', '\ud800/x', `${'a'.repeat(2000)}/x`, 'x'])
    expect(await feeds.isGone(file(key)), key).toBe(false)
  for (const name of ['/x', '../x/y', '%/x/y']) {
    const identity = dashboardIdentity('shop', name)
    expect([feeds.has(identity), await feeds.isGone(identity)], name).toEqual([true, false])
  }
  expect(feeds.has(dashboardIdentity('other', 'd/a/x.json'))).toBe(false)
  expect(feeds.has({ group: '', kind: 'ConfigMap', namespace: 'shop', name: 'd/a' })).toBe(false)
})

/** A Grafana with these dashboards at its top, which is asked at once. */
function grafanaOf(uids: string[]): GrafanaPort & { readonly looked: () => Promise<void> } {
  let running: Promise<void> = Promise.resolve()
  const clock = manualClock(0)
  const grafana: Partial<Grafana> = {
    dashboards: async () => uids.map((uid) => ({ uid, folder: '', folderTitle: '', tags: [] })),
    foldersIn: async () => [],
    placeOf: async (uid) => (uids.includes(uid) ? { folder: '', tags: [] } : undefined),
  }
  return {
    clock,
    random: () => 0.5,
    open: async () => grafana as Grafana,
    doubt: () => undefined,
    poll: (_, work) => new Poll({ clock, work, enqueue: (step) => void (running = step()) }),
    looked: async () => await running,
  }
}
const IN_GRAFANA = { grafana: { url: 'https://grafana.example.com', secretRef: { name: 'grafana' }, all: true } }

test('what a Grafana has is followed, and nobody waits for it', async () => {
  const uids = ['a', 'b']
  const grafanas = grafanaOf(uids)
  const { feeds, take, told } = feedsAt({ dashboard: dashboard(IN_GRAFANA) }, grafanas)
  expect(take(dashboard(IN_GRAFANA), ALICE, true)).toBe(true)
  expect([feeds.listed, feeds.current, feeds.knows(file('a')), feeds.needs()]).toEqual([true, false, false, []])
  expect(told()).toEqual(['deleted d by alice'])
  await grafanas.looked()
  expect(told()).toEqual([
    'followed d/a in  by alice',
    'followed d/b in  by alice',
    'synced',
    'looked d/a',
    'looked d/b',
  ])
  expect([feeds.current, feeds.knows(file('a'))]).toEqual([true, true])
  expect(feeds.stateOf('d')).toMatchObject({ isMany: true, isSynced: true, problem: undefined })
  expect(await Promise.all(['a', 'z'].map((uid) => feeds.isGone(file(uid))))).toEqual([false, true])
  uids.shift()
  feeds.lookNow()
  await grafanas.looked()
  expect(told()).toEqual(['deleted d/a by nobody', 'looked d/b'])
})

test('what the first list of another wish leaves out is judged, since a list may be older than what it lists', async () => {
  const uids = ['a', 'b']
  const grafanas = grafanaOf(uids)
  const { take, told } = feedsAt({}, grafanas)
  take(dashboard(IN_GRAFANA))
  await grafanas.looked()
  told()
  uids.shift()
  take(dashboard({ grafana: { ...IN_GRAFANA.grafana, interval: '5m' } }, { generation: 2 }), ALICE)
  await grafanas.looked()
  expect(told().slice(1)).toEqual(['followed d/b in  by alice', 'dropped d/a', 'synced', 'looked d/b'])
})

test('commands of people, which ask no Grafana, take none of its files for gone', async () => {
  const { feeds, take, told } = feedsAt({ dashboard: dashboard(IN_GRAFANA) })
  expect(take(dashboard(IN_GRAFANA))).toBe(false)
  expect(await Promise.all(['a', ''].map((uid) => feeds.isGone(file(uid))))).toEqual([false, true])
  expect(told()).toEqual([])
})
