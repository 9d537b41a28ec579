import { GitError, isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { Session } from '../session.ts'
import type { Snapshot } from '../snapshot.ts'
import { fetchTrees } from '../wire/object-forms.ts'
import type { Change } from './changes.ts'
import { StagedTree } from './staged-tree.ts'
import type { TreeIndexes } from './staged-tree.ts'

/**
 * Makes the changes on a snapshot, reading the trees on their way: a request for each level, whatever the number of
 * changes.
 * @param shown what the server shows of the commit whose tree has, or had before this edit, the unread folders; null without any
 * @returns the changed tree, its `snapshot` holding the trees that were read
 * @throws GitError `PathNotFound`, `UnexpectedType`, `TargetExists`, `ObjectMissing`, `Malformed`, and as every request
 */
export async function applyChanges(
  session: Session,
  snapshot: Snapshot,
  shown: ObjectId | null,
  changes: readonly Change[],
): Promise<StagedTree> {
  const trees = new Map(snapshot.trees)
  const indexes: TreeIndexes = new Map()
  for (;;) {
    const tree = new StagedTree(snapshot.withTrees(trees), indexes)
    const missing = attempt(tree, changes)
    if (missing.size === 0) return tree
    const [first = ''] = missing
    if (shown === null) throw new GitError('ObjectMissing', `the tree ${first} was never read`, { oid: first })
    for (const [oid, bytes] of await fetchTrees(session, [...missing], shown)) trees.set(oid, bytes)
  }
}

/** Makes the changes, and gives the trees without which some could not be made. */
function attempt(tree: StagedTree, changes: readonly Change[]): Set<ObjectId> {
  const missing = new Set<ObjectId>()
  for (const { needs, apply } of changes) {
    const unread = needs.map((folder) => tree.unread(folder)).filter((oid) => oid !== undefined)
    for (const oid of unread) missing.add(oid)
    if (unread.length > 0) continue
    try {
      apply(tree)
    } catch (error) {
      // After a change that has to wait, the tree is a guess, good enough to read the next level for all changes at once.
      if (missing.size === 0 || !isGitError(error)) throw error
    }
  }
  return missing
}
