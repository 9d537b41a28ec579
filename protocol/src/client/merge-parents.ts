import { GitError } from '../format/errors.ts'
import type { ObjectId } from '../format/object-id.ts'
import { readCommitInfo } from './read/objects.ts'
import type { Session } from './session.ts'

/**
 * The commits that a merge has besides its first parent. Reading them proves that the server has them.
 * @throws GitError `InvalidInput` for one that is a parent already, and as {@link readCommitInfo}
 */
export async function readMergeParents(
  session: Session,
  revisions: readonly string[],
  first: ObjectId | null,
): Promise<ObjectId[]> {
  const parents: ObjectId[] = []
  for (const revision of revisions) {
    const { oid } = await readCommitInfo(session, revision)
    if (oid === first || parents.includes(oid)) {
      const message = `mergeParents: ${JSON.stringify(revision)} is a parent already`
      throw new GitError('InvalidInput', message, { field: 'mergeParents', oid })
    }
    parents.push(oid)
  }
  return parents
}
