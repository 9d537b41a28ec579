import type { ByteReader } from './byte-reader.ts'
import { GitError } from './errors.ts'
import { readPacketHead } from './packet-line.ts'

/** Progress and messages for people are kept up to this many bytes; the rest is dropped. */
export const MAX_MESSAGES = 64 * 1024

/** Blots secrets out of a text; with `cut`, also the beginning of one at the end of a text that was cut off there. */
export type Redact = (text: string, cut?: boolean) => string

/** Collects channel 2, in lines, without secrets, and without control characters that could play tricks on a terminal. */
export class RemoteMessages {
  readonly redact: Redact
  readonly #decoder = new TextDecoder()
  #text = ''

  constructor(redact: Redact) {
    this.redact = redact
  }

  add(bytes: Buffer): void {
    if (this.#text.length < MAX_MESSAGES) this.#text += this.#decoder.decode(bytes, { stream: true })
  }

  lines(): string[] {
    return this.redact(this.#text.slice(0, MAX_MESSAGES), this.#text.length >= MAX_MESSAGES)
      .split(/[\r\n]+/)
      .map(printable)
      .filter((line) => line !== '')
  }
}

/** Text from a server, safe to show: control characters are gone. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').trim()
}

/**
 * The bytes of channel 1 (gitprotocol-pack, "side-band"), up to the flush packet. They are passed on as they arrive: to put
 * packets together first would copy all of them.
 * @throws GitError `ServerError` with the text of channel 3; `Malformed`
 */
export async function* sideBand(input: ByteReader, messages: RemoteMessages): AsyncGenerator<Buffer> {
  for (;;) {
    const packet = await readPacketHead(input)
    if (packet === undefined) throw new GitError('Malformed', 'the answer ends inside a side-band stream')
    if (packet.type === 'flush' || packet.type === 'response-end') return
    if (packet.type !== 'data') throw new GitError('Malformed', `a ${packet.type} packet inside a side-band stream`)
    const [channel] = packet.length > 0 ? await input.take(1) : []
    if (channel === 1) yield* pieces(input, packet.length - 1)
    else if (channel === 2) messages.add(await input.take(packet.length - 1))
    else if (channel === 3) {
      const bytes = await input.take(packet.length - 1)
      const text = printable(messages.redact(bytes.toString('utf8')))
      throw new GitError('ServerError', `the server gave up: ${text}`, { remote: [...messages.lines(), text] })
    } else throw new GitError('Malformed', `side-band channel ${channel} does not exist`)
  }
}

async function* pieces(input: ByteReader, length: number): AsyncGenerator<Buffer> {
  for (let left = length; left > 0;) {
    // Where the input ends, taking all that is left says how much is missing.
    const piece = await input.take((await input.fill(1)) ? Math.min(left, input.held.length) : left)
    left -= piece.length
    yield piece
  }
}
