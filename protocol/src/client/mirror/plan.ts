import type { ObjectId } from '../../format/object-id.ts'
import type { RefUpdate } from '../push-result.ts'
import type { Ref } from '../wire/ls-refs.ts'

/** Commits that the source is told the target has. More say little new, and each is a line of the question. */
const MAX_HAVES = 2000

/** What makes one repository's refs those of another. */
export interface MirrorPlan {
  /** In the order of names. */
  readonly updates: readonly RefUpdate[]
  /** Objects that the source has and the target may lack. */
  readonly wants: readonly ObjectId[]
  /** Objects that the target has, and the source may know. */
  readonly haves: readonly ObjectId[]
}

/** @param prune refs that the source lacks go */
export function planMirror(source: readonly Ref[], target: readonly Ref[], prune: boolean): MirrorPlan {
  const [wanted, present] = [tipsOf(source), tipsOf(target)]
  const updates: RefUpdate[] = []
  for (const [ref, oid] of wanted) {
    const old = present.get(ref) ?? null
    if (old !== oid) updates.push({ ref, old, new: oid })
  }
  if (prune) for (const [ref, old] of present) if (!wanted.has(ref)) updates.push({ ref, old, new: null })
  updates.sort((a, b) => (a.ref < b.ref ? -1 : 1))

  const held = new Set(target.flatMap(({ oid, peeled }) => [oid, peeled ?? null]))
  const wants = new Set(updates.map((update) => update.new).filter((oid) => oid !== null && !held.has(oid)))
  return { updates, wants: [...wants].filter((oid) => oid !== null), haves: havesOf(updates, source, target) }
}

const tipsOf = (refs: readonly Ref[]): Map<string, ObjectId> =>
  new Map(refs.flatMap(({ name, oid }) => (oid === null ? [] : [[name, oid] as const])))

/** First what moves, then what both have: these the source knows. The rest it may know. */
function havesOf(updates: readonly RefUpdate[], source: readonly Ref[], target: readonly Ref[]): ObjectId[] {
  const commits = (refs: readonly Ref[]): ObjectId[] => refs.flatMap(({ oid, peeled }) => peeled ?? oid ?? [])
  const moving = new Set(updates.filter(({ old }) => old !== null).map(({ ref }) => ref))
  const known = new Set(commits(source))
  const has = new Set([
    ...commits(target.filter(({ name }) => moving.has(name))),
    ...commits(target).filter((oid) => known.has(oid)),
    ...commits(target),
  ])
  return [...has].slice(0, MAX_HAVES)
}
