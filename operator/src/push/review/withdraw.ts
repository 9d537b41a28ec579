import { toFailure } from '../failure.ts'
import type { Connection } from '../stage.ts'
import { findDivergence, foreignCommits } from './divergence.ts'
import { asked } from './forge-failure.ts'
import { removeBranch } from './remove-branch.ts'
import type { ReviewSettings } from './review-settings.ts'

/**
 * Closes the request of a branch and removes the branch, for a GitSync that ends. A branch that others have worked on
 * stays, and its request with it.
 * @param committer address of the committer that writes the branch
 * @throws PushFailure; may be called again
 */
export async function withdraw(
  connection: Connection,
  branch: string,
  settings: ReviewSettings,
  committer: string,
): Promise<void> {
  try {
    await takeBack(connection, branch, settings, committer)
  } catch (error) {
    throw toFailure(error)
  }
}

async function takeBack(
  { repository, forge }: Connection,
  branch: string,
  { base, hostType, via }: ReviewSettings,
  committer: string,
): Promise<void> {
  const head = await repository.tip(branch)
  const target = head === null ? null : await repository.tip(base)
  if (head !== null && target !== null) {
    const divergence = await findDivergence(repository, head, target)
    if (divergence === undefined || foreignCommits(divergence, new Set([committer])).length > 0) return
  }
  if (via === 'API') {
    await asked(async () => {
      const host = forge?.(hostType)
      const request = await host?.find({ head: branch, base })
      if (request?.state === 'Open') await host?.update(request, { close: true })
    })
  }
  if (head !== null && target !== null) await removeBranch(repository, branch, head)
}
