import type { ObjectId } from '../../format/object-id.ts'
import type { Session } from '../session.ts'
import type { Snapshot } from '../snapshot.ts'
import { applyChanges } from './apply-changes.ts'
import type { Change } from './changes.ts'
import type { KnownContents } from './known-contents.ts'
import { writeTrees } from './write-trees.ts'
import type { NewObjects } from './write-trees.ts'

/** What changes make of a commit. */
export interface Staged {
  /** The commit as it was, with the trees that the changes needed. */
  readonly before: Snapshot
  /** The same with the new trees and their root. */
  readonly after: Snapshot
  readonly added: NewObjects
}

/** Changes that no commit holds yet, in their order. */
export class Stage {
  readonly #known: KnownContents
  readonly #changes: Change[] = []
  #dropped = 0
  /** Kept until something else is asked: who looks often makes the changes once. */
  #latest: { readonly snapshot: Snapshot; readonly end: number; readonly staged: Promise<Staged> } | undefined

  /** @param known contents that new ones may be compared with */
  constructor(known: KnownContents) {
    this.#known = known
  }

  get isEmpty(): boolean {
    return this.#changes.length === 0
  }

  /** How many changes there have ever been. */
  get end(): number {
    return this.#dropped + this.#changes.length
  }

  /** Whether a change before `end` waits for a commit. */
  hasBefore(end: number): boolean {
    return this.#dropped < end
  }

  add(change: Change): void {
    this.#changes.push(change)
  }

  /** Forgets the changes before `end`: a commit holds them, or nobody wants them any more. */
  drop(end: number): void {
    this.#changes.splice(0, end - this.#dropped)
    this.#dropped = end
    this.#latest = undefined
  }

  /**
   * Makes the changes before `end` on a snapshot.
   * @param shown see {@link applyChanges}
   * @throws GitError as {@link applyChanges}
   */
  async on(session: Session, snapshot: Snapshot, shown: ObjectId | null, end: number): Promise<Staged> {
    if (this.#latest?.snapshot !== snapshot || this.#latest.end !== end) {
      const changes = this.#changes.slice(0, end - this.#dropped)
      this.#latest = { snapshot, end, staged: stage(session, snapshot, shown, changes, this.#known) }
    }
    const latest = this.#latest
    try {
      return await latest.staged
    } catch (error) {
      if (this.#latest === latest) this.#latest = undefined
      throw error
    }
  }
}

async function stage(
  session: Session,
  snapshot: Snapshot,
  shown: ObjectId | null,
  changes: readonly Change[],
  known: KnownContents,
): Promise<Staged> {
  const tree = await applyChanges(session, snapshot, shown, changes)
  const before = tree.snapshot
  const added: NewObjects = new Map()
  const root = writeTrees(tree, added, known)
  const trees = new Map(before.trees)
  for (const [oid, object] of added) if (object.tree !== undefined) trees.set(oid, object.tree.bytes)
  return { before, after: before.withTrees(trees).at({ root }), added }
}
