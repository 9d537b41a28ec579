import type { AuditedBranch, AuditedGitSync } from '../audited.ts'
import { folderOf, isBelow } from '../remote/logged-commit.ts'
import type { LoggedChange, LoggedCommit } from '../remote/logged-commit.ts'

/** A commit, cut down to what somebody may see: what lies in the folders of the GitSyncs that they may get. */
export interface VisibleCommit {
  readonly commit: Pick<LoggedCommit, 'oid' | 'author' | 'committed'>
  readonly branch: AuditedBranch
  /** Those in whose folder something changed. */
  readonly gitsyncs: readonly AuditedGitSync[]
  /** The first of them, in the order of their paths. */
  readonly changes: readonly LoggedChange[]
  /** How many there are. */
  readonly count: number
  /** Undefined where the commit is about something else as well: then its message may be, too. */
  readonly message: string | undefined
  /** Kinds that it names; none where the message is not shown. */
  readonly kinds: LoggedCommit['kinds']
}

/** Whether what lies in a folder is a GitSync's. */
export const isOf = ({ path, hidden }: Pick<AuditedGitSync, 'path' | 'hidden'>, folder: string): boolean =>
  isBelow(folder, path) && !hidden.some((other) => isBelow(folder, other))

/**
 * What of a commit may be seen; undefined where nothing may.
 * @param gitsyncs all those of the branch that the viewer may see
 */
export function visibleCommit(
  commit: LoggedCommit,
  branch: AuditedBranch,
  gitsyncs: readonly AuditedGitSync[],
): VisibleCommit | undefined {
  const isVisible = (folder: string): boolean => gitsyncs.some((gitsync) => isOf(gitsync, folder))
  let [count, hidden] = [0, 0]
  const touched = new Set<AuditedGitSync>()
  for (const [folder, files] of commit.folders) {
    const owners = gitsyncs.filter((gitsync) => isOf(gitsync, folder))
    if (owners.length === 0) hidden += files
    else count += files
    for (const owner of owners) touched.add(owner)
  }
  if (count === 0) return undefined
  const { oid, author, committed, message, kinds } = commit
  return {
    commit: { oid, author, committed },
    branch,
    gitsyncs: [...touched],
    changes: commit.changes.filter(({ path }) => isVisible(folderOf(path))),
    count,
    message: hidden === 0 ? message : undefined,
    kinds: hidden === 0 ? kinds : [],
  }
}
