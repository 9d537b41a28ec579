import { LRUCache } from 'lru-cache'
import { applyDelta } from '../../format/delta.ts'
import type { BaseName } from '../../format/entry-header.ts'
import type { ObjectType } from '../../format/object-id.ts'
import { overLimit } from '../../format/over-limit.ts'
import type { EntryReader } from './entry-reader.ts'

export interface StoredObject {
  readonly type: ObjectType
  readonly bytes: Buffer
}

export interface ObjectReaderOptions {
  readonly entries: EntryReader
  /** The entry that a delta is against, or what it is against where that is not in the pack. */
  readonly baseOf: (base: BaseName) => number | StoredObject
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
    const { entries, baseOf, maxObjectBytes, maxDeltaDepth } = this.#options
    const deltas: { readonly offset: number; readonly bytes: Buffer }[] = []
    let at = offset
    let found = this.#cache.get(at)
    while (found === undefined) {
      const entry = await entries.entryAt(at)
      const bytes = await entries.dataOf(entry)
      if (typeof entry.kind === 'string') {
        found = { type: entry.kind, bytes }
        this.#cache.set(at, found)
        break
      }
      deltas.push({ offset: at, bytes })
      if (deltas.length > maxDeltaDepth) throw overLimit('maxDeltaDepth', maxDeltaDepth, deltas.length)
      const base = baseOf(entry.kind)
      if (typeof base !== 'number') found = base
      else {
        at = base
        found = this.#cache.get(at)
      }
    }
    for (const delta of deltas.toReversed()) {
      found = { type: found.type, bytes: applyDelta(found.bytes, delta.bytes, maxObjectBytes) }
      this.#cache.set(delta.offset, found)
    }
    return found
  }
}
