import { expect, test } from 'vitest'
import { KubeError } from './errors.ts'
import { Lease } from './lease.ts'
import type { LeaseOptions } from './lease.ts'
import { defaultIdentity, defaultLeaseName } from './lease-defaults.ts'
import { createLeaseStore, pass } from './testing/lease-store.ts'
import type { LeaseStore } from './testing/lease-store.ts'
import { manualClock } from './testing/manual-clock.ts'
import type { ManualClock } from './testing/manual-clock.ts'

function world() {
  const clock = manualClock(Date.parse('2026-01-01T00:00:00Z'))
  const store = createLeaseStore(clock)
  return {
    clock,
    store,
    elector: (identity: string, more?: Partial<LeaseOptions>) => elector(clock, store, identity, more),
  }
}

function elector(clock: ManualClock, store: LeaseStore, identity: string, more: Partial<LeaseOptions> = {}) {
  const told: string[] = []
  const lease = new Lease({
    client: store.client(),
    namespace: 'system',
    name: 'operator',
    identity,
    clock,
    monotonic: () => clock.now() - 1_000_000,
    random: () => 0.5,
    events: {
      standby: (holder) => told.push(`standby ${holder}`),
      failing: (error) => told.push(`failing ${(error as KubeError).code}`),
      lapsed: () => told.push('lapsed'),
      recovered: () => told.push('recovered'),
      lost: (error) => told.push(`lost: ${error.message}`),
    },
    ...more,
  })
  return { lease, told }
}

/** `first` holds the lease, and `second` stands by. */
async function rivals() {
  const { clock, store, elector } = world()
  const [first, second] = [elector('a'), elector('b')]
  void first.lease.acquire()
  await pass(clock, 1_000)
  const acquired = second.lease.acquire()
  await pass(clock, 5_000)
  return { clock, store, first, second, acquired }
}

const spec = (store: LeaseStore) => store.object?.['spec'] as Record<string, unknown>

test('the first one creates the lease and renews it every two seconds with one request', async () => {
  const { clock, store, elector } = world()
  const { lease, told } = elector('a')
  expect(lease.held()).toBe(false)
  const acquired = lease.acquire()
  await pass(clock, 100)
  expect(await acquired).toBe(true)
  expect(lease.held()).toBe(true)
  expect(store.object).toMatchObject({
    kind: 'Lease',
    metadata: { name: 'operator', namespace: 'system' },
    spec: {
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: '2026-01-01T00:00:00.100000Z',
    },
  })
  await pass(clock, 60_000)
  expect(store.requests.slice(0, 2)).toEqual(['get', 'create'])
  expect(new Set(store.requests.slice(2))).toEqual(new Set(['replace']))
  expect(store.requests.length).toBeGreaterThan(28)
  expect(spec(store)).toMatchObject({ acquireTime: '2026-01-01T00:00:00.100000Z' })
  expect(Date.parse(String(spec(store)['renewTime']))).toBeGreaterThan(clock.now() - 2_500)
  expect(told).toEqual([])
  await lease.stop(false)
})

test('a second one stands by, says so once, and takes over 15 s after the last renewal', async () => {
  const { clock, store, first, second, acquired } = await rivals()
  await pass(clock, 25_000)
  expect(second.lease.held()).toBe(false)
  expect(second.lease.holder).toBe('a')
  expect(second.told).toEqual(['standby a'])
  await first.lease.stop(false)
  const died = clock.now()
  let took = 0
  await pass(clock, 20_000, () => {
    if (took === 0 && second.lease.held()) took = clock.now() - died
  })
  expect(await acquired).toBe(true)
  expect(took).toBeGreaterThan(12_900)
  expect(took).toBeLessThan(17_500)
  expect(spec(store)).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
  expect(second.told).toEqual(['standby a'])
  await second.lease.stop(false)
})

test('a standby learns where the holder is reached, and believes that of no other one', async () => {
  const { clock, store, elector } = world()
  const [first, second] = [elector('a'), elector('b')]
  void first.lease.acquire({ webhook: '10.0.0.1:9443' })
  await pass(clock, 100)
  void second.lease.acquire()
  await pass(clock, 5_000)
  expect(second.lease.holderAddresses).toEqual({ webhook: '10.0.0.1:9443' })
  await first.lease.stop(true)
  await pass(clock, 5_000)
  // It has none, and those of its predecessor stay in the object.
  expect(store.object?.metadata.annotations).toBeDefined()
  expect(second.lease.held()).toBe(true)
  expect(second.lease.holderAddresses).toEqual({})
  await second.lease.stop(false)
})

