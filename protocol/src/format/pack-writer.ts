import { createHash } from 'node:crypto'
import type { ObjectFormat, ObjectId, ObjectType } from './object-id.ts'
import { deflateObject } from './zlib.ts'

/** One object of a pack: whole, or as what differs from an object that the receiver has (gitformat-pack, OBJ_REF_DELTA). */
export type PackEntry =
  | { readonly type: ObjectType; readonly bytes: Uint8Array }
  | { readonly type: 'ref-delta'; readonly base: ObjectId; readonly bytes: Uint8Array }

const TYPE_NUMBER = { commit: 1, tree: 2, blob: 3, tag: 4, 'ref-delta': 7 } as const

/** A version 2 pack, as chunks to send in a row. No entries give the empty pack that ref updates without objects need. */
export function writePack(entries: readonly PackEntry[], format: ObjectFormat): Buffer[] {
  const head = Buffer.alloc(12)
  head.write('PACK')
  head.writeUInt32BE(2, 4)
  head.writeUInt32BE(entries.length, 8)
  const chunks: Buffer[] = [head]
  for (const entry of entries) {
    chunks.push(entryHeader(TYPE_NUMBER[entry.type], entry.bytes.length))
    if (entry.type === 'ref-delta') chunks.push(Buffer.from(entry.base, 'hex'))
    chunks.push(deflateObject(entry.bytes))
  }
  const trailer = createHash(format.name)
  for (const chunk of chunks) trailer.update(chunk)
  chunks.push(trailer.digest())
  return chunks
}

function entryHeader(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 0x0f)]
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80
    bytes.push(rest % 128)
  }
  return Buffer.from(bytes)
}
