import type { ObjectId } from '../../format/object-id.ts'
import type { CommitInfo } from './objects.ts'

/** The commits that a walk has read and not yet passed, and how they hang together. */
export class HistoryGraph {
  readonly #commits = new Map<ObjectId, CommitInfo>()
  readonly #children = new Map<ObjectId, ObjectId[]>()
  /** Commits that were read without some of their parents; also those that were passed. */
  readonly #cut = new Map<ObjectId, readonly ObjectId[]>()

  get(oid: ObjectId): CommitInfo | undefined {
    return this.#commits.get(oid)
  }

  has(oid: ObjectId): boolean {
    return this.#commits.has(oid)
  }

  /** What the client has without parents (gitprotocol-pack, `shallow`). */
  get cut(): ObjectId[] {
    return [...this.#cut.keys()]
  }

  add(batch: ReadonlyMap<ObjectId, CommitInfo>): void {
    for (const commit of batch.values()) {
      if (this.#commits.has(commit.oid)) continue
      this.#commits.set(commit.oid, commit)
      this.#cut.set(commit.oid, commit.parents)
      for (const parent of commit.parents) {
        const children = this.#children.get(parent)
        if (children === undefined) this.#children.set(parent, [commit.oid])
        else children.push(commit.oid)
      }
    }
    for (const [oid, parents] of this.#cut) if (parents.every((parent) => this.has(parent))) this.#cut.delete(oid)
  }

  /** A commit that the walk has passed: so were its children, and nothing will ask for it again. */
  pass(oid: ObjectId): void {
    this.#commits.delete(oid)
    this.#children.delete(oid)
  }

  /** Commits that lead to one, itself left out. */
  above(oid: ObjectId): Set<ObjectId> {
    return this.#reach(oid, (at) => this.#children.get(at))
  }

  /** Commits that one leads to, itself left out. */
  below(oid: ObjectId): Set<ObjectId> {
    return this.#reach(oid, (at) => this.#commits.get(at)?.parents)
  }

  #reach(start: ObjectId, next: (oid: ObjectId) => readonly ObjectId[] | undefined): Set<ObjectId> {
    const found = new Set<ObjectId>()
    const open = [start]
    for (let oid = open.pop(); oid !== undefined; oid = open.pop()) {
      for (const one of next(oid) ?? []) {
        if (found.has(one) || !this.#commits.has(one)) continue
        found.add(one)
        open.push(one)
      }
    }
    return found
  }
}
