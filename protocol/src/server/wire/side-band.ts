import { isGitError } from '../../format/errors.ts'
import { FLUSH, MAX_PAYLOAD, packetLine } from '../../format/packet-line.ts'

/** Bytes on a channel (gitprotocol-pack, "side-band"): 1 data, 2 text for people, 3 the last words. */
export function* channel(number: 1 | 2 | 3, bytes: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += MAX_PAYLOAD - 1)
    yield packetLine(Buffer.concat([Buffer.of(number), bytes.subarray(at, at + MAX_PAYLOAD - 1)]))
}

/** What went wrong and the client was told on channel 3: nobody needs to tell it again. */
export class ToldError extends Error {
  override readonly name = 'ToldError'
}

/** Ends an answer whose client reads channels. @throws ToldError always */
export function* tell(error: unknown): Generator<Buffer, never> {
  yield* channel(3, Buffer.from(`${inOneLine(error)}\n`))
  throw new ToldError('told', { cause: error })
}

/** Bytes on channel 1, and a flush packet. @throws ToldError where they end before they are whole */
export async function* framed(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  try {
    for await (const piece of bytes) yield* channel(1, piece)
  } catch (error) {
    yield* tell(error)
  }
  yield FLUSH
}

/** What a client is told of an error: what is no error of git's is nobody's business. */
export const inOneLine = (error: unknown): string =>
  isGitError(error) ? error.message.replaceAll(/\s+/g, ' ').slice(0, 1_000) : 'internal error'
