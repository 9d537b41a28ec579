import { inflateObject, InflateStream } from '#platform/zlib'
import { MAX_HEADER_BYTES, readEntryHeader } from '../../format/entry-header.ts'
import type { EntryHeader } from '../../format/entry-header.ts'
import { GitError } from '../../format/errors.ts'
import type { ObjectFormat } from '../../format/object-id.ts'
import { overLimit } from '../../format/over-limit.ts'
import type { RandomAccess } from './random-access.ts'

/** One entry of a pack, and where its data is. */
export interface PlacedEntry extends EntryHeader {
  /** Where the zlib stream begins. */
  readonly dataStart: number
}

const READ_AHEAD = 4096
const PIECE = 256 << 10

/** Where the entries of a pack are, and what is in them. Deltas are as they stand there. */
export class EntryReader {
  readonly #file: RandomAccess
  readonly #format: ObjectFormat
  readonly #maxObjectBytes: number

  constructor(file: RandomAccess, format: ObjectFormat, maxObjectBytes: number) {
    this.#file = file
    this.#format = format
    this.#maxObjectBytes = maxObjectBytes
  }

  /** @throws GitError `Malformed` */
  async entryAt(offset: number): Promise<PlacedEntry> {
    const length = Math.min(MAX_HEADER_BYTES, this.#file.size - offset)
    const read = readEntryHeader(await this.#file.read(offset, length), offset, this.#format)
    if (read === undefined) throw new GitError('Malformed', `the pack ends inside the entry at ${offset}`)
    return { ...read.header, dataStart: offset + read.length }
  }

  /** The data of an entry, inflated. @throws GitError `Malformed`, `LimitExceeded` */
  async dataOf({ dataStart, size }: PlacedEntry): Promise<Buffer> {
    if (size > this.#maxObjectBytes) throw overLimit('maxObjectBytes', this.#maxObjectBytes, size)
    const left = this.#file.size - dataStart
    for (let length = Math.min(left, READ_AHEAD + Math.ceil(size / 2)); ; length = Math.min(left, length * 2)) {
      const inflated = inflateObject(await this.#file.read(dataStart, length), size)
      if (inflated !== undefined) return inflated.bytes
      if (length === left) throw new GitError('Malformed', `the pack ends inside the object at ${dataStart}`)
    }
  }

  /** As {@link EntryReader.dataOf}, piece by piece, of any size. */
  async *piecesOf({ dataStart, size }: PlacedEntry): AsyncGenerator<Buffer> {
    const engine = new InflateStream()
    try {
      let given = 0
      for (let at = dataStart, ended = false; !ended;) {
        const length = Math.min(PIECE, this.#file.size - at)
        if (length <= 0) throw new GitError('Malformed', `the pack ends inside the object at ${dataStart}`)
        const step = await engine.write(await this.#file.read(at, length))
        at += step.consumed
        ended = step.ended
        for (const bytes of step.output) {
          given += bytes.length
          if (given > size) throw new GitError('Malformed', `the object at ${dataStart} is larger than it declares`)
          yield bytes
        }
      }
    } finally {
      engine.close()
    }
  }

  /** Bytes of the pack as they stand there. */
  async *raw(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; at += PIECE) yield await this.#file.read(at, Math.min(PIECE, end - at))
  }
}
