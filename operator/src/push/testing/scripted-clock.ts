import type { Clock } from '../../time/clock.ts'

interface Timer {
  readonly due: number
  readonly run: () => void
}

/** A clock that stands still until it is told to go on. */
export class ScriptedClock implements Clock {
  #now: number
  readonly #timers = new Set<Timer>()

  constructor(start = Date.parse('2026-01-01T00:00:00Z')) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const timer = { due: this.#now + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets time pass. Before each timer that falls due, and at the end, waits for what the ones before have begun. */
  async pass(ms: number, idle: () => Promise<void>): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await idle()
      const [next] = [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.due)
      next.run()
    }
    this.#now = end
  }
}
