import { parseCommit } from '../../format/commit.ts'
import { isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { GitObject } from '../../format/pack-reader.ts'
import type { Session } from '../session.ts'
import { fetchObjects } from '../wire/fetch.ts'
import { takesFilters } from '../wire/object-forms.ts'
import { fetchExactTrees } from '../read/exact-trees.ts'

/** Trees by id, those of the caller and those that have been read. */
export type Trees = Map<ObjectId, Buffer>

/** What is known of one of two commits. */
export interface Side {
  readonly commit: ObjectId
  /** The id under which the server shows it. */
  readonly shown: ObjectId
  /** Its root tree, once known. */
  root: ObjectId | undefined
}

/** Beyond this, each direction, the commits are far apart: one answer with both sides whole costs less. */
const NEAR_BYTES = 64 << 10

/**
 * The trees in which two commits differ, for commits that are near: the server is asked for each as seen by one who has
 * the other. It sends the trees that differ as deltas, mostly; the bases of one side's deltas are the trees of the other
 * side, so that their ids, and a third request, bring the rest.
 * @returns false where the server cannot, or has too much to send; what it has sent is kept in `trees`
 */
export async function readNear(session: Session, before: Side, after: Side, trees: Trees): Promise<boolean> {
  const directions = await Promise.all([
    direction(session, before, after, trees),
    direction(session, after, before, trees),
  ])
  if (directions.includes(undefined)) return false
  // A tree that is wanted behind one that holds it does not come; packs hold folders first.
  const bases = directions.flatMap((ids) => ids?.reverse() ?? []).filter((oid) => !trees.has(oid))
  await fetchExactTrees(session, new Set(bases), (oid, bytes) => trees.set(oid, bytes))
  return true
}

/**
 * The trees that one commit has and another, whose trees are at hand, has not: one request.
 * @returns as {@link readNear}
 */
export async function readBeyond(session: Session, held: Side, wanted: Side, trees: Trees): Promise<boolean> {
  return (await direction(session, held, wanted, trees)) !== undefined
}

/** Both commits with all their trees in one answer, for commits that are far apart; files are left out, or dropped. */
export async function readFar(session: Session, before: Side, after: Side, trees: Trees): Promise<boolean> {
  const wants = [after.shown, before.shown]
  for (const filter of takesFilters(session) ? [{ filter: 'blob:none' }, {}] : [{}]) {
    try {
      for await (const object of fetchObjects(session, { wants, deepen: 1, ...filter }, { skipBlobs: true })) {
        keep(object, trees, before, after)
      }
      return true
    } catch (error) {
      if (!isGitError(error, 'Unsupported')) throw error
    }
  }
  return false
}

function keep(object: GitObject, trees: Trees, ...sides: readonly Side[]): void {
  if (object.type === 'tree') trees.set(object.oid, object.bytes)
  if (object.type !== 'commit') return
  for (const side of sides) if (side.commit === object.oid) side.root = parseCommit(object.bytes).tree
}

/** Ids of bases that nobody has, in the order of the pack; undefined where the server cannot or sends too much. */
async function direction(session: Session, have: Side, want: Side, trees: Trees): Promise<ObjectId[] | undefined> {
  if (!takesFilters(session)) return undefined
  const request = {
    wants: [want.shown],
    shallow: [have.commit],
    haves: [have.commit],
    deepen: 1,
    thin: true,
    filter: 'blob:none',
    maxBytes: NEAR_BYTES,
  }
  const missing = new Set<ObjectId>()
  const base = (oid: ObjectId): { readonly type: 'tree'; readonly bytes: Buffer } | undefined => {
    const bytes = trees.get(oid)
    if (bytes === undefined) missing.add(oid)
    return bytes && { type: 'tree', bytes }
  }
  try {
    for await (const object of fetchObjects(session, request, { base, missingBase: 'skip', skipBlobs: true })) {
      missing.delete(object.oid)
      keep(object, trees, want)
    }
    return [...missing]
  } catch (error) {
    if (!isGitError(error, 'Unsupported', 'LimitExceeded')) throw error
    return undefined
  }
}
