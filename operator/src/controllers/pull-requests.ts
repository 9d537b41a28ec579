/** Requests for a review, between the status of a GitSync and its member. */
import type { GitSyncStatus } from '../api/gitsync.ts'
import { MAX_REQUESTS } from '../api/push.ts'
import { isAuthorBranch } from '../plan/author-branch.ts'
import type { Member } from '../push/member.ts'
import type { PullRequestStatus } from '../push/review/review-settings.ts'

/**
 * What the status says of requests of the branch that is pushed to: of another it says nothing. One in a state that nobody
 * knows was written by somebody else.
 */
export function requestsBefore(
  { pullRequest, pullRequests }: Pick<GitSyncStatus, 'pullRequest' | 'pullRequests'> = {},
  branch: string,
): PullRequestStatus[] {
  const told = pullRequests ?? (pullRequest === undefined ? [] : [pullRequest])
  return told.flatMap((request) => {
    const { state } = request
    if (request.branch !== branch && !isAuthorBranch(branch, request.branch)) return []
    return state === 'Open' || state === 'Merged' || state === 'Closed' ? [{ ...request, state }] : []
  })
}

/** The one that changed last; and all of them where each author has one. */
export function toldRequests({
  status,
  settings,
}: Pick<Member, 'status' | 'settings'>): Pick<GitSyncStatus, 'pullRequest' | 'pullRequests'> {
  const requests = status.pullRequests.map(shownRequest).slice(-MAX_REQUESTS)
  const isPerAuthor = settings.review?.authorBranches !== undefined
  return { pullRequest: requests.at(-1), pullRequests: isPerAuthor && requests.length > 0 ? requests : undefined }
}

function shownRequest({
  number,
  url,
  state,
  branch,
  title,
}: PullRequestStatus): NonNullable<GitSyncStatus['pullRequest']> {
  return {
    ...(number === undefined ? {} : { number }),
    ...(url === undefined ? {} : { url }),
    state,
    branch,
    ...(title === undefined ? {} : { title }),
  }
}
