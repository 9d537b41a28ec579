import type { Snapshot } from '@gitsync/protocol'
import type { Member } from './member.ts'
import type { Connection } from './connection.ts'
import type { Tips } from './tips.ts'

/** Who wants to know where a head is. */
export interface Looking {
  readonly connection: Connection
  /** Milliseconds since the epoch: an answer to a request that began earlier does not count. */
  readonly since: number
  /** Everybody who writes it. */
  readonly members: readonly Member[]
}

/** What a writer writes: where it is read from. What is sent for it, and where to, is the business of its review. */
export interface Head {
  /** Full name of the ref of its snapshots, at which edits begin. */
  readonly ref: string
  /** The server compares nothing when it is pushed to: it has to be looked at before each push. */
  readonly isBlind: boolean
  /** It is several branches put together: when one of them moves it is read anew. Default: it is one. */
  readonly isComposed?: boolean
  /** Of several: whether one was there when it was seen last. @param branch short name */
  isAt?(branch: string, tip: string | null): boolean
  /** Of several: the one that has changed a path; null where none has. Default: the snapshot's. */
  commitOf?(path: string): string | null
  /** Where it is now, null where there is none. @throws GitError as every request */
  tip(looking: Looking): Promise<string | null>
  /**
   * It as it is now, its root read; where there is none, as it would begin, with `tip` null.
   * @param depth folders below the root that will be read next
   * @throws GitError as every request
   */
  read(looking: Looking, depth: number): Promise<Snapshot>
}

/**
 * A branch: read where it is written.
 * @param options.base the branch that it begins at; default the repository's own
 */
export function branchHead({
  branch,
  base,
  tips,
}: {
  /** Short name. */
  readonly branch: string
  readonly base?: string | undefined
  readonly tips: Tips
}): Head {
  return {
    ref: `refs/heads/${branch}`,
    isBlind: false,
    tip: ({ connection, since }) => tips.look(connection, branch, since),
    read: ({ connection: { repository } }, depth) => repository.snapshot(branch, { depth, orFrom: base ?? 'HEAD' }),
  }
}
