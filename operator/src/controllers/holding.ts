import type { Clock } from '../time/clock.ts'

export interface HeldChange {
  /** Whether everything is known that is waited for. Asked when nothing before it is held any more. */
  readonly isKnown: () => boolean
  readonly run: () => void
}

export interface HoldingOptions {
  readonly clock: Clock
  /** Milliseconds that something is held at most. */
  readonly graceMs: number
  /** What was thrown when something went on later than it was offered. */
  readonly onError: (error: unknown) => void
  /** Pieces held at most; beyond it the oldest goes on. Default 1,000 */
  readonly max?: number
}

interface Waiting extends HeldChange {
  readonly key: string
  readonly deadline: number
}

/** Holds back what happened to objects until it is known who did it; what happened to one object stays in order. */
export class Holding {
  readonly #options: HoldingOptions
  /** In the order in which it came, so by deadline too. */
  #waiting: Waiting[] = []
  #cancel: (() => void) | undefined

  constructor(options: HoldingOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#waiting.length
  }

  offer(key: string, held: HeldChange): void {
    const { clock, graceMs, max = 1000 } = this.#options
    const isBehind = this.#waiting.some((other) => other.key === key)
    if (!isBehind && held.isKnown()) return held.run()
    this.#waiting.push({ ...held, key, deadline: clock.now() + graceMs })
    const oldest = this.#waiting.length > max ? this.#waiting.shift() : undefined
    if (this.#waiting.length === 1 || oldest !== undefined) this.#schedule()
    if (oldest !== undefined) this.#attempt(oldest.run)
  }

  /** Something has become known. */
  look(): void {
    if (this.#waiting.length > 0) this.#release(this.#options.clock.now())
  }

  /** Everything goes on, whatever is known: what comes next is about all objects. */
  flush(): void {
    this.#release(Number.POSITIVE_INFINITY)
  }

  close(): void {
    this.#waiting = []
    this.#cancel?.()
  }

  /** @param now what has waited until then goes on, whatever is known; milliseconds since the epoch */
  #release(now: number): void {
    const all = this.#waiting
    this.#waiting = []
    const left: Waiting[] = []
    const blocked = new Set<string>()
    for (const held of all) {
      if (held.deadline <= now || (!blocked.has(held.key) && held.isKnown())) this.#attempt(held.run)
      else {
        blocked.add(held.key)
        left.push(held)
      }
    }
    // What has run may have brought more.
    this.#waiting = [...left, ...this.#waiting]
    this.#schedule()
  }

  #schedule(): void {
    const { clock } = this.#options
    this.#cancel?.()
    const [first] = this.#waiting
    this.#cancel = first && clock.after(Math.max(0, first.deadline - clock.now()), () => this.look())
  }

  /** One that fails holds up nobody else. */
  #attempt(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#options.onError(error)
    }
  }
}
