import type { Drift } from '../plan/drift.ts'
import type { PushFailure } from './failure.ts'
import type { Unprovable } from './leftovers.ts'
import type { PullRequestStatus } from './review/review-settings.ts'

/** How a member is doing, as the status and the metrics of its GitSync tell it. */
export interface MemberStatus {
  readonly lastCommit?: { readonly sha: string; readonly time: number }
  readonly observedCommit?: string
  readonly files: number
  readonly pending: number
  /** Since when something is not in Git, held deletions aside; milliseconds since the epoch. */
  readonly pendingSince?: number
  readonly orphans: number
  readonly failure?: PushFailure
  /** When the failure is tried again, milliseconds since the epoch. */
  readonly retryAt?: number
  /** Changes wait for their turn at the host for longer than `maxLatency`; `until` in milliseconds since the epoch. */
  readonly delayed?: { readonly host: string; readonly until: number } | undefined
  /** A refused deletion: what has to be confirmed. */
  readonly massDeletion?:
    | {
        readonly token: string
        /** Files that wait. */
        readonly count: number
        /** Files deleted within the last ten minutes. */
        readonly recent: number
      }
    | undefined
  /** Deletions that could not be proved the last time. */
  readonly unprovable?: Unprovable | undefined
  /** Files that cannot be read where objects are wanted. */
  readonly unreadable: readonly { readonly path: string; readonly problem: string }[]
  /** Foreign edits that were found last, and what was done about them. */
  readonly drift?: Drift | undefined
  /** When somebody else's change was last found in the folder, milliseconds since the epoch. */
  readonly driftedAt?: number | undefined
  /** When commits were last found missing from the branch's history, milliseconds since the epoch. */
  readonly rewrittenAt?: number | undefined
  /** The folder has been compared since the start, and the last attempt did not fail. */
  readonly healthy: boolean
  /** The last request for a review of each branch; the one that changed last is the last. */
  readonly pullRequests: readonly PullRequestStatus[]
  /** The last request of a person that has been carried out. */
  readonly handledRequest?: string
}
