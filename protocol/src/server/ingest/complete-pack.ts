import { createHash } from '#platform/hash'
import { crc32 } from 'node:zlib'
import type { ObjectFormat } from '../../format/object-id.ts'
import { PACK_HEADER_BYTES, packHeader, readPackHeader } from '../../format/pack-header.ts'
import { encodeEntry } from '../../format/pack-writer.ts'
import type { StagedPack } from '../store/repository-store.ts'
import type { Contents } from './contents.ts'
import type { ExternalBase } from './resolve-deltas.ts'

const PIECE = 1 << 20

/** Adds to a thin pack what its deltas are against, so that nobody needs another pack to read it. @returns its new checksum, hex */
export async function completePack(
  pack: StagedPack,
  bases: readonly ExternalBase[],
  { format, contents }: { readonly format: ObjectFormat; readonly contents: Contents },
): Promise<string> {
  const count = readPackHeader(await pack.read(0, PACK_HEADER_BYTES)) ?? 0
  const end = pack.size - format.size
  let offset = end
  const added: Buffer[] = []
  for (const { oid, type, bytes } of bases) {
    const entry = Buffer.concat(encodeEntry({ type, bytes }))
    contents.add({ oid, offset, crc32: crc32(entry) })
    offset += entry.length
    added.push(entry)
  }
  await pack.overwrite(0, packHeader(count + bases.length))
  // The old checksum is written over by what was added, or by the new one.
  const tail = Buffer.concat([...added, Buffer.alloc(format.size)])
  await pack.overwrite(end, tail.subarray(0, format.size))
  await pack.append(tail.subarray(format.size))
  const hash = createHash(format.name)
  for (let at = 0; at < offset; at += PIECE) hash.update(await pack.read(at, Math.min(PIECE, offset - at)))
  const checksum = hash.digest('hex')
  await pack.overwrite(offset, Buffer.from(checksum, 'hex'))
  return checksum
}
