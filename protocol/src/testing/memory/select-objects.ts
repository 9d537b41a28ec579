import type { ObjectId } from '../../format/object-id.ts'
import { parseTag } from '../../format/tag.ts'
import { Mode, parseTree } from '../../format/tree.ts'
import type { Filter } from './filter.ts'
import { commitOf } from './store.ts'
import type { Store } from './store.ts'

export interface Wanted {
  readonly wants: readonly ObjectId[]
  readonly haves: readonly ObjectId[]
  /** Commits whose parents the client lacks. */
  readonly shallow: readonly ObjectId[]
  readonly deepen: number
  readonly filter: Filter
}

export interface Selected {
  readonly objects: ReadonlySet<ObjectId>
  /** Commits that are sent without their parents. */
  readonly cut: readonly ObjectId[]
}

/** What a client lacks of what it wants. */
export function selectObjects(store: Store, wanted: Wanted): Selected {
  const objects = new Set<ObjectId>()
  const tips: ObjectId[] = []
  const trees: ObjectId[] = []
  for (const want of wanted.wants) {
    let oid = want
    let object = store.objects.get(oid)
    for (; object?.type === 'tag'; object = store.objects.get(oid)) {
      objects.add(oid)
      oid = parseTag(object.bytes).object
    }
    if (object?.type === 'commit') tips.push(oid)
    else {
      objects.add(oid)
      if (object?.type === 'tree') trees.push(oid)
    }
  }
  const held = heldCommits(store, wanted)
  const { commits, cut, edges } = commitsWithin(store, tips, wanted.deepen, held)
  const excluded = closure(store, [...wanted.haves, ...edges])
  for (const oid of commits) {
    objects.add(oid)
    const { tree } = commitOf(store, oid) ?? {}
    if (tree !== undefined && wanted.filter.depth > 0 && !excluded.has(tree)) trees.push(tree)
  }
  addTrees(store, trees, wanted.filter, excluded, objects)
  return { objects, cut }
}

/** Commits that the client has. */
function heldCommits(store: Store, { haves, shallow }: Wanted): Set<ObjectId> {
  const held = new Set<ObjectId>()
  const queue = [...haves]
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    const commit = commitOf(store, oid)
    if (commit === undefined || held.has(oid)) continue
    held.add(oid)
    if (!shallow.includes(oid)) queue.push(...commit.parents)
  }
  return held
}

interface Reached {
  readonly commits: readonly ObjectId[]
  readonly cut: readonly ObjectId[]
  /** Commits that the client has and whose children it gets. */
  readonly edges: readonly ObjectId[]
}

/** Commits so many generations from the tips on that are not held. */
function commitsWithin(store: Store, tips: readonly ObjectId[], depth: number, held: ReadonlySet<ObjectId>): Reached {
  const commits: ObjectId[] = []
  const cut: ObjectId[] = []
  const edges: ObjectId[] = []
  const seen = new Set<ObjectId>()
  let generation: readonly ObjectId[] = tips
  for (let left = depth; generation.length > 0 && left > 0; left--) {
    const next: ObjectId[] = []
    for (const oid of generation) {
      const commit = commitOf(store, oid)
      if (commit === undefined || seen.has(oid)) continue
      seen.add(oid)
      if (held.has(oid)) edges.push(oid)
      else commits.push(oid)
      if (left > 1) next.push(...commit.parents)
      else if (commit.parents.length > 0) cut.push(oid)
    }
    generation = next
  }
  return { commits, cut, edges }
}

/** All trees and files of commits. */
function closure(store: Store, commits: readonly ObjectId[]): Set<ObjectId> {
  const all = new Set<ObjectId>()
  const roots = commits.flatMap((oid) => commitOf(store, oid)?.tree ?? [])
  addTrees(store, roots, { blobs: true, depth: Number.POSITIVE_INFINITY }, new Set(), all)
  return all
}

function addTrees(
  store: Store,
  roots: readonly ObjectId[],
  filter: Filter,
  excluded: ReadonlySet<ObjectId>,
  into: Set<ObjectId>,
): void {
  // The same tree may be met again further up, where more of what is in it comes along.
  const levels = new Map<ObjectId, number>()
  const queue = roots.map((oid) => ({ oid, level: 0 }))
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { oid, level } = next
    const object = store.objects.get(oid)
    if (object?.type !== 'tree' || (levels.get(oid) ?? Number.POSITIVE_INFINITY) <= level) continue
    levels.set(oid, level)
    into.add(oid)
    if (level + 1 >= filter.depth) continue
    for (const { mode, oid: child } of parseTree(object.bytes, store.format)) {
      if (excluded.has(child)) continue
      if (mode === Mode.tree) queue.push({ oid: child, level: level + 1 })
      else if (mode !== Mode.gitlink && filter.blobs) into.add(child)
    }
  }
}
