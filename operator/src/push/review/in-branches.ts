import { isPerAuthor } from '../../plan/author-branch.ts'
import { BranchReview } from './branch-review.ts'
import { AuthorReview } from './by-author/author-review.ts'
import { AuthorHeads } from './by-author/heads.ts'
import type { OpenReview } from './review.ts'

/** What is written is in a branch, or in one for each author. @param base short name */
export function inBranches(branch: string, base: string): { readonly open: OpenReview } {
  if (!isPerAuthor(branch)) return { open: (options) => ({ review: new BranchReview(options) }) }
  return {
    open(options) {
      const heads = new AuthorHeads(branch, base)
      return { head: heads, review: new AuthorReview({ ...options, heads }) }
    },
  }
}
