import { GitError } from '../../format/errors.ts'
import type { BaseName } from '../../format/entry-header.ts'
import type { ObjectFormat, ObjectId, ObjectType } from '../../format/object-id.ts'
import type { IndexedEntry } from '../../format/pack-index.ts'
import type { StoredObject } from '../pack/object-reader.ts'
import { checkObject } from './check-object.ts'
import { linksOf } from './links.ts'

/** A delta that was passed: what object it is, is not known yet. */
export interface PassedDelta {
  readonly offset: number
  readonly base: BaseName
  readonly crc32: number
}

/** An object of the pack, and where it is. */
export interface Entry extends IndexedEntry {
  readonly type: ObjectType
}

/** What is known of the objects of a pack so far. */
export class Contents {
  readonly #format: ObjectFormat
  readonly #entries = new Map<ObjectId, Entry>()
  /** What objects refer to, and as what: all that was not settled. */
  readonly #links = new Map<ObjectId, ObjectType>()
  readonly #typeOf: (oid: ObjectId) => Promise<ObjectType | undefined>
  readonly #announced: number

  /**
   * @param announced objects that the pack says it has
   * @param typeOf of an object that is there already
   */
  constructor(format: ObjectFormat, announced: number, typeOf: (oid: ObjectId) => Promise<ObjectType | undefined>) {
    this.#format = format
    this.#announced = announced
    this.#typeOf = typeOf
  }

  get entries(): Iterable<Entry> {
    return this.#entries.values()
  }

  get count(): number {
    return this.#entries.size
  }

  offsetOf(oid: ObjectId): number | undefined {
    return this.#entries.get(oid)?.offset
  }

  /** @throws GitError `Malformed` where it comes twice, as for git */
  add(entry: Entry): void {
    if (this.#entries.has(entry.oid)) throw new GitError('Malformed', `object ${entry.oid} comes twice in the pack`)
    this.#entries.set(entry.oid, entry)
  }

  /** @throws GitError `Malformed` for what git would not take either */
  async look(oid: ObjectId, object: StoredObject): Promise<void> {
    checkObject(oid, object, this.#format)
    for (const link of linksOf(object, this.#format)) {
      const before = this.#links.get(link.oid)
      if (before !== undefined && before !== link.type) throw mistaken(link.oid, before, link.type)
      this.#links.set(link.oid, link.type)
    }
    // Of what is not here already, the pack can hold so many and no more.
    if (this.#links.size > 2 * this.#announced + FEW && (await this.missing()).size > this.#announced)
      throw new GitError('Malformed', 'the pack refers to more objects than it has and are here')
  }

  /** What is referred to and neither in the pack nor there already. @throws GitError `Malformed` where it is there and something else */
  async missing(): Promise<ReadonlySet<ObjectId>> {
    for (const [oid, type] of this.#links) {
      const found = this.#entries.get(oid)?.type ?? (await this.#typeOf(oid))
      if (found === undefined) continue
      if (found !== type) throw mistaken(oid, type, found)
      this.#links.delete(oid)
    }
    return new Set(this.#links.keys())
  }
}

/** Links that it costs nothing to hold. */
const FEW = 10_000

const mistaken = (oid: ObjectId, as: ObjectType, type: ObjectType): GitError =>
  new GitError('Malformed', `${oid} is a ${type}, and something refers to it as to a ${as}`, { oid })
