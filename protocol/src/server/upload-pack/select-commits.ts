import type { ObjectId } from '../../format/object-id.ts'
import type { ObjectStore } from '../pack/object-store.ts'
import { CommitQueue } from './commit-queue.ts'

export interface CommitSelection {
  /** The latest first, by their dates. */
  readonly commits: readonly ObjectId[]
  /** Of those, commits that are sent as if they had no parents. */
  readonly cut: ReadonlySet<ObjectId>
  /** Some that the client has, the latest first. */
  readonly near: readonly ObjectId[]
  /** Whether the client has a commit, as far as that was found out. */
  readonly isHeld: (oid: ObjectId) => boolean
}

/** Looked at on after the last commit that is wanted: dates may lie, and what is missed is sent for nothing. */
const SLOP = 64

/** Commits of the client's with which those are compared whose parents it has not: one may be of another branch. */
const NEAR = 4

/**
 * The commits behind `wants` that are not behind `haves`.
 * @param held.shallow commits of the client's whose parents it has not
 * @param cut commits that are sent as if they had no parents
 */
export async function selectCommits(
  objects: ObjectStore,
  wants: readonly ObjectId[],
  held: { readonly haves: readonly ObjectId[]; readonly shallow: ReadonlySet<ObjectId> },
  cut: ReadonlySet<ObjectId>,
): Promise<CommitSelection> {
  const state = new Map<ObjectId, 'wanted' | 'held'>()
  const queue = new CommitQueue()
  const seen = new Set<ObjectId>()
  /** In the queue. */
  let wanted = 0
  const mark = async (oid: ObjectId, as: 'wanted' | 'held'): Promise<void> => {
    const before = state.get(oid)
    if (before === 'held' || before === as) return
    const commit = await objects.commit(oid)
    if (commit === undefined) return
    state.set(oid, as)
    if (as === 'wanted') wanted++
    else if (before === 'wanted' && !seen.has(oid)) wanted--
    queue.push({ oid, time: commit.time })
  }
  for (const oid of held.haves) await mark(oid, 'held')
  for (const oid of wants) await mark(oid, 'wanted')
  const found: ObjectId[] = []
  for (let slop = SLOP; queue.length > 0 && slop > 0;) {
    const oid = queue.pop() as ObjectId
    const as = state.get(oid)
    const { parents } = (await objects.commit(oid)) ?? { parents: [] }
    if (as === 'held') {
      if (!held.shallow.has(oid)) for (const parent of parents) await mark(parent, 'held')
      if (wanted === 0) slop--
      continue
    }
    if (seen.has(oid)) continue
    seen.add(oid)
    wanted--
    found.push(oid)
    slop = SLOP
    if (!cut.has(oid)) for (const parent of parents) await mark(parent, 'wanted')
  }
  return {
    commits: found.filter((oid) => state.get(oid) === 'wanted'),
    cut,
    near: held.haves.slice(0, NEAR),
    isHeld: (oid) => state.get(oid) === 'held',
  }
}
