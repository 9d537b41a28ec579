import type { Clock } from '../../time/clock.ts'

/** A host may take so long until it knows of a merge that Git has already, in milliseconds. */
const GRACE_MS = 5_000

/**
 * Why a head proposes nothing any more: the cluster went back, or the base has got everything. In the second case the host
 * shows the request as merged, a moment later.
 */
export class MergeGrace {
  readonly #clock: Clock
  /** Where the base was when something was last proposed to it. */
  #proposedTo: string | undefined
  /** Since when nothing is proposed, while the host shows the request as open. */
  #emptySince: number | undefined
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Something is proposed to the base at this commit. */
  proposed(base: string): void {
    this.#proposedTo = base
    this.#emptySince = undefined
  }

  /** Whether the base is where it was when something was proposed: then it is the cluster that went back. */
  hasStayed(base: string): boolean {
    return this.#proposedTo === base
  }

  /**
   * Whether the host has had the time to tell of a merge.
   * @param lookAgain called once it has
   */
  isOver(lookAgain: () => void): boolean {
    const now = this.#clock.now()
    const since = (this.#emptySince ??= now)
    if (now - since >= GRACE_MS) return true
    this.stop()
    this.#cancel = this.#clock.after(GRACE_MS, lookAgain)
    return false
  }

  /** The request is no longer open. */
  ended(): void {
    this.#emptySince = undefined
  }

  stop(): void {
    this.#cancel?.()
  }
}
