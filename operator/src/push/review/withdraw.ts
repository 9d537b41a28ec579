import type { Repository } from '@gitsync/protocol'
import { CLAIM_FILE } from '../../plan/compare.ts'
import { pathIn } from '../../plan/path-in.ts'
import { toFailure } from '../failure.ts'
import type { Connection } from '../connection.ts'
import { findDivergence, foreignCommits } from './divergence.ts'
import { asked } from './forge-failure.ts'
import { closeEmpty } from './keep-in-step.ts'
import { removeBranch } from './remove-branch.ts'
import type { ReviewSettings } from './review-settings.ts'

export interface Ending {
  readonly settings: ReviewSettings
  /** Address of the committer that writes the branch. */
  readonly committer: string
  /** Where others propose things by branches of the same names: only one that changes this folder goes. Default: any. */
  readonly folder?: string | undefined
}

/**
 * Closes the request of a branch and removes the branch, for a GitSync that ends. A branch that others have worked on
 * stays, and its request with it.
 * @throws PushFailure; may be called again
 */
export async function withdraw(connection: Connection, branch: string, ending: Ending): Promise<void> {
  try {
    const { folder, settings } = ending
    if (folder === undefined || (await changes(connection.repository, branch, settings.base, folder)))
      await takeBack(connection, branch, ending)
  } catch (error) {
    throw toFailure(error)
  }
}

async function takeBack(
  { repository, forge }: Connection,
  branch: string,
  { settings: { base, hostType, via }, committer }: Ending,
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
      if (host !== undefined && request?.state === 'Open') await closeEmpty(host, request)
    })
  }
  if (head !== null && target !== null) await removeBranch(repository, branch, head)
}

/** Whether a branch changes anything in a folder. */
async function changes(repository: Repository, branch: string, base: string, folder: string): Promise<boolean> {
  const [head, target] = [await repository.tip(branch), await repository.tip(base)]
  if (head === null || target === null) return false
  const found = await repository.compare(target, head, folder === '.' ? {} : { path: folder })
  return found.some(({ path }) => path !== pathIn(folder, CLAIM_FILE))
}
