import { createHash } from '#platform/hash'
import type { ByteReader } from '../../format/byte-reader.ts'
import { objectId } from '../../format/object-id.ts'
import type { ObjectFormat, ObjectId, ObjectType } from '../../format/object-id.ts'
import { MAX_BLOB_BYTES } from '../../format/pack-limits.ts'
import type { PackLimits } from '../../format/pack-limits.ts'
import { overLimit } from '../../format/over-limit.ts'
import { writePackIndex } from '../../format/pack-index.ts'
import { PackScanner } from '../../format/pack-scanner.ts'
import type { EntryHeader } from '../../format/entry-header.ts'
import type { ObjectStore } from '../pack/object-store.ts'
import type { StagedPack } from '../store/repository-store.ts'
import { PackCompletion } from './pack-completion.ts'
import { Contents } from './contents.ts'
import type { PassedDelta } from './contents.ts'
import { resolveDeltas } from './resolve-deltas.ts'
import { StagedWriter } from './staged-writer.ts'

export interface IngestOptions {
  readonly format: ObjectFormat
  readonly limits: PackLimits
  /** What is there already: bases of deltas in a thin pack, and what new objects refer to. */
  readonly there: Pick<ObjectStore, 'find' | 'typeOf'>
}

/** What came in. */
export interface IngestedPack {
  /** Checksum of its bytes, hex. */
  readonly name: string
  readonly objects: number
  readonly index: Buffer
  /** Ids that its objects refer to and that are neither in it nor there already. */
  readonly missing: ReadonlySet<ObjectId>
}

/** Up to this size a blob is inflated at once. */
const AT_ONCE = 1 << 20

/**
 * Takes a pack as it arrives: its bytes go to where it is staged, what it holds is checked and indexed, and objects that its deltas need
 * and it lacks are added to it. Memory is that of some objects, and of a few words for each.
 * @throws GitError `Malformed`, `LimitExceeded`
 */
export async function ingestPack(input: ByteReader, pack: StagedPack, options: IngestOptions): Promise<IngestedPack> {
  const { format, limits, there } = options
  const writer = new StagedWriter(pack)
  const scanner = new PackScanner(input, { format, limits, onBytes: writer.push })
  const deltas: PassedDelta[] = []
  const count = await scanner.start()
  const contents = new Contents(format, count, (oid) => there.typeOf(oid))
  writer.takeChecksum()
  for (let i = 0; i < count; i++) {
    const entry = await scanner.entry()
    const { kind, offset } = entry
    if (typeof kind === 'string') {
      const oid = await idOf(scanner, entry, kind, { options, writer, contents })
      contents.add({ oid, type: kind, offset, crc32: writer.takeChecksum() })
    } else {
      await passOver(scanner, entry, limits, writer)
      deltas.push({ offset, base: kind, crc32: writer.takeChecksum() })
    }
    await writer.drain()
  }
  const checksum = await scanner.trailer()
  await writer.drain(true)
  const completion = new PackCompletion(pack, format)
  await resolveDeltas(deltas, { ...options, pack, contents, completion })
  const name = (await completion.finish()) ?? checksum
  return {
    name,
    objects: contents.count,
    index: writePackIndex(contents.entries, name, format),
    missing: await contents.missing(),
  }
}

async function idOf(
  scanner: PackScanner,
  { size }: EntryHeader,
  type: ObjectType,
  {
    options,
    writer,
    contents,
  }: { readonly options: IngestOptions; readonly writer: StagedWriter; readonly contents: Contents },
): Promise<ObjectId> {
  const { format, limits } = options
  if (type === 'blob' && size > AT_ONCE) {
    const { maxBlobBytes = MAX_BLOB_BYTES } = limits
    if (size > maxBlobBytes) throw overLimit('maxBlobBytes', maxBlobBytes, size)
    const hash = createHash(format.name).update(`blob ${size}\0`)
    for await (const piece of scanner.pieces(size)) {
      hash.update(piece)
      await writer.drain()
    }
    return hash.digest('hex')
  }
  const bytes = await scanner.whole(size)
  const oid = objectId(format, type, bytes)
  await contents.look(oid, { type, bytes })
  return oid
}

async function passOver(
  scanner: PackScanner,
  { size }: EntryHeader,
  { maxObjectBytes }: PackLimits,
  writer: StagedWriter,
): Promise<void> {
  if (size > maxObjectBytes) throw overLimit('maxObjectBytes', maxObjectBytes, size)
  if (size <= AT_ONCE) await scanner.whole(size)
  else for await (const _ of scanner.pieces(size)) await writer.drain()
}
