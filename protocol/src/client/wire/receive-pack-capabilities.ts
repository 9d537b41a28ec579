import { isGitError } from '../../format/errors.ts'
import { objectFormat } from '../../format/object-id.ts'
import { together } from './discovery.ts'
import type { Session } from '../session.ts'

/**
 * What the server takes in a push besides the plain case (gitprotocol-capabilities): name → value, the empty string for
 * one without. One discovery of `git-receive-pack`, the first time; a failure is not remembered.
 * @throws GitError as {@link discover}
 */
export async function receivePackCapabilities(session: Session): Promise<ReadonlyMap<string, string>> {
  const { capabilities } = await together(session, 'receivePack', 'git-receive-pack')
  if (capabilities.has('no-thin')) session.learned.thinPacks = false
  return capabilities
}

/**
 * The hash function of a repository without refs: an older server then says nothing at all to those who read, and only
 * those who write hear of it.
 * @throws GitError as {@link discover}
 */
export async function learnFormat(session: Session): Promise<void> {
  if (!session.isOld || session.learned.advertisement?.capabilities.size !== 0) return
  try {
    const capabilities = await receivePackCapabilities(session)
    const format = objectFormat(capabilities.get('object-format') ?? '')
    if (format !== undefined) session.learn(format)
  } catch (error) {
    // Who may not push makes no objects either.
    if (!isGitError(error, 'Unauthorized', 'Forbidden')) throw error
  }
}
