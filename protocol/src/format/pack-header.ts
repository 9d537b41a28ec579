/** Bytes that a pack begins with (gitformat-pack): signature, version, number of objects. */
export const PACK_HEADER_BYTES = 12

const SIGNATURE = 'PACK'
const VERSION = 2
/** Differs from the other in what no pack holds any more. */
const READABLE: readonly number[] = [VERSION, 3]

export function packHeader(count: number): Buffer {
  const head = Buffer.alloc(PACK_HEADER_BYTES)
  head.write(SIGNATURE)
  head.writeUInt32BE(VERSION, 4)
  head.writeUInt32BE(count, 8)
  return head
}

/** The number of objects that a pack announces; undefined when it is none, or of another version. */
export function readPackHeader(head: Buffer): number | undefined {
  if (!beginsPack(head) || !READABLE.includes(head.readUInt32BE(4))) return undefined
  return head.readUInt32BE(8)
}

export function beginsPack(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, SIGNATURE.length) === SIGNATURE
}
