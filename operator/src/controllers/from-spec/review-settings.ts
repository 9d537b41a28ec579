import { isPerAuthor } from '../../plan/author-branch.ts'
import { DEFAULT_PULL_REQUEST } from '../../api/push.ts'
import type { ReviewSettings } from '../../push/review/review-settings.ts'
import type { Reconciliation } from '../step.ts'

/** With push.mode PullRequest: what the request is like. */
export function reviewSettings({
  base,
  branch,
  gitsync,
  provider,
}: Pick<Reconciliation, 'base' | 'branch' | 'gitsync' | 'provider'>): ReviewSettings | undefined {
  if (base === undefined) return undefined
  const { title, body, labels, reviewers, draft, deleteBranch, via } =
    gitsync.spec.push.pullRequest ?? DEFAULT_PULL_REQUEST
  return {
    base,
    hostType: provider?.spec.type,
    via,
    authorBranches: isPerAuthor(branch) ? branch : undefined,
    title,
    body,
    labels: labels ?? [],
    reviewers: reviewers ?? [],
    draft,
    deleteBranch,
  }
}