test.each([
  '',
  'null',
  '{"holder":"a","addresses":[1]}',
  '{',
  `{"holder":"a","x":"${'x'.repeat(1024)}","addresses":{"w":"a"}}`,
])('an annotation that is none says nothing: %s', async (text) => {
  const { clock, store, elector } = world()
  store.write({ holderIdentity: 'a' })
  const annotations = { 'gitsync.dev/holder-addresses': text }
  store.object = { ...store.object, metadata: { ...store.object?.metadata, annotations } } as never
  const { lease } = elector('b')
  void lease.acquire()
  await pass(clock, 100)
  expect(lease.holder).toBe('a')
  expect(lease.holderAddresses).toEqual({})
  await lease.stop(false)
})

test("nobody's clock is compared with another's: only a change of the record counts", async () => {
  const { clock, store, elector } = world()
  // By our wall clock this holder has been gone for a century.
  store.write({ holderIdentity: 'x', leaseDurationSeconds: 15, renewTime: '1926-01-01T00:00:00.000000Z' })
  const { lease } = elector('a')
  void lease.acquire()
  for (let round = 0; round < 10; round++) {
    await pass(clock, 10_000)
    expect(lease.held()).toBe(false)
    store.write({ ...spec(store), renewTime: `1926-01-01T00:00:0${round}.000000Z` })
  }
  await pass(clock, 17_500)
  expect(lease.held()).toBe(true)
  await lease.stop(false)
})

test('a record with a longer duration is waited for', async () => {
  const { clock, store, elector } = world()
  store.write({ holderIdentity: 'x', leaseDurationSeconds: 60 })
  const { lease } = elector('a')
  void lease.acquire()
  await pass(clock, 60_000)
  expect(lease.held()).toBe(false)
  await pass(clock, 2_500)
  expect(lease.held()).toBe(true)
  await lease.stop(false)
})

test('a lease that is given back needs no waiting for, and its record says nobody', async () => {
  const { clock, store, first, second } = await rivals()
  await Promise.all([first.lease.stop(true), pass(clock, 100)])
  expect(first.lease.held()).toBe(false)
  expect(spec(store)).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 })
  await pass(clock, 2_400)
  expect(second.lease.held()).toBe(true)
  await second.lease.stop(false)
})

test('a process that starts with the identity of the holder takes the lease back at once', async () => {
  const { clock, store, elector } = world()
  store.write({ holderIdentity: 'pod_1', leaseDurationSeconds: 15, leaseTransitions: 4 })
  const { lease } = elector('pod_1')
  void lease.acquire()
  await pass(clock, 100)
  expect(lease.held()).toBe(true)
  expect(spec(store)).toMatchObject({ holderIdentity: 'pod_1', leaseTransitions: 5 })
  await lease.stop(false)
})

test('of two that run with one identity the first gives way, and says why', async () => {
  const { clock, elector } = world()
  const first = elector('same')
  void first.lease.acquire()
  await pass(clock, 5_000)
  const second = elector('same')
  void second.lease.acquire()
  await pass(clock, 5_000)
  expect([first.lease.held(), second.lease.held()]).toEqual([false, true])
  expect(first.told).toEqual([expect.stringContaining('give each its own --identity')])
  await second.lease.stop(false)
})

test('unrenewed for 10 s it is not held; renewed again, it goes on in the same term', async () => {
  const { clock, store, elector } = world()
  const { lease, told } = elector('a')
  void lease.acquire()
  await pass(clock, 100)
  store.refusal = new KubeError('Unavailable', 'replace: 503')
  const from = clock.now()
  let until = 0
  await pass(clock, 60_000, () => {
    if (until === 0 && !lease.held()) until = clock.now() - from
  })
  expect(until).toBeGreaterThan(9_800)
  expect(until).toBeLessThanOrEqual(10_000)
  expect(told).toEqual(['failing Unavailable', 'lapsed'])
  store.refusal = undefined
  await pass(clock, 2_500)
  expect(lease.held()).toBe(true)
  expect(told).toEqual(['failing Unavailable', 'lapsed', 'recovered'])
  expect(spec(store)).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 })
  await lease.stop(false)
})

test('an answer that comes after the deadline is told as an interruption, even if no request failed', async () => {
  const { clock, store } = world()
  let back = 0
  const { lease, told } = elector(clock, store, 'a', { client: store.client(() => ({ there: 0, back })) })
  void lease.acquire()
  await pass(clock, 100)
  back = 9_000
  await pass(clock, 10_500)
  expect(lease.held()).toBe(false)
  back = 0
  await pass(clock, 5_000)
  expect(lease.held()).toBe(true)
  expect(told).toContain('recovered')
  await lease.stop(false)
})

