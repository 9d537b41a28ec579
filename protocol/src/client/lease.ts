import { GitError } from '../format/errors.ts'
import type { ObjectId } from '../format/object-id.ts'
import type { Session } from './session.ts'
import type { Snapshot } from './snapshot.ts'
import { currentTip } from './tips.ts'

export interface LeaseOptions {
  /**
   * Where the branch is believed to be; null: it does not exist. The push happens only if it is there. Default: where it
   * was when the edit began. Another place than that loses commits, and needs `force`.
   */
  readonly expect?: ObjectId | null
  /** Push even if commits get lost; without `expect`, wherever the branch is (one request more). Default false. */
  readonly force?: boolean
}

/**
 * Where the branch must be for a push to happen; null: nowhere.
 * @param begun the branch as it was when the edit began
 * @throws GitError `StaleRef`
 */
export async function leaseOf(
  session: Session,
  { ref, tip }: Snapshot,
  { expect, force = false }: LeaseOptions,
): Promise<ObjectId | null> {
  if (expect === undefined) return force ? currentTip(session, ref) : tip
  if (expect === tip || force) return expect
  const [expected, actual] = [expect ?? 'nothing', tip ?? 'nothing']
  const message = `${ref} was at ${actual} when the edit began, not at ${expected}`
  throw new GitError('StaleRef', message, { ref, expected, actual })
}
