import type { Clock } from '../../time/clock.ts'

export interface ManualClock extends Clock {
  /** Lets time pass; what falls due runs in order. */
  advance(ms: number): void
  /** Timers that have not run. */
  readonly pending: number
}

export function manualClock(start = 1_000_000): ManualClock {
  let now = start
  let timers: { readonly due: number; readonly run: () => void }[] = []
  return {
    now: () => now,
    after(ms, run) {
      const timer = { due: now + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const next = timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0]
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        now = Math.max(now, next.due)
        next.run()
      }
      now = end
    },
    get pending() {
      return timers.length
    },
  }
}
