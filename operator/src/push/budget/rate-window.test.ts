import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GRANT_MS, RateWindow } from './rate-window.ts'

const MINUTE = 60_000

/** The most that a host counts in any 60 seconds without their end. */
function mostInAMinute(arrivals: readonly number[]): number {
  const sorted = [...arrivals].sort((a, b) => a - b)
  let most = 0
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while ((sorted[last] as number) - (sorted[first] as number) >= MINUTE) first++
    most = Math.max(most, last - first + 1)
  }
  return most
}

const rates = fc.record({ perMinute: fc.integer({ min: 1, max: 90 }), burst: fc.integer({ min: 0, max: 20 }) })
/** Pauses before a request is wanted, how long it takes to arrive, and from there to its answer. */
const wishes = fc.array(
  fc.record({
    pause: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90_000 })),
    // Some take longer than a minute to arrive.
    arrives: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 100_000 })),
    answered: fc.integer({ min: 0, max: 5_000 }),
  }),
  { minLength: 1, maxLength: 150 },
)

interface Wish {
  readonly pause: number
  readonly arrives: number
  readonly answered: number
}

/** Sends as early as the window allows. @returns when requests arrived, and when the last was granted */
function send(window: RateWindow, list: readonly Wish[], start: number): { arrivals: number[]; end: number } {
  let now = start
  const arrivals: number[] = []
  const open: { at: number; close: () => void }[] = []
  const closeUntil = (time: number): void => {
    for (const one of open.filter(({ at }) => at <= time).sort((a, b) => a.at - b.at)) {
      one.close()
      open.splice(open.indexOf(one), 1)
    }
  }
  for (const { pause, arrives, answered } of list) {
    now += pause
    closeUntil(now)
    for (let at = window.nextAt(now); at > now; at = window.nextAt(now)) {
      // What depends on an answer waits for the next one.
      now = Number.isFinite(at) ? at : Math.min(...open.map((one) => one.at))
      closeUntil(now)
    }
    const grant = window.grant(now)
    arrivals.push(now + arrives)
    const at = now + arrives + answered
    open.push({ at, close: () => grant.answered(at) })
  }
  return { arrivals, end: now }
}

test('a host never counts more than perMinute and burst in any minute, however late requests arrive', () => {
  fc.assert(
    fc.property(rates, wishes, (rate, list) => {
      const { arrivals } = send(new RateWindow(rate, 0), list, 0)
      expect(mostInAMinute(arrivals)).toBeLessThanOrEqual(rate.perMinute + rate.burst)
    }),
    { numRuns: 300 },
  )
})

test('nor across a restart at any moment, when requests arrive within the time that a grant holds', () => {
  const prompt = wishes.map((list) =>
    list.map(({ pause, arrives, answered }) => ({ pause, arrives: arrives % GRANT_MS, answered: answered % 100 })),
  )
  fc.assert(
    fc.property(rates, prompt, prompt, fc.integer({ min: 0, max: 10_000 }), (rate, before, after, down) => {
      const first = send(new RateWindow(rate, -1_000_000), before, 0)
      const start = first.end + down
      const second = send(new RateWindow(rate, start), after, start)
      expect(mostInAMinute([...first.arrivals, ...second.arrivals])).toBeLessThanOrEqual(rate.perMinute + rate.burst)
    }),
    { numRuns: 300 },
  )
})

test('what is allowed is used: whoever always has something to send sends perMinute in a minute', () => {
  fc.assert(
    fc.property(rates, (rate) => {
      const list = Array.from({ length: rate.perMinute * 3 }, () => ({ pause: 0, arrives: 10, answered: 10 }))
      const { end } = send(new RateWindow(rate, -1_000_000), list, 0)
      // The first burst is free; a place is taken for a little longer than a minute.
      expect(end).toBeLessThanOrEqual(3 * (MINUTE + 20))
    }),
  )
})

test('burst 0 means evenly: one after the other, at once after no pause', () => {
  const window = new RateWindow({ perMinute: 60, burst: 0 }, 0)
  expect(window.nextAt(0)).toBe(GRANT_MS + 1_000)
  expect(window.available(0)).toBe(0)
  expect(window.available(100_000)).toBe(1)
  window.grant(100_000).answered(100_010)
  expect(window.nextAt(100_010)).toBe(101_000)
})

test('a burst goes at once after a pause, and is regained slowly', () => {
  const window = new RateWindow({ perMinute: 60, burst: 4 }, 0)
  const now = 100_000
  expect(window.available(now)).toBe(5)
  for (let i = 0; i < 5; i++) {
    expect(window.nextAt(now)).toBe(now)
    window.grant(now).answered(now)
  }
  expect(window.nextAt(now)).toBe(now + 1_000)
  expect(window.available(now + 2_500)).toBe(2)
})

test('what was never sent takes no place', () => {
  const window = new RateWindow({ perMinute: 1, burst: 0 }, -1_000_000)
  window.grant(0).withdrawn()
  expect(window.nextAt(60_000)).toBe(60_000)
  const grant = window.grant(60_000)
  expect(window.nextAt(200_000)).toBe(Number.POSITIVE_INFINITY)
  grant.answered(200_000)
  grant.withdrawn()
  expect(window.nextAt(200_000)).toBe(260_000)
})

test('a clock that is set back by a day stops nothing for long', () => {
  const window = new RateWindow({ perMinute: 60, burst: 0 }, 0)
  const day = 86_400_000
  for (let i = 0; i < 60; i++) window.grant(day + i * 1_000).answered(day + i * 1_000)
  expect(window.nextAt(0)).toBeLessThanOrEqual(MINUTE)
})
