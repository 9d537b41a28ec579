import { GitError } from '../../format/errors.ts'
import type { BaseName } from '../../format/entry-header.ts'
import type { ObjectFormat, ObjectId, ObjectType } from '../../format/object-id.ts'
import { PackIndex } from '../../format/pack-index.ts'
import { EntryReader } from './entry-reader.ts'
import type { PlacedEntry } from './entry-reader.ts'
import { ObjectReader } from './object-reader.ts'
import type { StoredObject } from './object-reader.ts'
import type { RandomAccess } from './random-access.ts'

/** Bytes of objects of one pack that are kept for the next delta. */
const CACHE_BYTES = 32 << 20

/** A pack that is complete in itself: every delta's base is in it. */
export class StoredPack {
  readonly index: PackIndex
  readonly entries: EntryReader
  readonly #file: RandomAccess
  readonly #objects: ObjectReader

  /** @throws GitError `Malformed` where the index is none */
  constructor(
    file: RandomAccess,
    index: Buffer,
    options: { readonly format: ObjectFormat; readonly maxObjectBytes: number },
  ) {
    const { format, maxObjectBytes } = options
    this.#file = file
    this.index = new PackIndex(index, format)
    this.entries = new EntryReader(file, format, maxObjectBytes)
    this.#objects = new ObjectReader({
      entries: this.entries,
      baseOf: (base) => this.baseOf(base),
      maxObjectBytes,
      // How deep they may be was asked when they came in: here they must only not lead in a circle.
      maxDeltaDepth: this.index.count,
      cacheBytes: CACHE_BYTES,
    })
  }

  /** Where the entry is that a delta is against. @throws GitError `Malformed` */
  baseOf(base: BaseName): number {
    if ('baseOffset' in base) return base.baseOffset
    const offset = this.index.offsetOf(base.baseOid)
    if (offset === undefined) throw new GitError('Malformed', `the base ${base.baseOid} of a delta is not in its pack`)
    return offset
  }

  /** @throws GitError `Malformed`, `LimitExceeded` */
  objectAt(offset: number): Promise<StoredObject> {
    return this.#objects.objectAt(offset)
  }

  /** Found by headers alone. @throws GitError `Malformed`, `LimitExceeded` */
  typeAt(offset: number): Promise<ObjectType> {
    return this.#objects.typeAt(offset)
  }

  /** The zlib stream of an entry, as it stands in the pack. */
  raw({ offset, dataStart }: PlacedEntry): AsyncGenerator<Buffer> {
    return this.entries.raw(dataStart, this.index.endOf(offset, this.#file.size))
  }

  offsetOf(oid: ObjectId): number | undefined {
    return this.index.offsetOf(oid)
  }
}
