import { expect, test } from 'vitest'
import type { DashboardSpec, GrafanaSource } from '../../api/dashboard.ts'
import { ForgeError } from '../../forge/forge-error.ts'
import type { DashboardVersion, GrafanaVersions, SavedDashboard } from '../../grafana/grafana.ts'
import { pageOf, readSourceTrailers } from '../../grafana/source-trailer.ts'
import { identityKey } from '../../objects/object.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { contentId } from '../../push/member.ts'
import { SILENCE } from '../../push/testing/world.ts'
import type { World } from '../../push/testing/world.ts'
import { useWorlds } from '../../push/testing/worlds.ts'
import { dashboardIdentity } from '../known-resources.ts'
import { DashboardHistory } from './dashboard-history.ts'
import { followedBy } from './followed-dashboard.ts'
import { Pauses } from './pauses.ts'
import type { FollowedDashboard } from './followed-dashboard.ts'

const worlds = useWorlds()

const SOURCE = {
  url: 'https://grafana.example.com',
  secretRef: { name: 'grafana' },
  uid: 'checkout',
  schema: 'Classic',
  history: 'Full',
  interval: '1m',
} as const satisfies GrafanaSource
const PAGE = pageOf(SOURCE)
/** Who wrote the Dashboard. */
const GRACE = { name: 'Grace', email: 'grace@example.com' }

/** A Grafana that a test writes. */
class Shelf implements GrafanaVersions {
  versionsNow: SavedDashboard[] = []
  others = true
  failure: ForgeError | undefined
  asked = 0
  #time = Date.parse('2026-01-01T00:00:00Z')

