import type { Edit, PushOutcome, Snapshot } from '@gitsync/protocol'
import type { Clock } from '../../time/clock.ts'
import type { Head } from '../head.ts'
import type { Staged } from '../stage.ts'
import type { HostRequestOptions } from './host-request.ts'
import type { ReviewRound } from './review-round.ts'

/** One push. */
export interface OutgoingPush {
  readonly edit: Edit
  readonly pushOptions: readonly string[]
  /** Whether the ref is looked at where no answer came. Default true; what appears at another ref cannot be. */
  readonly verify?: boolean
  /** It is left out where one before it was rejected: what it takes away is nowhere else then. */
  readonly follows?: boolean
}

/** What is sent for the commits that were staged. */
export interface Outgoing {
  /** One after the other. */
  readonly pushes: readonly OutgoingPush[]
  /** Shows everything that is written afterwards, when it is run dry. */
  readonly whole: Edit
  /** Ids under which a member's commits are sent. Default: they are sent as they were staged. */
  readonly sentAs?: (staged: Staged) => readonly string[]
}

/** Keeps requests in step with what is written. Every method throws PushFailure, or GitError as every request. */
export interface Review {
  /** Looks at what is not the head: the base, and the request. @returns the head as it is then */
  prepare(round: ReviewRound): Promise<Snapshot>
  /** Whether the head may come into being. */
  admits(round: ReviewRound, staged: readonly Staged[]): Promise<boolean>
  /** What is to be sent. @param edit holds the commits that were staged */
  outgoing(round: ReviewRound, edit: Edit, staged: readonly Staged[]): Promise<Outgoing>
  /** Tells what the server has said of a push. @returns the head as it is now */
  sent(round: ReviewRound, outcome: PushOutcome): Snapshot
  /** Whether a push that was refused may be made once more, since what is sent will be another. */
  mayRepeat(error: unknown): boolean
  /** Whether the base has this at a path of the repository. @param oid content id; null for nothing */
  isInBase(path: string, oid: string | null): boolean
  /** Tells of commits that are in the head. */
  committed(staged: readonly Staged[]): void
  /** Brings the request in step with the head. @returns whether the head was removed */
  settle(round: ReviewRound): Promise<boolean>
  stop(): void
}

/** Begins one. Its head is by default the branch itself. */
export type OpenReview = (options: HostRequestOptions & { readonly clock: Clock }) => {
  readonly head?: Head
  readonly review: Review
}
