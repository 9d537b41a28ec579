import type { Member } from '../../member.ts'
import type { PullRequestStatus } from '../review-settings.ts'

/** The newest request of a head that the status of a GitSync tells of. */
export function lastRequest(members: readonly Member[], branch: string): PullRequestStatus | undefined {
  const told = members.map(({ standing }) => standing.pullRequest(branch)).filter((request) => request !== undefined)
  return told.sort((a, b) => (b.number ?? 0) - (a.number ?? 0))[0]
}
