import { isGitError } from '../../format/errors.ts'
import { objectFormat } from '../../format/object-id.ts'
import { discover, isOld } from './discovery.ts'
import type { Session } from '../session.ts'

/**
 * What the server takes in a push besides the plain case (gitprotocol-capabilities): name → value, the empty string for
 * one without. One discovery of `git-receive-pack`, the first time; a failure is not remembered.
 * @throws GitError as {@link discover}
 */
export async function receivePackCapabilities(session: Session): Promise<ReadonlyMap<string, string>> {
  session.receivePack ??= discover(session.remote, 'git-receive-pack')
  try {
    const { capabilities } = await session.receivePack
    if (capabilities.has('no-thin')) session.thinPacks = false
    return capabilities
  } catch (error) {
    session.receivePack = undefined
    throw error
  }
}

/**
 * The hash function of a repository without refs: an older server then says nothing at all to those who read, and only
 * those who write hear of it.
 * @throws GitError as {@link discover}
 */
export async function learnFormat(session: Session): Promise<void> {
  if (!isOld(session) || session.advertisement?.capabilities.size !== 0) return
  try {
    const capabilities = await receivePackCapabilities(session)
    session.format = objectFormat(capabilities.get('object-format') ?? '') ?? session.format
  } catch (error) {
    // Who may not push makes no objects either.
    if (!isGitError(error, 'Unauthorized', 'Forbidden')) throw error
  }
}
