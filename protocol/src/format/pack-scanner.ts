import { createHash } from '#platform/hash'
import { inflateObject, InflateStream } from '#platform/zlib'
import { ByteReader } from './byte-reader.ts'
import { GitError } from './errors.ts'
import type { ObjectFormat, ObjectId, ObjectType } from './object-id.ts'
import { PACK_HEADER_BYTES, readPackHeader } from './pack-header.ts'
import { overLimit } from './over-limit.ts'
import type { PackLimits } from './pack-limits.ts'
import { PieceSize } from './piece-size.ts'

/** How a delta names its base. */
export type BaseName = { readonly baseOffset: number } | { readonly baseOid: ObjectId }

/** What stands before the data of an object. */
export interface EntryHeader {
  /** From the start of the pack. */
  readonly offset: number
  readonly kind: ObjectType | BaseName
  /** Bytes of the data, inflated. */
  readonly size: number
}

const TYPES: Readonly<Record<number, ObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' }
const OFS_DELTA = 6
const REF_DELTA = 7
/** What zlib adds to bytes that it cannot make shorter, for those that are inflated at once. */
const ZLIB_OVERHEAD = 64
/** Compression never makes an object much longer; only a stream of empty blocks goes on and on. */
const MAX_COMPRESSION_SLACK = 1 << 20
/** Mostly enough of the input to inflate a small object at the first attempt. */
const FIRST_ATTEMPT = 4096
/** Beyond, an object is inflated as it arrives: trying again from its start would cost too much. */
const AT_ONCE = 256 << 10

/** The framing of a pack (gitformat-pack, version 2): header, entries one after another, trailer. */
export class PackScanner {
  readonly #input: ByteReader
  readonly #format: ObjectFormat
  readonly #limits: PackLimits
  readonly #digest
  #offset = 0

  constructor(chunks: AsyncIterable<Uint8Array>, format: ObjectFormat, limits: PackLimits) {
    this.#input = new ByteReader(chunks)
    this.#format = format
    this.#limits = limits
    this.#digest = createHash(format.name)
  }

  /** @returns the number of entries */
  async start(): Promise<number> {
    if (!(await this.#input.fill(PACK_HEADER_BYTES))) throw tooShort()
    const count = readPackHeader(this.#input.held)
    if (count === undefined) throw new GitError('Malformed', 'the answer holds no pack that this version can read')
    const { maxObjects } = this.#limits
    if (count > maxObjects) throw overLimit('maxObjects', maxObjects, count)
    this.#consume(PACK_HEADER_BYTES)
    return count
  }

  /** The next entry; its data must be taken by {@link whole} or {@link pieces} before the one after. */
  async entry(): Promise<EntryHeader> {
    if (await this.#input.atEnd()) throw tooShort()
    for (let enough = true; enough; enough = await this.#input.fill(this.#input.held.length + 1)) {
      const head = new Head(this.#input.held)
      const { kind, size } = readHeader(head, this.#offset, this.#format)
      if (!head.short) {
        const offset = this.#offset
        this.#consume(head.at)
        return { offset, kind, size }
      }
    }
    throw tooShort()
  }

  /** An entry's data, in memory. */
  async whole(size: number): Promise<Buffer> {
    const { maxObjectBytes } = this.#limits
    if (size > maxObjectBytes) throw overLimit('maxObjectBytes', maxObjectBytes, size)
    if (size > AT_ONCE) {
      const pieces: Buffer[] = []
      for await (const piece of this.pieces(size)) pieces.push(piece)
      return Buffer.concat(pieces, size)
    }
    let need = Math.min(size, FIRST_ATTEMPT) + ZLIB_OVERHEAD
    for (;;) {
      const enough = await this.#input.fill(need)
      const { held } = this.#input
      const inflated = inflateObject(held, size)
      if (inflated) {
        this.#consume(inflated.consumed)
        return inflated.bytes
      }
      if (!enough) throw malformed('the pack ends inside an object')
      checkCompression(held.length, size)
      need = Math.max(held.length * 2, size + ZLIB_OVERHEAD)
    }
  }

  /** An entry's data as it arrives. */
  async *pieces(size: number): AsyncGenerator<Buffer> {
    const engine = new InflateStream()
    const piece = new PieceSize()
    let taken = 0
    let given = 0
    try {
      for (let ended = false; !ended;) {
        if (!(await this.#input.fill(1))) throw malformed('the pack ends inside an object')
        const step = await engine.write(this.#input.held.subarray(0, piece.bytes))
        piece.learn(step.output)
        this.#consume(step.consumed)
        taken += step.consumed
        checkCompression(taken, size)
        for (const bytes of step.output) {
          given += bytes.length
          if (given > size) throw malformed(`an object of the pack inflates to more than the ${size} bytes it declares`)
          yield bytes
        }
        ended = step.ended
      }
    } finally {
      engine.close()
    }
    if (given !== size) throw malformed(`an object of the pack holds ${given} bytes, not the ${size} it declares`)
  }

  async trailer(): Promise<void> {
    const expected = this.#digest.digest('hex')
    const actual = (await this.#input.take(this.#format.size)).toString('hex')
    if (actual !== expected) throw new GitError('Malformed', 'the checksum of the pack is wrong', { expected, actual })
    if (!(await this.#input.atEnd())) throw malformed('bytes follow the checksum of the pack')
  }

  #consume(count: number): void {
    this.#digest.update(this.#input.held.subarray(0, count))
    this.#input.skip(count)
    this.#offset += count
  }
}

/** Reads what may not be there yet: past the end everything is 0, and `short` says so. */
class Head {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get short(): boolean {
    return this.at > this.bytes.length
  }

  byte(): number {
    return this.bytes[this.at++] ?? 0
  }

  hex(count: number): string {
    return this.bytes.toString('hex', this.at, (this.at += count))
  }
}

function readHeader(head: Head, offset: number, format: ObjectFormat): Omit<EntryHeader, 'offset'> {
  const first = head.byte()
  let size = first & 0x0f
  for (let more = first & 0x80, scale = 16; more; scale *= 128) {
    const next = head.byte()
    more = next & 0x80
    size += (next & 0x7f) * scale
    if (!Number.isSafeInteger(size)) throw malformed('an object of the pack declares an impossible size')
  }
  const type = (first >> 4) & 7
  if (type === OFS_DELTA) return { kind: { baseOffset: offset - backwards(head) }, size }
  if (type === REF_DELTA) return { kind: { baseOid: head.hex(format.size) }, size }
  const kind = TYPES[type]
  if (kind === undefined) throw malformed(`the pack holds an object of type ${type}, which does not exist`)
  return { kind, size }
}

/** The offset encoding of OBJ_OFS_DELTA: each continuation adds one. */
function backwards(head: Head): number {
  let next = head.byte()
  let value = next & 0x7f
  while (next & 0x80) {
    next = head.byte()
    value = (value + 1) * 128 + (next & 0x7f)
    if (!Number.isSafeInteger(value)) throw malformed('a delta points to an impossible offset')
  }
  return value
}

function checkCompression(taken: number, size: number): void {
  if (taken <= 2 * size + MAX_COMPRESSION_SLACK) return
  throw malformed(`an object of ${size} bytes takes more than twice as many bytes of the pack`)
}

function malformed(message: string): GitError {
  return new GitError('Malformed', message)
}

const tooShort = (): GitError => malformed('the pack ends too early')
