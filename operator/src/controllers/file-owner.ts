import { branchPart } from '../plan/author-branch.ts'
import type { Member } from '../push/member.ts'
import type { Made } from '../push/object-changes.ts'

/** On whose branch a file is; kept only where each author has a branch. */
export function fileOwner({ settings }: Member, { author }: Made): string | undefined {
  const isKept = settings.review?.authorBranches !== undefined
  return isKept && author !== undefined ? branchPart(author.name) : undefined
}
