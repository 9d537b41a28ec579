import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lease } from './lease.ts'
import { createLeaseStore, pass } from './testing/lease-store.ts'
import type { Trip } from './testing/lease-store.ts'
import { manualClock } from './testing/manual-clock.ts'

const quiet = { standby() {}, failing() {}, lapsed() {}, recovered() {}, lost() {} }
const delay = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 2, arbitrary: fc.integer({ min: 300, max: 30_000 }) },
)
const trip: fc.Arbitrary<Trip> = fc.record({
  there: delay,
  back: delay,
  lost: fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom('request' as const, 'answer' as const) },
  ),
})
const who = fc.nat({ max: 2 })
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 100, max: 20_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), who, keepsIdentity: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('isolate' as const), who, isCutOff: fc.boolean() }) },
)

test('whatever is slow, lost or killed, never do two hold the lease; and when all is well again, one does', async () => {
  let held = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(trip, { minLength: 3, maxLength: 60 }),
      fc.array(step, { minLength: 3, maxLength: 12 }),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      async (trips, steps, randoms) => {
        const clock = manualClock()
        const store = createLeaseStore(clock)
        let next = 0
        let isCalm = false
        const nextTrip = (): Trip => (isCalm ? undefined : trips[next++ % trips.length]) ?? { there: 10, back: 10 }
        const cutOff = new Set<string>()
        let serial = 0
        const start = (identity = `process-${serial++}`) => {
          const skew = serial * 977_123
          const lease = new Lease({
            client: store.client(() =>
              !isCalm && cutOff.has(identity) ? { there: 0, back: 900, lost: 'request' } : nextTrip(),
            ),
            namespace: 'system',
            name: 'operator',
            identity,
            clock: { now: () => clock.now() + skew, after: (ms, run) => clock.after(ms, run) },
            monotonic: () => clock.now() - skew,
            random: () => randoms.next().value as number,
            events: quiet,
          })
          void lease.acquire()
          return { lease, identity }
        }
        const living = [start(), start(), start()]
        const leaving: typeof living = []
        const check = (): void => {
          const holders = [...living, ...leaving].filter(({ lease }) => lease.held()).map(({ identity }) => identity)
          if (holders.length > 1) throw new Error(`held by ${holders.join(' and ')}`)
          held += holders.length
        }
        const ending: Promise<void>[] = []
        for (const each of steps) {
          if (each.do === 'pass') {
            await pass(clock, each.ms, check)
            continue
          }
          const old = living[each.who]
          if (old === undefined) continue
          if (each.do === 'isolate') {
            if (each.isCutOff) cutOff.add(old.identity)
            else cutOff.delete(old.identity)
            continue
          }
          if (each.do === 'stop') {
            leaving.push(old)
            ending.push(old.lease.stop(true).catch(() => undefined))
          }
          // What a killed process has sent still arrives.
          else ending.push(old.lease.stop(false))
          living[each.who] = start(each.do === 'kill' && each.keepsIdentity ? old.identity : undefined)
          check()
        }
        isCalm = true
        await pass(clock, 130_000, check)
        expect(living.filter(({ lease }) => lease.held())).toHaveLength(1)
        ending.push(...living.map(({ lease }) => lease.stop(false)))
        await pass(clock, 2_000)
        await Promise.all(ending)
      },
    ),
    { numRuns: 300 },
  )
  expect(held).toBeGreaterThan(0)
})
