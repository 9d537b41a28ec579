import type { ObjectId } from '../../format/object-id.ts'
import type { ObjectStore } from '../pack/object-store.ts'

/** Commits that one look whether it is enough goes through: beyond, the client is asked for more. */
const MAX_STEPS = 200_000

/** Whether everything that is wanted is, somewhere behind it, something that the client has: then it need not go on telling. */
export async function isEnough(
  objects: Pick<ObjectStore, 'commit' | 'peel'>,
  wants: readonly ObjectId[],
  common: readonly ObjectId[],
): Promise<boolean> {
  if (common.length === 0) return false
  const times = await Promise.all(common.map(async (oid) => (await objects.commit(oid))?.time ?? 0))
  const oldest = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  /** Commits that were gone through, and whether they lead to what the client has: none is gone through twice. */
  const leads = new Map<ObjectId, boolean>(common.map((oid) => [oid, true]))
  let steps = 0
  for (const want of wants) {
    const { oid: tip, type } = await objects.peel(want)
    if (type !== 'commit') continue
    /** The way from the tip, and at each commit of it the parents that were not tried. */
    const path: { readonly oid: ObjectId; readonly untried: ObjectId[] }[] = [{ oid: want, untried: [tip] }]
    for (let at = path.at(-1); leads.get(tip) !== true; at = path.at(-1)) {
      if (at === undefined || steps > MAX_STEPS) return false
      const next = at.untried.pop()
      if (next === undefined) path.pop()
      else if (leads.get(next) === true) for (const { oid } of path) leads.set(oid, true)
      else if (!leads.has(next)) {
        steps++
        leads.set(next, false)
        const commit = await objects.commit(next)
        const isOlder = commit === undefined || commit.time < oldest
        path.push({ oid: next, untried: isOlder ? [] : commit.parents.toReversed() })
      }
    }
  }
  return true
}
