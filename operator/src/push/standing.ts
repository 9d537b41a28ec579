import type { PushFailure } from './failure.ts'
import type { MemberStatus } from './member-status.ts'
import type { PullRequestStatus } from './review/review-settings.ts'

/** A commit of one's own. */
type Commit = NonNullable<MemberStatus['lastCommit']>

/** What was known of a member when it began: what its status said. */
export interface StandingBefore {
  readonly lastCommit?: Commit | undefined
  /** Tip of the branch when this GitSync was last known to be in step with it. */
  readonly observedCommit?: string | undefined
  /** As it was when it was last looked at, by whatever process. */
  readonly pullRequest?: PullRequestStatus | undefined
}

/** How a member stands with its branch: what of it is there, and what is in the way. */
export class Standing {
  readonly #onReport: () => void
  #lastCommit: Commit | undefined
  #observedCommit: string | undefined
  #pullRequest: PullRequestStatus | undefined
  #attempted: Commit | undefined
  #failure: PushFailure | undefined
  #awaitsReview = false
  #delayed: MemberStatus['delayed']

  /** @param onReport called when it is another one */
  constructor(before: StandingBefore, onReport: () => void) {
    this.#lastCommit = before.lastCommit
    this.#observedCommit = before.observedCommit
    this.#pullRequest = before.pullRequest
    this.#onReport = onReport
  }

  /** This GitSync's own newest commit. */
  get lastCommit(): Commit | undefined {
    return this.#lastCommit
  }

  /** Tip of the branch when this GitSync was last in step with it. */
  get observedCommit(): string | undefined {
    return this.#observedCommit
  }

  /** Why the last attempt did not bring everything into Git. */
  get failure(): PushFailure | undefined {
    return this.#failure
  }

  /** The last attempt did not fail, and nothing is left to be done for a review. */
  get isWell(): boolean {
    return this.#failure === undefined && !this.#awaitsReview
  }

  /** The last request for a review of what is written. */
  get pullRequest(): PullRequestStatus | undefined {
    return this.#pullRequest
  }

  set pullRequest(request: PullRequestStatus | undefined) {
    if (JSON.stringify(request) === JSON.stringify(this.#pullRequest)) return
    this.#pullRequest = request
    this.#onReport()
  }

  /** Changes have waited for their turn at the host for longer than `maxLatency`; undefined when they do not any more. */
  set delayed(delayed: MemberStatus['delayed']) {
    if (delayed === this.#delayed) return
    this.#delayed = delayed
    this.#onReport()
  }

  /** A commit is about to be sent; it counts when the branch turns out to be there, also where no answer came. */
  attempted(commit: Commit): void {
    this.#attempted = commit
  }

  /** A commit is in Git. */
  committed(commit: Commit): void {
    this.#lastCommit = commit
  }

  /**
   * Everything is in Git, and the branch is there.
   * @param how.isReviewed that is half of it: the request has to be in step, too
   */
  reached(tip: string | null, { isReviewed }: { readonly isReviewed: boolean }): void {
    if (tip !== null && this.#attempted?.sha === tip) this.#lastCommit = this.#attempted
    this.#observedCommit = tip ?? undefined
    if (isReviewed) this.#awaitsReview = true
    else this.#failure = undefined
    this.#onReport()
  }

  /** The request is in step with the branch. */
  reviewed(): void {
    if (!this.#awaitsReview) return
    this.#failure = undefined
    this.#awaitsReview = false
    this.#onReport()
  }

  failed(failure: PushFailure): void {
    this.#failure = failure
    this.#awaitsReview = false
    this.#onReport()
  }

  /** @param retryAt when a failure is tried again, milliseconds since the epoch */
  describe(
    retryAt: number,
  ): Pick<MemberStatus, 'pullRequest' | 'lastCommit' | 'observedCommit' | 'failure' | 'retryAt' | 'delayed'> {
    return {
      ...(this.#pullRequest === undefined ? {} : { pullRequest: this.#pullRequest }),
      ...(this.#lastCommit === undefined ? {} : { lastCommit: this.#lastCommit }),
      ...(this.#observedCommit === undefined ? {} : { observedCommit: this.#observedCommit }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure, retryAt }),
      ...(this.#delayed === undefined ? {} : { delayed: this.#delayed }),
    }
  }
}
