import { createHash } from '#platform/hash'
import { inflateObject, InflateStream } from '#platform/zlib'
import type { ByteReader } from './byte-reader.ts'
import { GitError } from './errors.ts'
import { readEntryHeader } from './entry-header.ts'
import type { EntryHeader } from './entry-header.ts'
import type { ObjectFormat } from './object-id.ts'
import { PACK_HEADER_BYTES, readPackHeader } from './pack-header.ts'
import { overLimit } from './over-limit.ts'
import type { PackLimits } from './pack-limits.ts'
import { PieceSize } from './piece-size.ts'

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
  readonly #onBytes: ((bytes: Buffer) => void) | undefined
  readonly #digest
  #offset = 0

  /** @param onBytes is given all bytes of the pack, in order, each part before what is made of it */
  constructor(
    input: ByteReader,
    {
      format,
      limits,
      onBytes,
    }: { readonly format: ObjectFormat; readonly limits: PackLimits; readonly onBytes?: (bytes: Buffer) => void },
  ) {
    this.#input = input
    this.#format = format
    this.#limits = limits
    this.#onBytes = onBytes
    this.#digest = createHash(format.name)
  }

  /** @returns the number of entries */
  async start(): Promise<number> {
    if (!(await this.#input.fill(PACK_HEADER_BYTES))) throw tooShort()
    const count = readPackHeader(this.#input.held)
    if (count === undefined) throw new GitError('Malformed', 'this is no pack that this version can read')
    const { maxObjects } = this.#limits
    if (count > maxObjects) throw overLimit('maxObjects', maxObjects, count)
    this.#consume(PACK_HEADER_BYTES)
    return count
  }

  /** The next entry; its data must be taken by {@link whole} or {@link pieces} before the one after. */
  async entry(): Promise<EntryHeader> {
    if (await this.#input.atEnd()) throw tooShort()
    for (let enough = true; enough; enough = await this.#input.fill(this.#input.held.length + 1)) {
      const read = readEntryHeader(this.#input.held, this.#offset, this.#format)
      if (read !== undefined) {
        this.#consume(read.length)
        return read.header
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

  /** Reads to the end of the pack, and not beyond: whoever sent it may be waiting for an answer. @returns the checksum, hex */
  async trailer(): Promise<string> {
    const expected = this.#digest.digest('hex')
    const bytes = await this.#input.take(this.#format.size)
    const actual = bytes.toString('hex')
    if (actual !== expected) throw new GitError('Malformed', 'the checksum of the pack is wrong', { expected, actual })
    this.#onBytes?.(bytes)
    return actual
  }

  #consume(count: number): void {
    const bytes = this.#input.held.subarray(0, count)
    this.#digest.update(bytes)
    this.#onBytes?.(bytes)
    this.#input.skip(count)
    this.#offset += count
  }
}

function checkCompression(taken: number, size: number): void {
  if (taken <= 2 * size + MAX_COMPRESSION_SLACK) return
  throw malformed(`an object of ${size} bytes takes more than twice as many bytes of the pack`)
}

function malformed(message: string): GitError {
  return new GitError('Malformed', message)
}

const tooShort = (): GitError => malformed('the pack ends too early')
