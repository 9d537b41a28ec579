import { GitError } from './errors.ts'
import type { ObjectFormat, ObjectId, ObjectType } from './object-id.ts'

/** How a delta names its base. */
export type BaseName = { readonly baseOffset: number } | { readonly baseOid: ObjectId }

/** What stands before the data of an object (gitformat-pack, "Pack file entry"). */
export interface EntryHeader {
  /** From the start of the pack. */
  readonly offset: number
  readonly kind: ObjectType | BaseName
  /** Bytes of the data, inflated. */
  readonly size: number
}

/** Bytes that a header has at most: a size of 53 bits, and a base by id or offset. */
export const MAX_HEADER_BYTES = 64

const TYPES: Readonly<Record<number, ObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' }
const OFS_DELTA = 6
const REF_DELTA = 7
/**
 * The header that an entry begins with, and its length; undefined where more bytes are needed.
 * @param offset of the entry, from the start of the pack
 * @throws GitError `Malformed`
 */
export function readEntryHeader(
  bytes: Buffer,
  offset: number,
  format: ObjectFormat,
): { readonly header: EntryHeader; readonly length: number } | undefined {
  const head = new Head(bytes)
  const { kind, size } = readHeader(head, offset, format)
  return head.short ? undefined : { header: { offset, kind, size }, length: head.at }
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

function malformed(message: string): GitError {
  return new GitError('Malformed', message)
}