test('as soon as somebody else is seen to hold it, it is lost', async () => {
  const { clock, store, elector } = world()
  const { lease, told } = elector('a')
  void lease.acquire()
  await pass(clock, 100)
  store.write({ ...spec(store), holderIdentity: 'thief' })
  await pass(clock, 2_500)
  expect(lease.held()).toBe(false)
  expect(told).toEqual(['lost: lease system/operator is held by thief now, and was held by this process (a)'])
  const before = store.requests.length
  await pass(clock, 30_000)
  expect(store.requests).toHaveLength(before)
  await lease.stop(true)
  expect(spec(store)['holderIdentity']).toBe('thief')
})

test("somebody's label on the lease costs a conflict, and nothing else", async () => {
  const { clock, store, elector } = world()
  const { lease, told } = elector('a')
  void lease.acquire()
  await pass(clock, 100)
  if (store.object === undefined) throw new Error('no lease')
  store.object = { ...store.object, metadata: { ...store.object.metadata, labels: { seen: 'yes' } } }
  store.write(spec(store))
  await pass(clock, 2_500)
  expect(store.requests.slice(-3)).toEqual(['replace', 'get', 'replace'])
  expect(store.object?.metadata.labels).toEqual({ seen: 'yes' })
  expect([lease.held(), told]).toEqual([true, []])
  await lease.stop(false)
})

test('a lease that is deleted comes back to its holder, not to who stands by', async () => {
  const { clock, store, first, second } = await rivals()
  store.object = undefined
  await pass(clock, 10_000, () => expect(second.lease.held()).toBe(false))
  expect([first.lease.held(), spec(store)['holderIdentity']]).toEqual([true, 'a'])
  await first.lease.stop(false)
  await second.lease.stop(false)
})

test.each([
  [
    new KubeError('Forbidden', 'get: 403', { details: 'leases is forbidden' }),
    'Forbidden',
    /leases is forbidden.*Role in namespace system.*verbs: \[get, create, update\]/,
  ],
  [new KubeError('NotServed', 'get: 404'), 'NotServed', /404/],
  [new KubeError('Unauthorized', 'get: 401'), 'Unauthorized', /401/],
])('what only people can mend ends the waiting: %s', async (refusal, code, message) => {
  const { clock, store, elector } = world()
  store.refusal = refusal
  const acquired = elector('a').lease.acquire()
  const failure = expect(acquired).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  await pass(clock, 100)
  await failure
})

test('a namespace that does not exist is named', async () => {
  const { clock, store, elector } = world()
  const client = {
    ...store.client(),
    create: () => Promise.reject(new KubeError('NotFound', 'create: 404', { status: 404 })),
  }
  const acquired = elector('a', { client }).lease.acquire()
  const failure = expect(acquired).rejects.toMatchObject({
    code: 'NotFound',
    message: expect.stringContaining(
      'there is no namespace system; create it, or name another one with --lease-namespace',
    ),
  })
  await pass(clock, 100)
  await failure
})

test('a server that is away is waited for, and complained of once', async () => {
  const { clock, store, elector } = world()
  store.refusal = new KubeError('Network', 'get: ECONNREFUSED')
  const { lease, told } = elector('a')
  const acquired = lease.acquire()
  await pass(clock, 60_000)
  expect(told).toEqual(['failing Network'])
  store.refusal = undefined
  await pass(clock, 2_500)
  expect(await acquired).toBe(true)
  await lease.stop(false)
})

test('stopped while it stands by, it never holds', async () => {
  const { clock, store, elector } = world()
  store.write({ holderIdentity: 'x', leaseDurationSeconds: 15 })
  const { lease } = elector('a')
  const acquired = lease.acquire()
  await pass(clock, 5_000)
  await lease.stop(true)
  expect(await acquired).toBe(false)
  await pass(clock, 60_000)
  expect(spec(store)['holderIdentity']).toBe('x')
  expect(clock.pending).toBe(0)
})

test('operators of the same namespaces share a lease, in whatever order they are named', () => {
  expect(defaultLeaseName(undefined)).toBe('gitsync-operator')
  expect(defaultLeaseName(['b', 'a', 'a'])).toBe(defaultLeaseName(['a', 'b']))
  expect(defaultLeaseName(['a'])).toMatch(/^gitsync-operator-[0-9a-f]{10}$/)
  expect(new Set([undefined, ['a'], ['b'], ['a', 'b']].map(defaultLeaseName)).size).toBe(4)
})

test('the identity is the Pod and its process, else the host and its process', () => {
  expect(defaultIdentity({ HOSTNAME: 'pod-x' }, 'host', 1)).toBe('pod-x_1')
  expect(defaultIdentity({}, 'host', 7)).toBe('host_7')
})
