import { AsyncLocalStorage } from 'node:async_hooks'
import { GRANT_MS } from './rate-window.ts'
import type { Grant } from './rate-window.ts'

/** A push may begin. */
export interface Turn {
  /** Requests that are sent within belong to this push, and go before pushes that have not begun. */
  run<T>(work: () => Promise<T>): Promise<T>
  /** Must be called once the push is over. */
  end(): void
}

export interface OwnTurnOptions {
  /** A request that is granted with the turn, so that nobody plans a push that cannot begin. */
  readonly prepaid: Grant | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Whether the host is tried out with it. */
  readonly isProbe: boolean
  /** Called once. */
  readonly onEnd: (turn: OwnTurn) => void
}

const current = new AsyncLocalStorage<OwnTurn>()

/** The turn of the push to which a request belongs that is sent from here. */
export const currentTurn = (): OwnTurn | undefined => current.getStore()

/** A turn as the budget that gave it sees it. */
export class OwnTurn implements Turn {
  /** Whether nothing has come yet of what tries the host out. */
  isProbe: boolean
  #requests = 0
  #prepaid: Grant | undefined
  readonly #since: number
  readonly #onEnd: OwnTurnOptions['onEnd']
  #isOver = false

  constructor({ prepaid, now, isProbe, onEnd }: OwnTurnOptions) {
    this.isProbe = isProbe
    this.#prepaid = prepaid
    this.#since = now
    this.#onEnd = onEnd
  }

  /** Requests that were sent within. */
  get requests(): number {
    return this.#requests
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return current.run(this, work)
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#prepaid?.withdrawn()
    this.#onEnd(this)
  }

  /** Whether the next request was granted with the turn. */
  isPaid(now: number): boolean {
    return this.#prepaid !== undefined && now - this.#since <= GRANT_MS
  }

  /** One request is sent. @returns what was granted for it with the turn */
  spend(now: number): Grant | undefined {
    this.#requests++
    const prepaid = this.#prepaid
    const isPaid = this.isPaid(now)
    this.#prepaid = undefined
    if (isPaid) return prepaid
    prepaid?.withdrawn()
    return undefined
  }
}
