import type { Condition } from '../api/conditions.ts'
import type { GitSyncStatus } from '../api/gitsync.ts'
import type { Reader } from '../push/connection.ts'

/** A branch, as the operator reaches it for a GitSync. */
export interface AuditedBranch {
  /** Equal for equal branches of equal repositories that are reached in the same way; tells nothing. */
  readonly key: string
  readonly url: string
  /** Short name. */
  readonly branch: string
  /** Where it was when the GitSync was last in step with it; undefined where that has to be asked. */
  readonly tip: string | undefined
  readonly read: () => Reader
  /** Page of a commit at the host, where that is known to have one. */
  readonly pageOf: (oid: string) => string | undefined
}

/** A GitSync as pages need it. */
export interface AuditedGitSync {
  readonly namespace: string
  readonly name: string
  /** As in its spec, without credentials. */
  readonly repository: string
  /** Branch that shows the cluster in the end; undefined where its name cannot be told. */
  readonly branch: string | undefined
  /** The GitSync's own folder; `.` is the root. */
  readonly path: string
  /** Folders inside it that others have claimed: what lies there is theirs. */
  readonly hidden: readonly string[]
  readonly isSuspended: boolean
  readonly conditions: readonly Condition[]
  readonly status: Pick<GitSyncStatus, 'lastCommit' | 'files' | 'pending'>
  /** Undefined while it is not at work. */
  readonly remote: AuditedBranch | undefined
}
