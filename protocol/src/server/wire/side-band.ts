import { MAX_PAYLOAD, packetLine } from '../../format/packet-line.ts'

/** Bytes on a channel (gitprotocol-pack, "side-band"): 1 data, 2 text for people, 3 the last words. */
export function* channel(number: 1 | 2 | 3, bytes: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += MAX_PAYLOAD - 1)
    yield packetLine(Buffer.concat([Buffer.of(number), bytes.subarray(at, at + MAX_PAYLOAD - 1)]))
}
