import type { Edit, PushOutcome, Snapshot } from '@gitsync/protocol'
import type { Staged } from '../stage.ts'
import type { ReviewRound } from './review-round.ts'

/** What is sent for the commits that were staged. */
export interface Outgoing {
  readonly edit: Edit
  readonly pushOptions: readonly string[]
  /** What was staged is in this one commit. Default: it is sent as it was staged. */
  readonly squashed?: string
}

/** Keeps a request in step with a head. Every method throws PushFailure, or GitError as every request. */
export interface Review {
  /** Looks at what is not the head: the base, and the request. @returns the head as it is then */
  prepare(round: ReviewRound): Promise<Snapshot>
  /** Whether the head may come into being. */
  admits(round: ReviewRound, staged: readonly Staged[]): Promise<boolean>
  /** What is to be sent. @param edit holds the commits that were staged */
  outgoing(round: ReviewRound, edit: Edit, staged: readonly Staged[]): Promise<Outgoing>
  /** Tells what the server has said of it. @returns the head as it is now */
  sent(round: ReviewRound, outcome: PushOutcome): Snapshot
  /** Whether a push that was refused may be made once more, since what is sent will be another. */
  mayRepeat(error: unknown): boolean
  /** Tells of commits that are in the head. */
  committed(staged: readonly Staged[]): void
  /** Brings the request in step with the head. @returns whether the head was removed */
  settle(round: ReviewRound): Promise<boolean>
  stop(): void
}
