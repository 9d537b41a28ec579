import { GitError } from '../../format/errors.ts'
import type { BaseName } from '../../format/entry-header.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
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

/** What is known of the objects of a pack so far. */
export class Contents {
  readonly entries: IndexedEntry[] = []
  readonly #format: ObjectFormat
  readonly #offsets = new Map<ObjectId, number>()
  readonly #links = new Set<ObjectId>()

  constructor(format: ObjectFormat) {
    this.#format = format
  }

  offsetOf(oid: ObjectId): number | undefined {
    return this.#offsets.get(oid)
  }

  /** @throws GitError `Malformed` where it comes twice, as for git */
  add(entry: IndexedEntry): void {
    if (this.#offsets.has(entry.oid)) throw new GitError('Malformed', `object ${entry.oid} comes twice in the pack`)
    this.#offsets.set(entry.oid, entry.offset)
    this.entries.push(entry)
  }

  /** @throws GitError `Malformed` for what git would not take either */
  look(oid: ObjectId, object: StoredObject): void {
    checkObject(oid, object, this.#format)
    for (const link of linksOf(object, this.#format)) this.#links.add(link)
  }

  missing(): Set<ObjectId> {
    return new Set([...this.#links].filter((oid) => !this.#offsets.has(oid)))
  }
}
