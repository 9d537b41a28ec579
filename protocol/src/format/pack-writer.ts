import { createHash } from '#platform/hash'
import { deflateObject } from '#platform/zlib'
import type { ObjectFormat, ObjectId, ObjectType } from './object-id.ts'
import { PACK_HEADER_BYTES, packHeader } from './pack-header.ts'

/** One object of a pack: whole, or as what differs from an object that the receiver has (gitformat-pack, OBJ_REF_DELTA). */
export type PackEntry =
  | { readonly type: ObjectType; readonly bytes: Uint8Array }
  | { readonly type: 'ref-delta'; readonly base: ObjectId; readonly bytes: Uint8Array }

/** A blob too large to hold, compressed already. */
export interface StreamedEntry {
  readonly type: 'blob'
  /** Bytes of the blob. */
  readonly size: number
  /** Bytes that `deflated` gives in all. */
  readonly deflatedLength: number
  /** Its zlib stream, from the first byte each time it is called. */
  readonly deflated: () => AsyncIterable<Uint8Array>
}

/** A pack to send, as often as it is needed. */
export interface PackBody {
  /** Bytes in all. */
  readonly length: number
  readonly chunks: () => AsyncIterable<Uint8Array>
}

const TYPE_NUMBER = { commit: 1, tree: 2, blob: 3, tag: 4, 'ref-delta': 7 } as const
const OFS_DELTA = 6

/** A version 2 pack, as chunks to send in a row. No entries give the empty pack that ref updates without objects need. */
export function writePack(entries: readonly PackEntry[], format: ObjectFormat): Buffer[] {
  const chunks = [packHeader(entries.length), ...entries.flatMap(encodeEntry)]
  const trailer = createHash(format.name)
  for (const chunk of chunks) trailer.update(chunk)
  return [...chunks, trailer.digest()]
}

/** The same for packs that hold blobs too large for memory. The trailer is computed while the rest is sent. */
export function packBody(entries: readonly (PackEntry | StreamedEntry)[], format: ObjectFormat): PackBody {
  const parts = entries.map((entry) =>
    'deflated' in entry
      ? { head: [entryHeader(entry.type, entry.size)], tail: entry }
      : { head: encodeEntry(entry), tail: undefined },
  )
  let length = PACK_HEADER_BYTES + format.size
  for (const { head, tail } of parts) {
    for (const chunk of head) length += chunk.length
    length += tail?.deflatedLength ?? 0
  }
  async function* body(): AsyncGenerator<Uint8Array> {
    yield packHeader(parts.length)
    for (const { head, tail } of parts) {
      yield* head
      if (tail !== undefined) yield* tail.deflated()
    }
  }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const trailer = createHash(format.name)
    for await (const chunk of body()) {
      trailer.update(chunk)
      yield chunk
    }
    yield trailer.digest()
  }
  return { length, chunks }
}

/** An entry as it stands in a pack: its header, what its base is, its zlib stream. */
export function encodeEntry(entry: PackEntry): Buffer[] {
  const header = entryHeader(entry.type, entry.bytes.length)
  const deflated = deflateObject(entry.bytes)
  return entry.type === 'ref-delta' ? [header, Buffer.from(entry.base, 'hex'), deflated] : [header, deflated]
}

/** What stands before the data of an entry; behind it, of a delta by id, its base. @param size bytes of the data, inflated */
export function entryHeader(type: PackEntry['type'], size: number): Buffer {
  return typeAndSize(TYPE_NUMBER[type], size)
}

/** As {@link entryHeader}, of a delta against what stands so many bytes before it (gitformat-pack, OBJ_OFS_DELTA). */
export function ofsDeltaHeader(size: number, distance: number): Buffer {
  const bytes = [distance % 128]
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest -= 1
    bytes.unshift(0x80 | (rest % 128))
  }
  return Buffer.concat([typeAndSize(OFS_DELTA, size), Buffer.from(bytes)])
}

function typeAndSize(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size % 16)]
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80
    bytes.push(rest % 128)
  }
  return Buffer.from(bytes)
}
