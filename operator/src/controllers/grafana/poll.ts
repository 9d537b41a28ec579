import type { Clock } from '../../time/clock.ts'

export interface PollOptions {
  readonly clock: Clock
  /** Runs a piece of work when it is its turn; never, where that is not possible any more. */
  readonly enqueue: (work: () => Promise<void>) => void
  /** @returns when it is due again, in milliseconds, Infinity: when somebody says so; undefined: when what it waits for may be there */
  readonly work: () => Promise<number | undefined>
}

/** Work that is done again and again, never twice at once. */
export class Poll {
  readonly #options: PollOptions
  #cancel: (() => void) | undefined
  #isRunning = false
  #isWaiting = false
  /** It was asked for while it ran. */
  #again = false
  #isClosed = false

  constructor(options: PollOptions) {
    this.#options = options
  }

  /** What it waits for is looked for. */
  get isWaiting(): boolean {
    return this.#isWaiting
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** It is due now. */
  run(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#isWaiting = false
    this.#again = this.#isRunning
    if (this.#isRunning || this.#isClosed) return
    this.#isRunning = true
    this.#options.enqueue(() => this.#work())
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  async #work(): Promise<void> {
    if (this.#isClosed) return
    this.#again = false
    const waitMs = await this.#options.work()
    this.#isRunning = false
    // What it tells may have closed it.
    if (this.isClosed) return
    if (this.#again) this.run()
    else if (waitMs === undefined) this.#isWaiting = true
    else if (Number.isFinite(waitMs)) this.#cancel = this.#options.clock.after(waitMs, () => this.run())
  }
}
