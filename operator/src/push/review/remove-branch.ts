import { GitError, isGitError } from '@gitsync/protocol'
import type { Repository } from '@gitsync/protocol'

/** Removes a branch only where it is expected to be: what somebody has just pushed stays. @throws GitError `StaleRef` */
export async function removeBranch(repository: Repository, branch: string, tip: string): Promise<void> {
  try {
    await repository.deleteRef(`refs/heads/${branch}`, { expect: tip })
  } catch (error) {
    const isGone = isGitError(error, 'RefNotFound') || (error instanceof GitError && error.details.actual === 'nothing')
    if (!isGone) throw error
  }
}
