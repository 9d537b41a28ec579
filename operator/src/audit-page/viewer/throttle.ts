import { LRUCache } from 'lru-cache'
import type { Clock } from '../../time/clock.ts'

/** Failures that are counted together, in milliseconds. */
const WINDOW_MS = 60_000
const PER_ADDRESS = 20
/** Of all addresses: each failure is a question to the API server. */
const IN_ALL = 200
const MAX_ADDRESSES = 10_000

/** Slows down those that try tokens. Whoever has a session goes on. */
export class Throttle {
  readonly #clock: Clock
  readonly #failures: LRUCache<string, number[]>

  constructor(clock: Clock) {
    this.#clock = clock
    this.#failures = new LRUCache({ max: MAX_ADDRESSES })
  }

  /** Seconds that an address has to wait; 0 where it may try. */
  waitOf(address: string): number {
    return Math.max(this.#wait(address, PER_ADDRESS), this.#wait('', IN_ALL))
  }

  failed(address: string): void {
    for (const key of [address, '']) this.#failures.set(key, [...this.#recent(key), this.#clock.now()].slice(-IN_ALL))
  }

  #wait(key: string, most: number): number {
    const recent = this.#recent(key)
    const first = recent.at(-most)
    return first === undefined ? 0 : Math.max(1, Math.ceil((first + WINDOW_MS - this.#clock.now()) / 1000))
  }

  #recent(key: string): number[] {
    const since = this.#clock.now() - WINDOW_MS
    return (this.#failures.get(key) ?? []).filter((at) => at > since)
  }
}
