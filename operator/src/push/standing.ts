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
  /** As they were when they were last looked at, by whatever process; the newest last. */
  readonly pullRequests?: readonly PullRequestStatus[] | undefined
}

/** Requests that are over and that are still told of. */
const MAX_OVER = 10
/** The same with those that people have closed, while what they proposed is still open. */
const MAX_REFUSED = 100

/** How a member stands with its branch: what of it is there, and what is in the way. */
export class Standing {
  readonly #onReport: () => void
  /** By branch; the one that changed last is the last. */
  readonly #pullRequests: Map<string, PullRequestStatus>
  #lastCommit: Commit | undefined
  #observedCommit: string | undefined
  #attempted: Commit | undefined
  #failure: PushFailure | undefined
  #awaitsReview = false
  #missing: string | undefined
  #rewrittenAt: number | undefined
  #delayed: MemberStatus['delayed']

  /** @param onReport called when it is another one */
  constructor(before: StandingBefore, onReport: () => void) {
    this.#lastCommit = before.lastCommit
    this.#observedCommit = before.observedCommit
    this.#pullRequests = new Map(before.pullRequests?.map((request) => [request.branch, request]))
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

  /** A commit that must be in the branch's history and is not there. */
  get missing(): string | undefined {
    return this.#missing
  }

  /** Why the last attempt did not bring everything into Git. */
  get failure(): PushFailure | undefined {
    return this.#failure
  }

  /** The last attempt did not fail, and nothing is left to be done for a review. */
  get isWell(): boolean {
    return this.#failure === undefined && !this.#awaitsReview
  }

  /** The last request for a review of a branch that is written. */
  pullRequest(branch: string): PullRequestStatus | undefined {
    return this.#pullRequests.get(branch)
  }

  /** Of several branches; the one that changed last is the last. */
  get pullRequests(): readonly PullRequestStatus[] {
    return [...this.#pullRequests.values()]
  }

  /** People have closed a request, and what it proposed is still not in the base. */
  get isRefused(): boolean {
    return this.pullRequests.some(({ isRefused }) => isRefused === true)
  }

  /** How it is with the request of a branch. */
  tell(request: PullRequestStatus): void {
    const before = this.#pullRequests.get(request.branch)
    if (JSON.stringify(request) === JSON.stringify(before)) return
    this.#pullRequests.delete(request.branch)
    this.#pullRequests.set(request.branch, request)
    const over = this.pullRequests.filter(({ state, isRefused }) => state !== 'Open' && isRefused !== true)
    for (const { branch } of over.slice(0, -MAX_OVER)) this.#pullRequests.delete(branch)
    const refused = this.pullRequests.filter(({ state }) => state !== 'Open')
    for (const { branch } of refused.slice(0, -MAX_REFUSED)) this.#pullRequests.delete(branch)
    this.#onReport()
  }

  /** Changes have waited for their turn at the host for longer than `maxLatency`; undefined when they do not any more. */
  set delayed(delayed: MemberStatus['delayed']) {
    if (delayed === this.#delayed) return
    this.#delayed = delayed
    this.#onReport()
  }

  /**
   * The branch's history has been looked through.
   * @param commit that must be in it and is not there; undefined where nothing is missing, or somebody has accepted that
   * @param since when another one was found missing before, milliseconds since the epoch
   */
  misses(commit: string | undefined, since?: number): void {
    this.#missing = commit
    if (since !== undefined) this.#rewrittenAt = since
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
  ): Pick<
    MemberStatus,
    'pullRequests' | 'lastCommit' | 'observedCommit' | 'failure' | 'retryAt' | 'delayed' | 'rewrittenAt'
  > {
    return {
      pullRequests: this.pullRequests,
      rewrittenAt: this.#rewrittenAt,
      ...(this.#lastCommit === undefined ? {} : { lastCommit: this.#lastCommit }),
      ...(this.#observedCommit === undefined ? {} : { observedCommit: this.#observedCommit }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure, retryAt }),
      ...(this.#delayed === undefined ? {} : { delayed: this.#delayed }),
    }
  }
}
