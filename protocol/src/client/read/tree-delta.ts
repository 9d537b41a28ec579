import { parseCommit } from '../../format/commit.ts'
import type { Commit } from '../../format/commit.ts'
import { GitError, isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { fetchObjects } from '../wire/fetch.ts'
import { readCommit } from './read-trees.ts'
import type { Session } from '../session.ts'
import type { Snapshot } from '../snapshot.ts'

/** Beyond this the server sends trees whole instead of differences; walking one's own paths costs less. */
const MAX_BYTES = 32 << 10

/**
 * Moves a snapshot to a newer commit of its branch: the server sends only trees that differ, as deltas against trees the
 * snapshot has. Deltas for folders that were never read are skipped. Trees that are still missing are read later, by path.
 * @throws GitError as every request
 */
export async function advance(session: Session, snapshot: Snapshot, tip: ObjectId): Promise<Snapshot> {
  if (tip === snapshot.commit) return snapshot.at({ tip })
  if (snapshot.commit === null) return readCommit(session, snapshot.ref, tip)
  try {
    return await difference(session, snapshot, snapshot.commit, tip)
  } catch (error) {
    if (!isGitError(error, 'Unsupported', 'LimitExceeded', 'ObjectMissing')) throw error
    return keepTrees(await readCommit(session, snapshot.ref, tip), snapshot)
  }
}

async function difference(session: Session, snapshot: Snapshot, old: ObjectId, tip: ObjectId): Promise<Snapshot> {
  const request = {
    wants: [tip],
    shallow: [old],
    haves: [old],
    deepen: 1,
    thin: true,
    filter: 'blob:none',
    maxBytes: MAX_BYTES,
  }
  const trees = new Map<ObjectId, Buffer>(snapshot.trees)
  const base = (oid: ObjectId): { type: 'tree'; bytes: Buffer } | undefined => {
    const bytes = snapshot.tree(oid)
    return bytes && { type: 'tree', bytes }
  }
  let commit: Commit | undefined
  for await (const object of fetchObjects(session, request, { base, missingBase: 'skip', skipBlobs: true })) {
    if (object.oid === tip && object.type === 'commit') commit = parseCommit(object.bytes)
    if (object.type === 'tree') trees.set(object.oid, object.bytes)
  }
  if (commit === undefined) throw new GitError('ObjectMissing', `the server does not send commit ${tip}`, { oid: tip })
  const { tree: root, parents } = commit
  return snapshot.withTrees(trees).at({ tip, commit: tip, root, parents, format: session.format }).pruned()
}

function keepTrees(fresh: Snapshot, old: Snapshot): Snapshot {
  return fresh.withTrees(new Map([...old.trees, ...fresh.trees])).pruned()
}
