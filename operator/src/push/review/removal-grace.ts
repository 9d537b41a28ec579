import type { PullRequest } from '../../forge/forge.ts'
import type { Clock } from '../../time/clock.ts'

/** A host may take so long until it has done what follows from the removal of a branch, in milliseconds. */
const GRACE_MS = 30_000

/**
 * Why a request is closed that was opened right after its branch had been removed and made again: a host that learns of
 * the removal from a queue, as Gitea does, closes what it finds by then for a branch of that name. Once for each removal.
 */
export class RemovalGrace {
  readonly #clock: Clock
  #removedAt: number | undefined
  /** The one that the host may still close, and until when. */
  #exposed: { readonly number: number; readonly until: number } | undefined
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The branch has been removed from here. */
  removed(): void {
    this.#removedAt = this.#clock.now()
  }

  /**
   * A request has been opened for it.
   * @param look called when the host has had the time to close it
   */
  opened({ number }: PullRequest, look: () => void): void {
    const since = this.#removedAt
    this.#removedAt = undefined
    if (since === undefined || this.#clock.now() - since >= GRACE_MS) return
    this.#exposed = { number, until: this.#clock.now() + GRACE_MS }
    this.stop()
    this.#cancel = this.#clock.after(GRACE_MS, look)
  }

  /** Whether it was the host that closed it, and nobody's no. @param request as the host shows it now */
  explains({ number, state }: PullRequest): boolean {
    const { number: exposed, until = 0 } = this.#exposed ?? {}
    if (exposed !== number) return false
    if (state === 'Open' && this.#clock.now() < until) return false
    this.#exposed = undefined
    return state === 'Closed'
  }

  stop(): void {
    this.#cancel?.()
  }
}
