import { createHash } from '#platform/hash'
import { deflateChunks, InflateStream } from '#platform/zlib'
import { GitError } from './errors.ts'
import type { ObjectFormat, ObjectId } from './object-id.ts'
import type { StreamedEntry } from './pack-writer.ts'
import { PieceSize } from './piece-size.ts'
import type { Spill } from './spill.ts'

/** A blob that waits to be sent. Usable until its spill is closed. */
export interface SpooledBlob extends StreamedEntry {
  readonly oid: ObjectId
}

export interface SpoolOptions {
  readonly format: ObjectFormat
  /** Where the compressed bytes wait. Nothing else may be put there meanwhile. */
  readonly spill: Spill
  /** Bytes that `chunks` give, where that is known: saves reading everything once more for the id. */
  readonly size?: number
}

/** What is read back at a time. */
const WINDOW = 1 << 16

/**
 * Compresses a blob of any size into the spill, and computes its id.
 * @throws GitError `InvalidInput` when `size` is not what `chunks` give; what the spill throws
 */
export async function spoolBlob(
  chunks: AsyncIterable<Uint8Array>,
  { format, spill, size: expected }: SpoolOptions,
): Promise<SpooledBlob> {
  const early = expected === undefined ? undefined : createHash(format.name).update(header(expected))
  let size = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      size += chunk.length
      early?.update(chunk)
      yield chunk
    }
  }
  let place: number | undefined
  let deflatedLength = 0
  for await (const chunk of deflateChunks(counted())) {
    const at = await spill.append(chunk)
    place ??= at
    deflatedLength += chunk.length
  }
  if (expected !== undefined && size !== expected) {
    throw new GitError('InvalidInput', `the content has ${size} bytes, not the ${expected} that size says`, {
      field: 'size',
      expected,
      actual: size,
    })
  }
  const start = place ?? 0
  async function* deflated(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < deflatedLength; at += WINDOW) {
      yield await spill.read(start + at, Math.min(WINDOW, deflatedLength - at))
    }
  }
  const hash = early ?? (await hashInflated(createHash(format.name).update(header(size)), deflated()))
  return { type: 'blob', oid: hash.digest('hex'), size, deflatedLength, deflated }
}

const header = (size: number): string => `blob ${size}\0`

/** The id begins with the size, which is known only in the end: the content is looked at once more. */
async function hashInflated<H extends { update(bytes: Uint8Array): unknown }>(
  hash: H,
  deflated: AsyncIterable<Uint8Array>,
): Promise<H> {
  const engine = new InflateStream()
  const piece = new PieceSize()
  try {
    for await (const chunk of deflated) {
      for (let at = 0; at < chunk.length;) {
        const input = chunk.subarray(at, at + piece.bytes)
        const { output } = await engine.write(input)
        for (const bytes of output) hash.update(bytes)
        piece.learn(output)
        at += input.length
      }
    }
  } finally {
    engine.close()
  }
  return hash
}
