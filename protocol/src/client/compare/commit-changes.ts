import { parseCommit } from '../../format/commit.ts'
import { isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { CommitInfo } from '../read/objects.ts'
import type { Session } from '../session.ts'
import { fetchObjects } from '../wire/fetch.ts'
import { takesFilters } from '../wire/object-forms.ts'
import { compare } from './compare.ts'
import { changeOf, diffTrees, sizeOfDifference } from './diff-trees.ts'
import type { Change } from './diff-trees.ts'

/** A commit of which it is wanted what it has changed: what a history gives. */
export type ChangedCommit = Pick<CommitInfo, 'oid' | 'tree' | 'parents'>

export interface ChangesOptions {
  /**
   * Bytes that the changes of all commits may take, 200 and the path for each: a small tree that repeats itself stands for any
   * number of files. Default none.
   */
  readonly maxBytes?: number
}

/** All trees of one commit, and what differs in its neighbours: beyond this a commit at a time costs less. */
const MAX_BYTES = 32 << 20

/**
 * What each commit changed against its first parent; a commit without one has added everything. The server is asked for all of
 * them and their parents at once, without history: it sends each folder that they share once.
 * @throws GitError `ObjectMissing`, `LimitExceeded`, and as every request
 */
export async function commitChanges(
  session: Session,
  commits: readonly ChangedCommit[],
  { maxBytes = Number.POSITIVE_INFINITY }: ChangesOptions = {},
): Promise<Map<ObjectId, readonly Change[]>> {
  const found = new Map<ObjectId, readonly Change[]>()
  let left = maxBytes
  const add = (oid: ObjectId, changes: readonly Change[]): void => {
    found.set(oid, changes)
    for (const { path } of changes) left -= sizeOfDifference(path)
  }
  if (commits.length === 0) return found
  try {
    const { roots, trees } = await readWhole(session, commits)
    for (const { oid, tree, parents } of commits) {
      const sides = { before: rootBefore(session, parents, roots), after: tree }
      const changes = changesBetween(session, sides, { trees, maxBytes: left })
      if (changes !== undefined) add(oid, changes)
    }
  } catch (error) {
    if (!isGitError(error, 'Unsupported', 'LimitExceeded') || error.details.limit === 'maxBytes') throw error
  }
  // Servers that send it in no such answer, and folders that are too many for one.
  for (const { oid, parents } of commits) {
    if (found.has(oid)) continue
    const [parent] = parents
    add(oid, await compare(session, parent ?? session.format.emptyTree, oid, { maxBytes: left }))
  }
  return found
}

interface Whole {
  /** Commit → its root tree. */
  readonly roots: ReadonlyMap<ObjectId, ObjectId>
  readonly trees: ReadonlyMap<ObjectId, Buffer>
}

async function readWhole(session: Session, commits: readonly ChangedCommit[]): Promise<Whole> {
  const roots = new Map(commits.map(({ oid, tree }) => [oid, tree]))
  const trees = new Map<ObjectId, Buffer>()
  const wants = [...new Set(commits.flatMap(({ oid, parents }) => [oid, ...parents.slice(0, 1)]))]
  const filter = takesFilters(session) ? { filter: 'blob:none' } : {}
  const request = { wants, deepen: 1, maxBytes: MAX_BYTES, ...filter }
  for await (const { oid, type, bytes } of fetchObjects(session, request, { skipBlobs: true })) {
    if (type === 'tree') trees.set(oid, bytes)
    else if (type === 'commit') roots.set(oid, parseCommit(bytes).tree)
  }
  return { roots, trees }
}

function rootBefore(
  { format }: Session,
  [parent]: readonly ObjectId[],
  roots: ReadonlyMap<ObjectId, ObjectId>,
): ObjectId | undefined {
  return parent === undefined ? format.emptyTree : roots.get(parent)
}

/** Undefined where something of it was not sent. */
function changesBetween(
  { format, remote }: Session,
  { before, after }: { readonly before: ObjectId | undefined; readonly after: ObjectId },
  { trees, maxBytes }: { readonly trees: ReadonlyMap<ObjectId, Buffer>; readonly maxBytes: number },
): readonly Change[] | undefined {
  if (before === undefined) return undefined
  const tree = (oid: ObjectId): Buffer | undefined => trees.get(oid)
  const { maxEntries } = remote.limits
  const { differences, missing } = diffTrees(before, after, { format, tree, names: [], maxEntries, maxBytes })
  return missing.before.size + missing.after.size > 0 ? undefined : differences.map(changeOf)
}
