import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { entrySpans, Mode } from '../../format/tree.ts'
import type { ObjectStore } from '../pack/object-store.ts'
import { sizeOf } from '../pack/size-of.ts'
import type { Filter } from './filter.ts'
import type { CommitSelection } from './select-commits.ts'

export interface ObjectSelection {
  readonly objects: ReadonlySet<ObjectId>
  /** Objects in whose place others are sent: the client has them, and deltas against them serve it. */
  readonly held: ReadonlySet<ObjectId>
}

/** Parents with which a commit is compared. A merge may have thousands, and all of their trees are read at once. */
const MAX_PARENTS = 16

/**
 * The objects of the commits that are sent, as far as their parents have not the same in the same place.
 * @param asked objects that were asked for by their ids and are no commits
 */
export async function selectObjects(
  objects: ObjectStore,
  { commits, cut, near, isHeld }: CommitSelection,
  { asked, filter }: { readonly asked: readonly ObjectId[]; readonly filter: Filter },
): Promise<ObjectSelection> {
  const selection = new Set<ObjectId>(asked)
  const held = new Set<ObjectId>()
  const trees = new Trees(objects, filter, selection, held)
  if (filter.only === undefined || filter.only === 'commit') for (const oid of commits) selection.add(oid)
  for (const oid of asked) if ((await objects.typeOf(oid)) === 'tree') await trees.add(oid, [])
  if (filter.only === 'commit' || filter.only === 'tag' || filter.depth === 0) return { objects: selection, held }
  const before = async (oids: readonly ObjectId[], isOurs: (oid: ObjectId) => boolean): Promise<Before[]> => {
    const found = new Map<ObjectId, Before>()
    for (const oid of oids) {
      const { tree } = (await objects.commit(oid)) ?? {}
      if (tree !== undefined) found.set(tree, { oid: tree, isHeld: isOurs(oid) || found.get(tree)?.isHeld === true })
    }
    return [...found.values()]
  }
  const nearby = await before(near, () => true)
  for (const oid of commits) {
    const commit = await objects.commit(oid)
    if (commit === undefined) continue
    const parents = cut.has(oid) ? [] : commit.parents.slice(0, MAX_PARENTS)
    await trees.add(commit.tree, parents.length === 0 ? nearby : await before(parents, isHeld))
  }
  return { objects: selection, held }
}

/** What was in the same place in a parent. */
interface Before {
  readonly oid: ObjectId
  readonly isHeld: boolean
}

interface Entry {
  readonly oid: ObjectId
  readonly mode: number
}

class Trees {
  readonly #objects: ObjectStore
  readonly #filter: Filter
  readonly #selection: Set<ObjectId>
  readonly #held: Set<ObjectId>
  /** Trees of which everything is sent, with their level: the same one further up shows more. */
  readonly #whole = new Map<ObjectId, number>()

  constructor(objects: ObjectStore, filter: Filter, selection: Set<ObjectId>, held: Set<ObjectId>) {
    this.#objects = objects
    this.#filter = filter
    this.#selection = selection
    this.#held = held
  }

  async add(root: ObjectId, before: readonly Before[]): Promise<void> {
    const queue: { readonly oid: ObjectId; readonly before: readonly Before[]; readonly level: number }[] = [
      { oid: root, before, level: 0 },
    ]
    const { depth, only } = this.#filter
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const { oid, before, level } = next
      if (before.some((other) => other.oid === oid)) continue
      if ((this.#whole.get(oid) ?? Number.POSITIVE_INFINITY) <= level) continue
      if (before.length === 0) this.#whole.set(oid, level)
      if (only === undefined || only === 'tree') this.#selection.add(oid)
      for (const other of before) if (other.isHeld) this.#held.add(other.oid)
      if (level + 1 >= depth) continue
      const earlier = await Promise.all(
        before.map(async (other) => ({ ...other, entries: await this.#read(other.oid) })),
      )
      for (const [name, entry] of await this.#read(oid)) {
        const there = earlier.flatMap(({ entries, isHeld }) => {
          const same = entries.get(name)
          return same === undefined || (same.mode === Mode.tree) !== (entry.mode === Mode.tree)
            ? []
            : [{ oid: same.oid, isHeld }]
        })
        if (entry.mode === Mode.gitlink || there.some((other) => other.oid === entry.oid)) continue
        if (entry.mode === Mode.tree) queue.push({ oid: entry.oid, before: there, level: level + 1 })
        else await this.#addBlob(entry.oid, there)
      }
    }
  }

  async #addBlob(oid: ObjectId, before: readonly Before[]): Promise<void> {
    const { blobLimit, only } = this.#filter
    if (blobLimit === 0 || this.#selection.has(oid) || (only !== undefined && only !== 'blob')) return
    if (blobLimit !== Number.POSITIVE_INFINITY) {
      const at = this.#objects.locate(oid)
      const pack = at && this.#objects.packs[at.pack]
      if (at !== undefined && pack !== undefined && (await sizeOf(pack, at.offset)) >= blobLimit) return
    }
    this.#selection.add(oid)
    for (const other of before) if (other.isHeld) this.#held.add(other.oid)
  }

  async #read(oid: ObjectId): Promise<ReadonlyMap<string, Entry>> {
    const { bytes } = await this.#objects.read(oid)
    return entriesOf(bytes, this.#objects.format)
  }
}

function entriesOf(tree: Buffer, format: ObjectFormat): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const { mode, rawName, oidStart, end } of entrySpans(tree, format))
    entries.set(rawName, { mode, oid: tree.toString('hex', oidStart, end) })
  return entries
}