  save(title: string, more: Partial<SavedDashboard> = {}): SavedDashboard {
    this.#time += 60_000
    const version = (this.versionsNow.at(-1)?.version ?? 0) + 1
    const text = JSON.stringify({ title, uid: 'checkout', revision: this.#time })
    const saved = { version, savedAt: this.#time, by: 'ada', message: `${title} ${version}`, text, ...more }
    this.versionsNow.push(saved)
    return saved
  }

  async newest(): Promise<DashboardVersion> {
    this.#ask()
    const newest = this.versionsNow.at(-1)
    if (newest === undefined) throw new ForgeError('NotFound', 'was answered 404')
    return newest
  }
  async *versions(): AsyncGenerator<DashboardVersion> {
    this.#ask()
    yield* this.versionsNow.toReversed()
  }
  async saved(_uid: string, { version }: DashboardVersion): Promise<SavedDashboard> {
    this.#ask()
    const found = this.versionsNow.find((saved) => saved.version === version)
    if (found === undefined) throw new ForgeError('ServerError', 'was answered 500')
    return found
  }
  async showsAny(): Promise<boolean> {
    return this.others
  }
  #ask(): void {
    this.asked++
    if (this.failure !== undefined) throw this.failure
  }
}

async function start(shelf: Shelf) {
  const world = await worlds.create()
  const tenant = world.tenant('a', { isOpaque: true })
  // The Dashboard itself is there all the time.
  tenant.served = false
  await world.idle()
  let status: object | undefined
  const followed = (source: Partial<GrafanaSource>, fields: Partial<DashboardSpec> = {}): FollowedDashboard => {
    const object: KubernetesObject = {
      apiVersion: 'gitsync.dev/v1alpha1',
      kind: 'Dashboard',
      metadata: { name: 'checkout', namespace: 'shop', resourceVersion: '1' },
      spec: { syncRef: { name: 'sync' }, source: { grafana: { ...SOURCE, ...source } }, ...fields },
      status,
    }
    const found = followedBy(object, { author: GRACE })
    if (found === undefined) throw new TypeError('it follows nothing')
    return found
  }
  const begin = (source: Partial<GrafanaSource> = {}, fields: Partial<DashboardSpec> = {}): DashboardHistory =>
    new DashboardHistory(followed(source, fields), {
      identity: dashboardIdentity('shop', 'checkout'),
      member: tenant.member,
      pauses: new Pauses(() => 0.5),
      open: async () => shelf,
      inGit: async (page) => await inGit(world, page),
      nameLogin: (login) => ({ person: { name: login, email: `${login}@example.com` }, by: login }),
    })
  /** One look at Grafana, and what follows from it. */
  const look = async (history: DashboardHistory): Promise<void> => {
    for (let wait: number | undefined; wait === undefined;) {
      wait = await history.step()
      await world.pass(0)
    }
  }
  const keepStatus = (history: DashboardHistory): void => {
    const { oid, title } = tenant.member.desired.ofObject(history.key) ?? {}
    status = { ...history.state.source, oid, title }
  }
  const restart = async (): Promise<void> => {
    world.restart()
    await world.idle()
  }
  return { world, tenant, followed, begin, look, keepStatus, restart }
}

async function inGit(world: World, page: string): Promise<DashboardVersion | undefined> {
  for (const { body } of await world.log()) {
    const found = readSourceTrailers(body).get(page)
    if (found !== undefined) return found
  }
  return undefined
}
const subjects = async (world: World): Promise<string[]> => (await world.log()).map(({ subject }) => subject).reverse()

test('a restart costs one request, also where it was killed before it could say how far it was', async () => {
  const shelf = new Shelf()
  for (const title of ['A', 'B', 'A']) shelf.save(title)
  const { world, begin, look, keepStatus, restart } = await start(shelf)
  const history = begin()
  await look(history)
  expect(await subjects(world)).toEqual(['A 1', 'B 2', 'A 3'])
  keepStatus(history)
  await restart()
  shelf.asked = 0
  const again = begin()
  await look(again)
  expect(shelf.asked).toBe(1)
  expect(again.state).toMatchObject({ isInStep: true, problem: undefined, source: { sourceVersion: 3 } })
  shelf.save('C')
  await look(again)
  // The status knows nothing of the fourth.
  await restart()
  const third = begin()
  await look(third)
  shelf.save('D')
  await look(third)
  expect(await subjects(world)).toEqual(['A 1', 'B 2', 'A 3', 'C 4', 'D 5'])
  expect(Object.keys(await world.folder('a'))).toEqual(['dashboards/d.json'])
})

test('made anew, gone back, pruned: what follows is written once, and what is missing is said', async () => {
  const shelf = new Shelf()
  for (const title of ['A', 'B']) shelf.save(title)
  const { world, begin, look } = await start(shelf)
  const history = begin()
  await look(history)
  expect(history.state.note).toBeUndefined()
  // Deleted, and made again with the same uid, while nobody looked.
  shelf.versionsNow = []
  for (const title of ['New', 'Newer']) shelf.save(title)
  await look(history)
  expect(history.state.note?.message).toBe(
    'the dashboard was made anew after version 2, and what it was before is not known',
  )
  for (let i = 0; i < 4; i++) shelf.save('More')
  shelf.versionsNow.splice(0, 4)
  await look(history)
  expect(history.state.note?.message).toContain('versions 3 to 4 are not in Grafana any more')
  expect(await subjects(world)).toEqual(['A 1', 'B 2', 'New 1', 'Newer 2', 'More 5', 'More 6'])
  // A backup is put back.
  shelf.versionsNow.pop()
  await look(history)
  await world.pass(SILENCE)
  expect(history.state.note?.message).toContain('Grafana has gone back to version 5')
  expect((await subjects(world)).slice(6)).toEqual(['Update Dashboard shop/checkout'])
  // The person who wrote the Dashboard has put nothing back.
  expect((await world.log())[0]).toMatchObject({ author: expect.not.stringContaining('Grace') })
  const missing = (await world.log()).map(({ body }) => /^Gitsync-Missing: .*$/m.exec(body)?.[0]).filter(Boolean)
  expect(missing).toHaveLength(2)
})

test('where the first request for a version fails, the history begins now all the same', async () => {
  const shelf = new Shelf()
  for (const title of ['A', 'B', 'C']) shelf.save(title)
  const { world, begin, look } = await start(shelf)
  const history = begin({ history: 'FromNow' })
  const saved = shelf.saved.bind(shelf)
  shelf.saved = async () => {
    throw new ForgeError('Network', 'no answer')
  }
  expect(await history.step()).toBeGreaterThan(0)
  shelf.saved = saved
  await look(history)
  expect(await subjects(world)).toEqual(['C 3'])
})

test('a version that an earlier clock has dated is the next one all the same', async () => {
  const shelf = new Shelf()
  const { savedAt } = shelf.save('A')
  const { world, begin, look } = await start(shelf)
  const history = begin()
  await look(history)
  shelf.save('B', { savedAt: savedAt - 60_000 })
  await look(history)
  expect(history.state.note).toBeUndefined()
  expect(await subjects(world)).toEqual(['A 1', 'B 2'])
})

test('a version that cannot be a file is left out and named, and the next one goes on', async () => {
  const shelf = new Shelf()
  shelf.save('A')
  shelf.save('B', { text: '{"panels": []}' })
  const { world, begin, look } = await start(shelf)
  const history = begin()
  await look(history)
  expect(history.state.problem).toMatchObject({
    reason: 'InvalidDashboard',
    message: 'version 2: it is no dashboard: title is missing, or is not a text',
  })
  shelf.save('C')
  await look(history)
  expect(history.state.problem).toBeUndefined()
  expect(history.state.note?.message).toContain('version 2: it is no dashboard')
  expect(await subjects(world)).toEqual(['A 1', 'C 3'])
})

test('a version that the Dashboard kept from being a file is one when the Dashboard is mended', async () => {
  const shelf = new Shelf()
  shelf.save('A', { text: '{"title": "A", "__inputs": {}}' })
  const { world, followed, begin, look } = await start(shelf)
  const datasources = [{ uid: 'there', input: 'DS_PROMETHEUS', pluginId: 'prometheus' }]
  const history = begin({}, { datasources })
  await look(history)
  expect(history.state.problem?.reason).toBe('InvalidDashboard')
  history.update(followed({}))
  await look(history)
  await world.pass(SILENCE)
  expect(history.state.problem).toBeUndefined()
  expect(Object.keys(await world.folder('a'))).toEqual(['dashboards/a.json'])
})

test('one whose path another wants waits, and asks Grafana no more until it is free', async () => {
  const shelf = new Shelf()
  shelf.save('A')
  const { world, tenant, begin, look } = await start(shelf)
  const { objects } = tenant.member
  const identity = dashboardIdentity('shop', 'other')
  const bytes = Buffer.from('{}\n')
  const other = { key: identityKey(identity), identity, oid: contentId(bytes), isOpaque: true }
  objects.set({ ...other, path: 'dashboards/a.json' }, bytes, {})
  const history = begin()
  expect(await history.step()).toBeUndefined()
  expect([history.mayGoOn, history.state.problem?.reason]).toEqual([false, 'PathConflict'])
  await world.pass(SILENCE)
  objects.set({ ...other, path: 'dashboards/b.json' }, bytes, {})
  expect(history.mayGoOn).toBe(true)
  await world.pass(SILENCE)
  await look(history)
  expect((await subjects(world)).at(-1)).toBe('A 1')
  expect(history.state).toMatchObject({ isInStep: true, problem: undefined })
})

test('only a Grafana that had it and shows others proves that it is gone', async () => {
  const shelf = new Shelf()
  shelf.save('A')
  const { tenant, begin, look } = await start(shelf)
  const history = begin()
  await look(history)
  for (const code of ['Unauthorized', 'Forbidden', 'ServerError', 'Network', 'RateLimited'] as const) {
    shelf.failure = new ForgeError(code, 'no', { waitMs: 7_000_000 })
    expect(await history.step()).toBeGreaterThanOrEqual(7_000_000)
    expect(history.isGone).toBe(false)
  }
  shelf.failure = undefined
  const before = shelf.versionsNow.splice(0)
  shelf.others = false
  await history.step()
  expect([history.isGone, history.state.problem?.message]).toEqual([
    false,
    expect.stringContaining('and no other: its file stays'),
  ])
  expect(tenant.member.desired.ofObject(history.key)).toBeDefined()
  // Another Grafana never had it.
  const other = begin({ url: 'https://other.example.com' })
  shelf.others = true
  await other.step()
  expect([other.isGone, other.state.problem?.reason]).toEqual([false, 'NotInGrafana'])
  await history.step()
  expect(history.isGone).toBe(true)
  expect(tenant.member.desired.ofObject(history.key)).toBeUndefined()
  // Out of Grafana's trash, just as it was.
  shelf.versionsNow = before
  await history.step()
  expect(history.isGone).toBe(false)
  expect(tenant.member.desired.ofObject(history.key)).toMatchObject({ path: 'dashboards/a.json' })
})

test('what is in Git of another Grafana is no version of this one', async () => {
  const shelf = new Shelf()
  for (const title of ['A', 'B', 'C']) shelf.save(title)
  const { world, begin, look, keepStatus, restart } = await start(shelf)
  const history = begin()
  await look(history)
  keepStatus(history)
  await restart()
  const other = begin({ url: 'https://other.example.com', history: 'FromNow' })
  shelf.save('D')
  await look(other)
  expect(await subjects(world)).toEqual(['A 1', 'B 2', 'C 3', 'D 4'])
  expect(await inGit(world, PAGE)).toMatchObject({ version: 3 })
  expect(await inGit(world, 'https://other.example.com/d/checkout')).toMatchObject({ version: 4 })
  expect(Object.keys(await world.folder('a'))).toEqual(['dashboards/d.json'])
})
