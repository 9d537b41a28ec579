import { isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { Session } from '../session.ts'
import { fetchObjects } from '../wire/fetch.ts'

/** Lines of one request; beyond, the answer is split. */
const MAX_WANTS = 4096

/**
 * Trees by id and nothing else, whatever commits they are of, from servers that can. Those that do not come are left
 * out: a server that cannot at all sends none.
 * @param each called with each wanted tree, once
 */
export async function fetchExactTrees(
  session: Session,
  oids: Iterable<ObjectId>,
  each: (oid: ObjectId, bytes: Buffer) => void,
  maxWants = MAX_WANTS,
): Promise<Set<ObjectId>> {
  const missing = new Set(oids)
  // A session that had to climb knows a server that does not do this.
  while (missing.size > 0 && session.learned.treeForm === 0) {
    const wants = [...missing].slice(0, maxWants)
    try {
      const request = { wants, inner: true, filter: 'tree:0' }
      for await (const object of fetchObjects(session, request, { skipBlobs: true })) {
        if (object.type === 'tree' && missing.delete(object.oid)) each(object.oid, object.bytes)
      }
    } catch (error) {
      if (!isGitError(error, 'Unsupported')) throw error
      return missing
    }
    // A tree that is wanted behind another that holds it does not come, but does when it is asked for again.
    if (wants.every((oid) => missing.has(oid))) return missing
  }
  return missing
}
