import type { Clock } from '../time/clock.ts'

export interface Held {
  /** Whether everything is known that is waited for. Asked when nothing before it is held any more. */
  readonly isKnown: () => boolean
  readonly run: () => void
}

export interface HoldingOptions {
  readonly clock: Clock
  /** Milliseconds that something is held at most. */
  readonly graceMs: number
  /** Pieces held at most; beyond it the oldest goes on. Default 1,000 */
  readonly max?: number
}

interface Waiting extends Held {
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

  offer(key: string, held: Held): void {
    const { clock, graceMs, max = 1000 } = this.#options
    this.#waiting.push({ ...held, key, deadline: clock.now() + graceMs })
    this.#release(this.#waiting.length - max)
  }

  /** Something has become known. */
  look(): void {
    this.#release(0)
  }

  /** Everything goes on, whatever is known: what comes next is about all objects. */
  flush(): void {
    this.#release(this.#waiting.length)
  }

  close(): void {
    this.#waiting = []
    this.#cancel?.()
  }

  /** @param surplus so many of the oldest go on, whatever is known */
  #release(surplus: number): void {
    const { clock } = this.#options
    const now = clock.now()
    const all = this.#waiting
    this.#waiting = []
    const left: Waiting[] = []
    const blocked = new Set<string>()
    const errors: unknown[] = []
    for (const [index, held] of all.entries()) {
      const isDue = held.deadline <= now || index < surplus
      if (isDue || (!blocked.has(held.key) && held.isKnown())) attempt(held.run, errors)
      else {
        blocked.add(held.key)
        left.push(held)
      }
    }
    // What has run may have brought more.
    this.#waiting = [...left, ...this.#waiting]
    this.#cancel?.()
    const [first] = this.#waiting
    this.#cancel = first && clock.after(Math.max(0, first.deadline - now), () => this.look())
    if (errors.length > 0) throw errors[0]
  }
}

/** One that fails holds up nobody else. */
function attempt(run: () => void, errors: unknown[]): void {
  try {
    run()
  } catch (error) {
    errors.push(error)
  }
}
