import type { Identity } from '../format/identity.ts'
import type { ObjectId } from '../format/object-id.ts'
import type { LeaseOptions } from './lease.ts'
import type { PushOptions } from './push.ts'
import type { Signer } from './sign/signer.ts'
import type { Snapshot } from './snapshot.ts'
import type { RefOptions } from './wire/report-status.ts'

export interface CommitOptions {
  /** Ends up with exactly one line break at its end. At most 1 MiB. */
  readonly message: string
  readonly author: Identity
  /** Default: the author. */
  readonly committer?: Identity
  /** Branches, tags or commits that this commit merges; parents after the first. What they hold is up to the staged changes. */
  readonly mergeParents?: readonly string[]
  /** A commit is made even where the staged changes leave every file as it is. Default false. */
  readonly allowEmpty?: boolean
  /** Default: not signed. Unsigned, the same inputs give the same commit. */
  readonly sign?: Signer
}

export interface PutOptions {
  /** File, executable or symlink, see {@link Mode}. Default: an executable stays one, all else becomes a plain file. */
  readonly mode?: number
  /** A folder at the path, or a file where it needs a folder, makes way; otherwise it fails the commit. Default false. */
  readonly replace?: boolean
}

export interface EditPushOptions extends Omit<PushOptions, 'atomic'>, LeaseOptions {
  /** Everything but the push itself; default false. */
  readonly dryRun?: boolean
}

/** What a push did. `snapshot` is the branch as it is now: the base of a next edit that needs no reading. */
export type PushOutcome =
  | {
      readonly status: 'pushed'
      readonly ref: string
      readonly old: ObjectId | null
      readonly commit: ObjectId
      readonly messages: readonly string[]
      /** What the server did instead of updating the ref, if it did. */
      readonly options: RefOptions
      readonly snapshot: Snapshot
    }
  | {
      /** What would have been pushed. */
      readonly status: 'dry-run'
      readonly ref: string
      readonly old: ObjectId | null
      readonly commit: ObjectId
      /** The files as they would be. Its `commit` is null, as the server has no such commit: it is no base of an edit. */
      readonly snapshot: Snapshot
    }
  | {
      readonly status: 'up-to-date'
      readonly ref: string
      readonly commit: ObjectId | null
      readonly snapshot: Snapshot
    }
