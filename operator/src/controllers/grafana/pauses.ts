import { parseDuration } from '../../api/duration.ts'
import { isForgeError } from '../../forge/forge-error.ts'
import { backoffMs } from '../../time/backoff.ts'

/** After a look that failed, in milliseconds; the longest is the interval of the Dashboard, and at least this. */
const BACKOFF = { baseMs: 5_000, maxMs: 60_000 }

/** When a Grafana is asked again. */
export class Pauses {
  readonly #random: () => number
  #failures = 0

  /** @param random as `Math.random` */
  constructor(random: () => number) {
    this.#random = random
  }

  /** The last look failed. */
  get isFailing(): boolean {
    return this.#failures > 0
  }

  /** What it was asked has come. @param interval of the Dashboard. @returns milliseconds */
  answered(interval: string): number {
    this.#failures = 0
    // Many that began together are not to ask together for good.
    return parseDuration(interval) * (0.9 + this.#random() * 0.2)
  }

  /** As {@link Pauses.answered}, of what has not come. It waits at least for as long as it was asked to. */
  failed(interval: string, error: unknown): number {
    const askedFor = isForgeError(error) ? (error.waitMs ?? 0) : 0
    const maxMs = Math.max(parseDuration(interval), BACKOFF.maxMs)
    return Math.max(askedFor, backoffMs(++this.#failures, { ...BACKOFF, maxMs }, this.#random))
  }
}
