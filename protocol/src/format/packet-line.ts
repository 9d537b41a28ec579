import type { ByteReader } from './byte-reader.ts'
import { GitError } from './errors.ts'

/** Packet lines (gitprotocol-common): four hex digits of length, these four included, then the payload. */
export type Packet =
  | { readonly type: 'data'; readonly payload: Buffer }
  | { readonly type: 'flush' }
  | { readonly type: 'delimiter' }
  | { readonly type: 'response-end' }

export const MAX_PAYLOAD = 65516
export const FLUSH = Buffer.from('0000')
export const DELIMITER = Buffer.from('0001')

/** @throws GitError `InvalidInput` when the payload is longer than a packet can carry */
export function packetLine(payload: string | Uint8Array): Buffer {
  const body = Buffer.from(payload as string)
  if (body.length > MAX_PAYLOAD) {
    throw new GitError('InvalidInput', `a packet line carries ${MAX_PAYLOAD} bytes at most, not ${body.length}`)
  }
  return Buffer.concat([Buffer.from((body.length + 4).toString(16).padStart(4, '0')), body])
}

/** What stands before a payload: how many bytes it has, or what the packet is that has none. */
export type PacketHead = { readonly type: 'data'; readonly length: number } | Exclude<Packet, { readonly type: 'data' }>

/**
 * The beginning of the next packet, whose payload must be taken before the one after; undefined where the input ends
 * between two packets.
 * @throws GitError `Malformed`
 */
export async function readPacketHead(input: ByteReader): Promise<PacketHead | undefined> {
  if (await input.atEnd()) return undefined
  const header = (await input.take(4)).toString('latin1')
  if (!/^[0-9a-fA-F]{4}$/.test(header)) {
    throw new GitError('Malformed', `expected the length of a packet line, got ${JSON.stringify(header)}`, {
      actual: header,
    })
  }
  const length = Number.parseInt(header, 16)
  if (length === 0) return { type: 'flush' }
  if (length === 1) return { type: 'delimiter' }
  if (length === 2) return { type: 'response-end' }
  if (length < 4 || length > MAX_PAYLOAD + 4) {
    throw new GitError('Malformed', `a packet line cannot be ${length} bytes long`, { actual: length })
  }
  return { type: 'data', length: length - 4 }
}

/**
 * The next packet; undefined where the input ends between two packets.
 * @throws GitError `Malformed`
 */
export async function readPacket(input: ByteReader): Promise<Packet | undefined> {
  const head = await readPacketHead(input)
  return head?.type === 'data' ? { type: 'data', payload: await input.take(head.length) } : head
}

/** The payload as text without its line break. */
export function packetText(payload: Buffer): string {
  const end = payload.at(-1) === 0x0a ? payload.length - 1 : payload.length
  return payload.toString('utf8', 0, end)
}
