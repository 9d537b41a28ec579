import { LRUCache } from 'lru-cache'
import { applyDelta } from '../../format/delta.ts'
import type { BaseName } from '../../format/entry-header.ts'
import type { ObjectType } from '../../format/object-id.ts'
import { overLimit } from '../../format/over-limit.ts'
import type { EntryReader, PlacedEntry } from './entry-reader.ts'

export interface StoredObject {
  readonly type: ObjectType
  readonly bytes: Buffer
}

export interface ObjectReaderOptions {
  readonly entries: EntryReader
  /** Where the entry is that a delta is against. */
  readonly baseOf: (base: BaseName) => number
  /** Bytes of one object. */
  readonly maxObjectBytes: number
  /** Deltas on deltas. */
  readonly maxDeltaDepth: number
  /** Bytes of objects that are kept, since deltas of the same chain ask for them again and again. */
  readonly cacheBytes: number
}

/** What objects of a pack are, deltas applied. */
export class ObjectReader {
  readonly #options: ObjectReaderOptions
  readonly #cache: LRUCache<number, StoredObject>

  constructor(options: ObjectReaderOptions) {
    this.#options = options
    const { cacheBytes } = options
    this.#cache = new LRUCache({ maxSize: cacheBytes, sizeCalculation: ({ bytes }) => bytes.length + 100 })
  }

  /** @throws GitError `Malformed`, `LimitExceeded` */
  async objectAt(offset: number): Promise<StoredObject> {
    const { entries, maxObjectBytes } = this.#options
    // Of the deltas themselves one is held at a time: those of a chain can be as large as all of the pack.
    const deltas: PlacedEntry[] = []
    let at = offset
    let found = this.#cache.get(at)
    while (found === undefined) {
      const entry = await entries.entryAt(at)
      if (typeof entry.kind === 'string') {
        found = { type: entry.kind, bytes: await entries.dataOf(entry) }
        this.#cache.set(at, found)
      } else {
        deltas.push(entry)
        at = this.#base(entry.kind, deltas.length)
        found = this.#cache.get(at)
      }
    }
    for (const delta of deltas.toReversed()) {
      found = { type: found.type, bytes: applyDelta(found.bytes, await entries.dataOf(delta), maxObjectBytes) }
      this.#cache.set(delta.offset, found)
    }
    return found
  }

  /** Found by headers alone. @throws GitError `Malformed`, `LimitExceeded` */
  async typeAt(offset: number): Promise<ObjectType> {
    for (let at = offset, depth = 1; ; depth++) {
      const known = this.#cache.get(at)?.type
      if (known !== undefined) return known
      const { kind } = await this.#options.entries.entryAt(at)
      if (typeof kind === 'string') return kind
      at = this.#base(kind, depth)
    }
  }

  #base(name: BaseName, depth: number): number {
    const { baseOf, maxDeltaDepth } = this.#options
    if (depth > maxDeltaDepth) throw overLimit('maxDeltaDepth', maxDeltaDepth, depth)
    return baseOf(name)
  }
}
