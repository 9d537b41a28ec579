/** Requests that a host allows. */
export interface Rate {
  /** Requests in a minute, evenly spaced. */
  readonly perMinute: number
  /** Requests that may follow at once where there was a pause before. */
  readonly burst: number
}

const MINUTE_MS = 60_000

/**
 * How long a request may be on its way from the moment it was granted until it has arrived, in milliseconds, for the
 * bound to hold across a restart too. What was granted longer ago and has not been sent is given back.
 */
export const GRANT_MS = 5_000

/** One request that was granted. */
export interface Grant {
  /** It was answered, or given up: at this moment it had arrived if it ever did. */
  answered(now: number): void
  /** It was never sent: its place is free, its moment is gone. */
  withdrawn(): void
}

/**
 * Lets requests pass so that a host counts at most `perMinute + burst` in any 60 seconds (each without its end), whatever
 * the network does, and also across a restart that nobody told the host of:
 *
 * - A request takes a place until 60 seconds after it was answered. It arrived at some moment between, so whatever 60
 *   seconds the host looks at, all that it counts there held a place when the last of them was granted.
 * - Requests are spaced evenly but for `burst` of them (the generic cell rate algorithm, ITU-T I.371), and the first one
 *   after the start has to wait as if the whole burst had just been used: what the process before may have sent is paid for.
 *
 * Moments are milliseconds of one clock, given by the caller. A clock that is set back makes nothing wait for longer than
 * what the bound can ask for.
 */
export class RateWindow {
  #rate: Rate
  /** When the next request would be due if there was no burst. */
  #due: number
  #unanswered = 0
  /** When requests were answered, the oldest first; only what lies within a minute. */
  #answered: number[] = []

  /** @param startedAt of the process */
  constructor(rate: Rate, startedAt: number) {
    this.#rate = rate
    this.#due = startedAt + GRANT_MS + this.#space + this.#slack
  }

  get rate(): Rate {
    return this.#rate
  }

  /** A new rate counts from now on; what was sent under the old one is still counted. */
  set rate(rate: Rate) {
    this.#rate = rate
  }

  get #limit(): number {
    return this.#rate.perMinute + this.#rate.burst
  }

  get #space(): number {
    return MINUTE_MS / this.#rate.perMinute
  }

  get #slack(): number {
    return this.#rate.burst * this.#space
  }

  /** Requests that could be granted now, one after the other. */
  available(now: number): number {
    this.#forget(now)
    const places = this.#limit - this.#unanswered - this.#answered.length
    const spaced = now < this.#due - this.#slack ? 0 : Math.floor((now - this.#due + this.#slack) / this.#space) + 1
    return Math.max(0, Math.min(places, spaced, this.#rate.burst + 1))
  }

  /** When a request can be granted at the earliest; Infinity when that depends on an answer that has not come. */
  nextAt(now: number): number {
    this.#forget(now)
    const spaced = Math.max(now, this.#due - this.#slack)
    const over = this.#unanswered + this.#answered.length - this.#limit
    if (over < 0) return spaced
    const leaving = this.#answered[over]
    return leaving === undefined ? Number.POSITIVE_INFINITY : Math.max(spaced, leaving + MINUTE_MS)
  }

  /** Only where {@link nextAt} is not in the future. */
  grant(now: number): Grant {
    this.#due = Math.max(this.#due, now) + this.#space
    this.#unanswered++
    let isOpen = true
    const close = (): boolean => {
      if (!isOpen) return false
      isOpen = false
      this.#unanswered--
      return true
    }
    return {
      answered: (at) => {
        if (close()) this.#answered.push(at)
      },
      withdrawn: () => void close(),
    }
  }

  #forget(now: number): void {
    // A clock that was set back: nothing can have been answered later than now.
    const last = this.#answered.at(-1)
    if (last !== undefined && last > now) this.#answered = this.#answered.map((at) => Math.min(at, now))
    this.#due = Math.min(this.#due, now + GRANT_MS + this.#space + this.#slack)
    const first = this.#answered.findIndex((at) => at > now - MINUTE_MS)
    if (first === -1) this.#answered = []
    else if (first > 0) this.#answered.splice(0, first)
  }
}
