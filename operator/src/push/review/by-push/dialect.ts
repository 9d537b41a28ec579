import type { CommitInfo, PushOutcome, Repository } from '@gitsync/protocol'
import type { PullRequestStatus, ReviewSettings } from '../review-settings.ts'
import type { ReviewRound } from '../review-round.ts'

export type ProposedCommit = Pick<CommitInfo, 'oid' | 'parents' | 'message' | 'committer'>

/** A request as Git shows it. */
export interface SeenRequest {
  readonly number: number
  readonly url?: string | undefined
  readonly state: PullRequestStatus['state']
  /** What it proposes: one commit on the base. */
  readonly commit: ProposedCommit
}

/** One push of a head. */
export interface Proposing {
  /** Name of the head; short. */
  readonly head: string
  readonly settings: ReviewSettings
  readonly title: string
  /** The request that is open, as far as that is known. */
  readonly open: SeenRequest | undefined
  /** Nothing is proposed any more: what is open says so. */
  readonly isNothing: boolean
}

/** How a host takes requests that are made by a push alone. One object for each head. */
export interface Dialect {
  /**
   * The request of a number, of which the status of a GitSync tells. Undefined where Git has none, or cannot say more than
   * the status, which says that it is over.
   * @param known what was seen before: what has not changed is not read again
   */
  look(repository: Repository, last: NumberedStatus, known: SeenRequest | undefined): Promise<SeenRequest | undefined>
  /** Trailers by which the host knows a request again. @param base commit on which it is made */
  identity(round: ReviewRound, head: string, base: string): Promise<readonly string[]>
  /** @throws ForgeError `InvalidInput` for what cannot be said by a push */
  pushOptions(proposing: Proposing): readonly string[]
  /** Which request has taken a push; undefined where the host does not say. */
  answer(outcome: Pushed): Pick<SeenRequest, 'number' | 'url'> | undefined
  /** Whether a refusal means that the request is over, and the next push makes another one. */
  outgrows(refusal: string): boolean
}

export type Pushed = Extract<PushOutcome, { readonly status: 'pushed' }>
export type NumberedStatus = PullRequestStatus & { readonly number: number }
