import type { ObjectId } from '../../format/object-id.ts'
import type { CommitInfo } from '../read/objects.ts'

/** Of 32 bits each: 32 MiB. */
const MAX_WORDS = 1 << 23

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

  /**
   * Commits that lead to each of these. None when there are too many to tell within bounded memory and time, as a server
   * could make it.
   */
  aboveAll(oids: readonly ObjectId[]): Set<ObjectId> {
    const above = this.#reach(oids, (at) => this.#children.get(at))
    const words = Math.ceil(oids.length / 32)
    if (above.size * words > MAX_WORDS) return new Set()
    const bits = new Map(oids.map((oid, index) => [oid, index]))
    const certain = new Set<ObjectId>()
    const reached = new Map<ObjectId, Uint32Array>()
    for (const oid of this.#parentsFirst(above)) {
      const mask = new Uint32Array(words)
      for (const parent of this.#commits.get(oid)?.parents ?? []) {
        const bit = bits.get(parent)
        if (bit !== undefined) mask[bit >>> 5] = (mask[bit >>> 5] ?? 0) | (1 << (bit & 31))
        const inherited = reached.get(parent)
        if (inherited !== undefined) for (let i = 0; i < words; i++) mask[i] = (mask[i] ?? 0) | (inherited[i] ?? 0)
      }
      reached.set(oid, mask)
      if (bitCount(mask) === oids.length) certain.add(oid)
    }
    return certain
  }

  /** Commits that any of these leads to. */
  belowAny(oids: Iterable<ObjectId>): Set<ObjectId> {
    return this.#reach(oids, (at) => this.#commits.get(at)?.parents)
  }

  *#parentsFirst(within: ReadonlySet<ObjectId>): Generator<ObjectId> {
    const missing = new Map<ObjectId, number>()
    const ready: ObjectId[] = []
    for (const oid of within) {
      const count = (this.#commits.get(oid)?.parents ?? []).filter((parent) => within.has(parent)).length
      missing.set(oid, count)
      if (count === 0) ready.push(oid)
    }
    for (let oid = ready.pop(); oid !== undefined; oid = ready.pop()) {
      yield oid
      for (const child of this.#children.get(oid) ?? []) {
        const left = (missing.get(child) ?? 0) - 1
        missing.set(child, left)
        if (left === 0) ready.push(child)
      }
    }
  }

  /** From the starts on, these themselves left out unless another leads to them. */
  #reach(starts: Iterable<ObjectId>, next: (oid: ObjectId) => readonly ObjectId[] | undefined): Set<ObjectId> {
    const found = new Set<ObjectId>()
    const open = [...starts]
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

function bitCount(mask: Uint32Array): number {
  let count = 0
  for (const word of mask) for (let rest = word; rest !== 0; rest &= rest - 1) count++
  return count
}
