import { branchPart } from '../../../plan/author-branch.ts'
import { pathIn } from '../../../plan/path-in.ts'
import type { Member } from '../../member.ts'
import type { PlannedCommit } from '../../planned-commit.ts'
import type { Staged } from '../../stage.ts'

/** A commit, and whose it is. */
export interface OwnedCommit {
  readonly staged: Staged
  readonly commit: PlannedCommit
}

const partOf = ({ owner, author }: PlannedCommit): string => owner ?? branchPart(author.name)

/** Whose they are, see `branchPart`. */
export const partsOf = (staged: readonly Staged[]): ReadonlySet<string> =>
  new Set(staged.flatMap(({ plan }) => plan.commits.map(partOf)))

/** The commits of each branch, in their order. @param branchOf see `AuthorHeads.branchOf`; told of those so far */
export function sortCommits(
  staged: readonly Staged[],
  branchOf: (part: string, begun: Iterable<string>) => string,
): Map<string, OwnedCommit[]> {
  const sorted = new Map<string, OwnedCommit[]>()
  for (const each of staged) {
    for (const commit of each.plan.commits) {
      const branch = branchOf(partOf(commit), sorted.keys())
      const known = sorted.get(branch)
      if (known === undefined) sorted.set(branch, [{ staged: each, commit }])
      else known.push({ staged: each, commit })
    }
  }
  return sorted
}

/** Paths that a commit writes or removes. */
export const pathsOf = ({ settings: { path } }: Member, { writes, deletes }: PlannedCommit): string[] =>
  [...writes.map((write) => write.path), ...deletes].map((below) => pathIn(path, below))
