import type { Clock } from '../time/clock.ts'

interface Recent<T> {
  readonly until: number
  readonly answer: Promise<T>
}

/** Answers that do for a while for whoever asks the same. What is asked about others may choose: none is kept for longer. */
export class RecentAnswers<T> {
  readonly #clock: Clock
  readonly #freshMs: number
  readonly #max: number
  /** Oldest first. */
  readonly #recent = new Map<string, Recent<T>>()

  /**
   * @param freshMs for so long an answer does, from the question on
   * @param max answers that are kept; the oldest go. Default: all that are fresh
   */
  constructor(clock: Clock, freshMs: number, max = Number.POSITIVE_INFINITY) {
    this.#clock = clock
    this.#freshMs = freshMs
    this.#max = max
  }

  get size(): number {
    return this.#recent.size
  }

  /** @param ask whose answer is not kept where it fails */
  of(key: string, ask: () => Promise<T>): Promise<T> {
    const now = this.#clock.now()
    for (const [old, { until }] of this.#recent) {
      if (until > now) break
      this.#recent.delete(old)
    }
    const known = this.#recent.get(key)
    if (known !== undefined) return known.answer
    const asked: Recent<T> = { until: now + this.#freshMs, answer: ask() }
    this.#recent.set(key, asked)
    const [oldest] = this.#recent.keys()
    if (this.#recent.size > this.#max && oldest !== undefined) this.#recent.delete(oldest)
    asked.answer.catch(() => {
      if (this.#recent.get(key) === asked) this.#recent.delete(key)
    })
    return asked.answer
  }
}
