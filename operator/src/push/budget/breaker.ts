export interface BreakerOptions {
  /** Failures in a row after which it opens. */
  readonly failures: number
  /** Milliseconds for which it stays open the first time; doubles each time that the probe fails … */
  readonly openMs: number
  /** … up to this. */
  readonly maxOpenMs: number
}

const DEFAULTS: BreakerOptions = { failures: 5, openMs: 2_000, maxOpenMs: 30_000 }

/**
 * Spares a host that does not answer: after some failures in a row nothing is sent for a while, then one probe, and
 * everything again once that was answered. Moments are milliseconds of one clock.
 */
export class Breaker {
  readonly #options: BreakerOptions
  #failures = 0
  #openings = 0
  #openUntil: number | undefined
  #isProbing = false
  #lastProblem = ''

  constructor(options: Partial<BreakerOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options }
  }

  /** `open`: nothing goes. `half-open`: one probe may go, or is on its way. */
  state(now: number): 'closed' | 'open' | 'half-open' {
    if (this.#openUntil === undefined) return 'closed'
    return now < this.#openUntil && !this.#isProbing ? 'open' : 'half-open'
  }

  /** What the host did last instead of answering. */
  get lastProblem(): string {
    return this.#lastProblem
  }

  /** Until when nothing is sent; undefined when it is not open. */
  get openUntil(): number | undefined {
    return this.#openUntil
  }

  /** Whether one more may go now; in the half-open state it is the probe, of which the end has to be told. */
  tryEnter(now: number): boolean {
    const state = this.state(now)
    if (state === 'closed') return true
    if (state === 'open' || this.#isProbing) return false
    this.#isProbing = true
    return true
  }

  /** The probe has ended without a request. */
  withdrawn(): void {
    this.#isProbing = false
  }

  /** The host has answered. @returns whether it was open */
  answered(): boolean {
    const wasOpen = this.#openUntil !== undefined
    this.#failures = 0
    this.#openings = 0
    this.#openUntil = undefined
    this.#isProbing = false
    return wasOpen
  }

  /** @returns whether it opens with this */
  failed(problem: string, now: number): boolean {
    this.#failures++
    this.#lastProblem = problem
    const { failures, openMs, maxOpenMs } = this.#options
    const isProbe = this.#isProbing
    // Answers to what was sent before it opened say nothing new.
    if (this.#openUntil !== undefined && !isProbe) return false
    if (!isProbe && this.#failures < failures) return false
    this.#isProbing = false
    this.#openUntil = now + Math.min(maxOpenMs, openMs * 2 ** this.#openings)
    this.#openings++
    return true
  }
}
