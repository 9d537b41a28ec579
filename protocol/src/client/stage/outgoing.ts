import { objectId } from '../../format/object-id.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { PackContents } from '../push.ts'
import type { Snapshot } from '../snapshot.ts'
import { proveComplete } from './prove-complete.ts'
import type { NewObject, NewObjects } from './write-trees.ts'

/** What commits have brought that the server does not have yet. */
export class Outgoing {
  readonly #objects: NewObjects = new Map()
  /** What deltas of contents are made against: the server has these. */
  readonly #deltaBases = new Set<ObjectId>()

  get(oid: ObjectId): NewObject | undefined {
    return this.#objects.get(oid)
  }

  /**
   * @param after the commit's tree
   * @param added objects that this tree has and the one before had not
   * @param base the branch with every tree that the server has shown
   * @returns the id of the commit
   */
  add(commit: Buffer, after: Snapshot, added: NewObjects, base: Snapshot): ObjectId {
    const { format, root } = after
    for (const [oid, object] of added) {
      // What comes back would be a delta of its own delta, which no server can resolve.
      if (this.#objects.has(oid) || base.trees.has(oid) || this.#deltaBases.has(oid)) continue
      this.#objects.set(oid, object)
      if (object.entry.type === 'ref-delta') this.#deltaBases.add(object.entry.base)
    }
    if (root === format.emptyTree) this.#objects.set(root, { entry: { type: 'tree', bytes: Buffer.alloc(0) } })
    const oid = objectId(format, 'commit', commit)
    this.#objects.set(oid, { entry: { type: 'commit', bytes: commit } })
    return oid
  }

  /**
   * Everything as a pack that leaves the server lacking nothing.
   * @throws GitError `IncompletePack`
   */
  pack(base: Snapshot): PackContents {
    proveComplete(this.#objects, base)
    const all = [...this.#objects.values()]
    return { thin: all.map(({ entry }) => entry), whole: all.map(({ entry, whole }) => whole ?? entry) }
  }

  clear(): void {
    this.#objects.clear()
    this.#deltaBases.clear()
  }
}
