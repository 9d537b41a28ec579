import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { ObjectStore } from '../pack/object-store.ts'
import type { FetchRequest } from './fetch-request.ts'

/** Where the history that is sent ends (gitprotocol-v2, "shallow-info"). */
export interface Boundary {
  /** Commits whose parents are not sent. */
  readonly cut: ReadonlySet<ObjectId>
  /** Of these, those that the client does not know yet. */
  readonly shallow: readonly ObjectId[]
  /** Commits that the client has without their parents, which it gets now. */
  readonly unshallow: readonly ObjectId[]
  /** What is wanted besides: those parents. */
  readonly wants: readonly ObjectId[]
}

/** `git fetch --unshallow` asks for so many. */
const ALL = 0x7fffffff

/** @param tips commits that are wanted */
export async function boundary(
  objects: ObjectStore,
  request: FetchRequest,
  tips: readonly ObjectId[],
): Promise<Boundary> {
  const { shallow: own, deepen } = request
  if (deepen === undefined) return { cut: own, shallow: [], unshallow: [], wants: [] }
  const reached =
    'depth' in deepen
      ? await byDepth(objects, deepen, tips, own)
      : await byWalk(objects, tips, { ...deepen, not: await tipsOf(objects, deepen.not) })
  const unshallow = [...own].filter((oid) => reached.inside.has(oid) && !reached.cut.has(oid))
  const parents = await Promise.all(unshallow.map(async (oid) => (await objects.commit(oid))?.parents ?? []))
  const kept = own.difference(new Set(unshallow))
  return {
    cut: new Set([...reached.cut, ...kept]),
    shallow: [...reached.cut].filter((oid) => !own.has(oid)),
    unshallow,
    wants: parents.flat(),
  }
}

interface Reached {
  readonly inside: ReadonlySet<ObjectId>
  readonly cut: ReadonlySet<ObjectId>
}

/** Generation by generation; the last one is cut off where it has parents. */
async function byDepth(
  objects: ObjectStore,
  { depth, isRelative }: { readonly depth: number; readonly isRelative: boolean },
  tips: readonly ObjectId[],
  own: ReadonlySet<ObjectId>,
): Promise<Reached> {
  const inside = new Set<ObjectId>()
  const cut = new Set<ObjectId>()
  let generation: readonly ObjectId[] = isRelative && own.size > 0 ? [...own] : tips
  let left = isRelative && own.size > 0 ? depth + 1 : depth
  if (left >= ALL) left = Number.POSITIVE_INFINITY
  for (; generation.length > 0; left--) {
    const next: ObjectId[] = []
    for (const oid of generation) {
      if (inside.has(oid)) continue
      const commit = await objects.commit(oid)
      if (commit === undefined) continue
      inside.add(oid)
      if (left > 1) next.push(...commit.parents)
      else if (commit.parents.length > 0) cut.add(oid)
    }
    if (left <= 1) break
    generation = next
  }
  return { inside, cut }
}

/** All that is not older, and not behind what is left out; cut off where a parent is. */
async function byWalk(
  objects: ObjectStore,
  tips: readonly ObjectId[],
  { since, not }: { readonly since: number | undefined; readonly not: readonly ObjectId[] },
): Promise<Reached> {
  const left = await ancestors(objects, not, () => true)
  const isIn = (oid: ObjectId, time: number): boolean => !left.has(oid) && (since === undefined || time >= since)
  const inside = await ancestors(objects, tips, isIn)
  if (inside.size === 0) throw new GitError('RefNotFound', 'no commits selected for shallow requests')
  const cut = new Set<ObjectId>()
  for (const oid of inside) {
    const { parents = [] } = (await objects.commit(oid)) ?? {}
    if (parents.some((parent) => !inside.has(parent))) cut.add(oid)
  }
  return { inside, cut }
}

async function ancestors(
  objects: ObjectStore,
  tips: readonly ObjectId[],
  isIn: (oid: ObjectId, time: number) => boolean,
): Promise<Set<ObjectId>> {
  const found = new Set<ObjectId>()
  const queue = [...tips]
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (found.has(oid)) continue
    const commit = await objects.commit(oid)
    if (commit === undefined || !isIn(oid, commit.time)) continue
    found.add(oid)
    queue.push(...commit.parents)
  }
  return found
}

async function tipsOf(objects: ObjectStore, oids: readonly ObjectId[]): Promise<ObjectId[]> {
  return await Promise.all(oids.map(async (oid) => (await objects.peel(oid)).oid))
}
