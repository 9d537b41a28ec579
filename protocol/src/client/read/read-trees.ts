import { isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { parseCommit } from '../../format/commit.ts'
import { checkDepth, entrySpans, findEntry, Mode } from '../../format/tree.ts'
import type { GitObject } from '../../format/pack-reader.ts'
import { fetchObjects } from '../wire/fetch.ts'
import { fetchTrees } from '../wire/object-forms.ts'
import type { Session } from '../session.ts'
import { Snapshot } from '../snapshot.ts'
import { fetchPeeled, unexpected } from './objects.ts'

export interface ReadTreesOptions {
  /** Folders, as raw names from the root, that must be known from the root down; a missing folder ends its path. */
  readonly folders: readonly (readonly string[])[]
  /** Everything below the folders as well. */
  readonly recursive?: boolean
  /** Trees the caller has computed: one that the commit refers to is not fetched. */
  readonly seeds?: ReadonlyMap<ObjectId, Buffer>
}

/** Folders below the root whose trees come along, as far as that costs less than asking for them; or all there are. */
export type Depth = number | 'all'

/** From this depth on, one larger answer is better than an answer per level. */
const ONE_FETCH_DEPTH = 2

/**
 * A snapshot of a commit, or of the one that a tag stands for; nothing but the root tree is read.
 * @throws GitError `UnexpectedType`, `ObjectMissing`
 */
export async function readCommit(session: Session, ref: string, oid: ObjectId, depth: Depth = 0): Promise<Snapshot> {
  const { snapshot, object } = await readRoot(session, ref, oid, depth)
  if (object.type !== 'commit') throw unexpected(ref, object, 'commit')
  return snapshot
}

/**
 * The same, of a tree as well: the snapshot's `commit` is then the tree itself, so it is for reading only.
 * @throws GitError `UnexpectedType`, `ObjectMissing`
 */
export async function readTreeish(session: Session, ref: string, oid: ObjectId, depth: Depth = 0): Promise<Snapshot> {
  const { format } = session
  if (oid === format.emptyTree) return new Snapshot({ ref, tip: oid, commit: oid, root: oid, format })
  return (await readRoot(session, ref, oid, depth)).snapshot
}

async function readRoot(
  session: Session,
  ref: string,
  oid: ObjectId,
  depth: Depth,
): Promise<{ readonly snapshot: Snapshot; readonly object: GitObject }> {
  const { object, found } = await fetchPeeled(session, oid, await inOneFetch(session, oid, depth))
  if (object.type !== 'commit' && object.type !== 'tree') throw unexpected(ref, object, 'commit')
  const { tree: root, parents } = object.type === 'tree' ? { tree: object.oid, parents: [] } : parseCommit(object.bytes)
  const { format, remote } = session
  const { maxEntries } = remote.limits
  const trees = new Map<ObjectId, Buffer>()
  for (const other of found.values()) if (other.type === 'tree') trees.set(other.oid, other.bytes)
  return {
    snapshot: new Snapshot({ ref, tip: oid, commit: object.oid, root, parents, format, maxEntries }, trees),
    object,
  }
}

async function inOneFetch(
  session: Session,
  oid: ObjectId,
  depth: Depth,
): Promise<Map<ObjectId, GitObject> | undefined> {
  const { cache } = session
  const { oneFetchBytes } = session.learned
  if (depth !== 'all' && (depth < ONE_FETCH_DEPTH || oneFetchBytes === 0)) return undefined
  // A commit that has been cached has its trees beside it: level by level costs less.
  if (cache !== undefined && (await cache.get([oid], session.formatOf(oid))).length > 0) return undefined
  const form =
    depth === 'all'
      ? { filter: 'blob:none' }
      : { filter: `combine:blob:none+tree:${depth + 1}`, maxBytes: oneFetchBytes }
  const objects = new Map<ObjectId, GitObject>()
  try {
    for await (const object of fetchObjects(session, { wants: [oid], deepen: 1, ...form })) {
      objects.set(object.oid, object)
    }
    await cache?.set([...objects.values()])
    return objects.has(oid) ? objects : undefined
  } catch (error) {
    if (!isGitError(error, 'Unsupported', ...(depth === 'all' ? [] : ['LimitExceeded' as const]))) throw error
    if (depth !== 'all') session.learned.oneFetchBytes = 0
    return undefined
  }
}

/**
 * Reads the trees that are missing to know the given folders: a request per level, whatever the number of folders.
 * @throws GitError `ObjectMissing`, `Malformed`, and as every request
 */
export async function readTrees(session: Session, snapshot: Snapshot, options: ReadTreesOptions): Promise<Snapshot> {
  const { shown } = snapshot
  if (shown === null) return snapshot
  const held = new Map(snapshot.trees)
  for (;;) {
    const missing = missingTrees(snapshot.withTrees(held), options, held)
    if (missing.size === 0) return snapshot.withTrees(held)
    const closure = options.recursive === true && options.seeds === undefined
    const found = await fetchTrees(session, [...missing], shown, { closure })
    for (const [oid, bytes] of found) held.set(oid, bytes)
  }
}

/** Trees on the way to and below the folders that nobody has; seeds that are met move into `held`. */
function missingTrees(
  snapshot: Snapshot,
  { folders, recursive = false, seeds }: ReadTreesOptions,
  held: Map<ObjectId, Buffer>,
): Set<ObjectId> {
  const missing = new Set<ObjectId>()
  const take = (oid: ObjectId): Buffer | undefined => {
    const tree = snapshot.tree(oid) ?? held.get(oid)
    if (tree !== undefined) return tree
    const seed = seeds?.get(oid)
    if (seed === undefined) missing.add(oid)
    else held.set(oid, seed)
    return seed
  }
  const visited = new Set<ObjectId>()
  const below = (oid: ObjectId, depth = 0): void => {
    checkDepth(depth)
    if (visited.has(oid)) return
    visited.add(oid)
    const tree = take(oid)
    if (tree === undefined || !recursive) return
    for (const span of entrySpans(tree, snapshot.format)) {
      if (span.mode === Mode.tree) below(tree.toString('hex', span.oidStart, span.end), depth + 1)
    }
  }
  for (const names of folders) {
    let oid: ObjectId | undefined = snapshot.root
    for (const rawName of names) {
      const tree: Buffer | undefined = take(oid)
      if (tree === undefined) {
        oid = undefined
        break
      }
      oid = subfolder(tree, rawName, snapshot)
      if (oid === undefined) break
    }
    if (oid !== undefined) below(oid)
  }
  return missing
}

function subfolder(tree: Buffer, rawName: string, { format }: Snapshot): ObjectId | undefined {
  const entry = findEntry(tree, rawName, format)
  return entry?.mode === Mode.tree ? entry.oid : undefined
}
