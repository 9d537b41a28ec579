import type { ObjectId } from '../../format/object-id.ts'
import type { ObjectStore } from '../pack/object-store.ts'

/** Commits that one look whether it is enough goes through: beyond, the client is asked for more. */
const MAX_STEPS = 200_000

/** Whether everything that is wanted is, somewhere behind it, something that the client has: then it need not go on telling. */
export async function isEnough(
  objects: ObjectStore,
  wants: readonly ObjectId[],
  common: readonly ObjectId[],
): Promise<boolean> {
  if (common.length === 0) return false
  const has = new Set(common)
  const times = await Promise.all(common.map(async (oid) => (await objects.commit(oid))?.time ?? 0))
  const oldest = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  /** Those that lead to something that the client has are not gone through again, nor those that do not. */
  const seen = new Set<ObjectId>()
  let steps = 0
  for (const want of wants) {
    const { oid: tip, type } = await objects.peel(want)
    if (type !== 'commit') continue
    let isReached = false
    const queue = [tip]
    const mine = new Set<ObjectId>()
    for (let oid = queue.pop(); oid !== undefined && !isReached; oid = queue.pop()) {
      if (mine.has(oid)) continue
      mine.add(oid)
      if (++steps > MAX_STEPS) return false
      isReached = has.has(oid) || seen.has(oid)
      const commit = await objects.commit(oid)
      if (commit !== undefined && commit.time >= oldest) queue.push(...commit.parents)
    }
    if (!isReached) return false
    // What leads to one of these leads to what the client has.
    seen.add(tip)
  }
  return true
}
