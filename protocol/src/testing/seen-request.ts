import type { RequestBody } from '../client/remote/request-body.ts'
import type { TransportRequest } from '../client/http/transport.ts'
import { ByteReader } from '../format/byte-reader.ts'
import { packetText, readPacket } from '../format/packet-line.ts'

/** A request as a server gets it. */
export interface SeenRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Uncompressed, in one piece. */
  readonly body: Buffer
  /** The packet lines at its beginning, up to the first flush, without line breaks; what follows may be a pack. */
  readonly lines: readonly string[]
}

/** Takes a request in. */
export async function see({ method, url, headers, body = [] }: TransportRequest): Promise<SeenRequest> {
  const sent = await collect(body)
  const plain = headers['content-encoding'] === 'gzip' ? await gunzip(sent) : sent
  return { method, url, headers, body: plain, lines: await linesOf(plain) }
}

async function collect(body: RequestBody): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of 'chunks' in body ? body.chunks() : body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function gunzip(bytes: Buffer): Promise<Buffer> {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'))
  return Buffer.from(await new Response(stream).arrayBuffer())
}

async function linesOf(body: Buffer): Promise<string[]> {
  const input = inputOf(body)
  const lines: string[] = []
  for (;;) {
    const packet = await readPacket(input).catch(() => undefined)
    if (packet === undefined || packet.type === 'flush') return lines
    if (packet.type === 'data') lines.push(packetText(packet.payload))
  }
}

/** Bytes in hand, for what reads from a stream. */
export function inputOf(bytes: Uint8Array): ByteReader {
  return new ByteReader(chunksOf([bytes]))
}

export async function* chunksOf(bytes: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* bytes
}
