import { createHash } from '#platform/hash'
import { ByteReader } from './byte-reader.ts'
import { DeltaResolver } from './delta-resolver.ts'
import { GitError } from './errors.ts'
import type { ObjectFormat, ObjectId, ObjectType } from './object-id.ts'
import { overLimit } from './over-limit.ts'
import { MAX_BLOB_BYTES } from './pack-limits.ts'
import type { PackLimits } from './pack-limits.ts'
import { PackScanner } from './pack-scanner.ts'
import type { EntryHeader } from './entry-header.ts'
import type { Spill } from './spill.ts'

export type { PackLimits } from './pack-limits.ts'

export interface GitObject {
  readonly oid: ObjectId
  readonly type: ObjectType
  readonly bytes: Buffer
}

/** A blob while it arrives. */
export interface ArrivingBlob {
  readonly size: number
  /** Once through. What is left of it when the taker is done is passed over. */
  readonly chunks: AsyncIterable<Uint8Array>
}

/** A blob that somebody has taken while it arrived. */
export interface StreamedBlob<T> {
  readonly oid: ObjectId
  readonly type: 'blob'
  readonly size: number
  /** What {@link StreamingOptions.large} made of it. */
  readonly streamed: T
}

export interface ReadPackOptions {
  readonly format: ObjectFormat
  readonly limits: PackLimits
  /** Objects the reader has already: the bases of a thin pack. */
  readonly base?: (oid: ObjectId) => { readonly type: ObjectType; readonly bytes: Buffer } | undefined
  /** `skip` leaves out deltas whose base nobody has; `fail` (the default) refuses the pack. */
  readonly missingBase?: 'skip' | 'fail'
  /** Blobs are inflated, since a pack does not say where they end, and dropped; so are deltas without a base. Default false. */
  readonly skipBlobs?: boolean
  /** Opened when more than `maxHeldBytes` must be held, closed in the end. Default: none, exceeding it is an error. */
  readonly spill?: () => Spill
}

export interface StreamingOptions<T> extends ReadPackOptions {
  /**
   * Takes blobs larger than `streamAbove` that the pack holds whole. The id is known when the last byte is: an id that
   * is not the wanted one comes after the bytes, so nothing may be believed before {@link StreamedBlob} is yielded.
   */
  readonly large: (blob: ArrivingBlob) => Promise<T>
  /** Bytes. Default 1 MiB. */
  readonly streamAbove?: number
}

const STREAM_ABOVE = 1 << 20

/**
 * Reads a pack (gitformat-pack, version 2) from a stream and yields its objects, deltas applied, ids computed from the
 * bytes. Objects come in pack order, but for those whose base follows later: they come last. The trailer is verified
 * before the generator ends.
 * @throws GitError `Malformed`, `LimitExceeded`
 */
export function readPack(chunks: AsyncIterable<Uint8Array>, options: ReadPackOptions): AsyncGenerator<GitObject>
export function readPack<T>(
  chunks: AsyncIterable<Uint8Array>,
  options: StreamingOptions<T>,
): AsyncGenerator<GitObject | StreamedBlob<T>>
export async function* readPack<T>(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadPackOptions & Partial<StreamingOptions<T>>,
): AsyncGenerator<GitObject | StreamedBlob<T>> {
  const { format, limits, large, streamAbove = STREAM_ABOVE } = options
  const input = new ByteReader(chunks)
  const scanner = new PackScanner(input, { format, limits })
  const resolver = new DeltaResolver(options)
  try {
    const count = await scanner.start()
    for (let i = 0; i < count; i++) {
      const entry = await scanner.entry()
      const streams = entry.kind === 'blob' && entry.size > streamAbove
      if (resolver.skips(entry)) {
        if (streams) await drain(piecesOf(scanner, entry, limits))
        else await scanner.whole(entry.size)
      } else if (streams && large !== undefined) {
        yield await stream(resolver, entry, piecesOf(scanner, entry, limits), { format, large })
      } else {
        const object = await resolver.add(entry, await scanner.whole(entry.size))
        if (object) yield object
      }
    }
    await scanner.trailer()
    if (!(await input.atEnd())) throw new GitError('Malformed', 'bytes follow the checksum of the pack')
    yield* resolver.finish()
  } finally {
    await resolver.close()
  }
}

function piecesOf(scanner: PackScanner, { size }: EntryHeader, limits: PackLimits): AsyncGenerator<Buffer> {
  const { maxBlobBytes = MAX_BLOB_BYTES } = limits
  if (size > maxBlobBytes) throw overLimit('maxBlobBytes', maxBlobBytes, size)
  return scanner.pieces(size)
}

async function stream<T>(
  resolver: DeltaResolver,
  entry: EntryHeader,
  pieces: AsyncGenerator<Buffer>,
  { format, large }: Pick<StreamingOptions<T>, 'format' | 'large'>,
): Promise<StreamedBlob<T>> {
  const { size } = entry
  const hash = createHash(format.name).update(`blob ${size}\0`)
  const aside = resolver.passing(entry)
  const arriving = tee(pieces, async (piece) => {
    hash.update(piece)
    await aside.add(piece)
  })
  // Without `return`: a taker that stops early must not end what the rest of the pack comes after.
  const streamed = await large({ size, chunks: { [Symbol.asyncIterator]: () => ({ next: () => arriving.next() }) } })
  await drain(arriving)
  const oid = hash.digest('hex')
  aside.end(oid)
  return { oid, type: 'blob', size, streamed }
}

async function* tee(
  chunks: AsyncIterable<Buffer>,
  see: (piece: Buffer) => Promise<void>,
): AsyncGenerator<Buffer, undefined> {
  for await (const piece of chunks) {
    await see(piece)
    yield piece
  }
}

async function drain(chunks: AsyncGenerator<Buffer>): Promise<void> {
  while ((await chunks.next()).done !== true);
}
