import type { ClientChannel } from 'ssh2'
import { GitError } from '../../format/errors.ts'
import { MAX_MESSAGES } from '../../format/side-band.ts'
import { bodyChunks } from '../remote/request-body.ts'
import type { RequestBody } from '../remote/request-body.ts'

/** A command that runs on the other side. */
export interface RemoteCommand {
  /** What it prints; ends where that ends. Throws GitError `Network` when the connection is lost before. */
  readonly output: AsyncIterable<Uint8Array>
  /** Resolves at its end, when all it printed has been read. */
  readonly end: Promise<CommandEnd>
  /** Sends its whole input. A command that ends before it has read all of that is no error: its output says why. */
  write(body: RequestBody): Promise<void>
  /** Nobody wants the rest. */
  abandon(): void
}

export interface CommandEnd {
  /** Undefined when the host tells none. */
  readonly exitCode: number | undefined
  /** What it printed for people, as it came; the first {@link MAX_MESSAGES} bytes. */
  readonly messages: string
}

/** @param isLost whether the connection is gone, which a channel takes for an ordinary end */
export function remoteCommand(channel: ClientChannel, isLost: () => boolean): RemoteCommand {
  const messages: Buffer[] = []
  let length = 0
  channel.stderr.on('data', (chunk: Buffer) => {
    if (length < MAX_MESSAGES) messages.push(chunk)
    length += chunk.length
  })
  let exitCode: number | undefined
  channel.on('exit', (code: number | null) => {
    exitCode = code ?? undefined
  })
  // What goes wrong while writing shows in what can be read.
  channel.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => {
    channel.once('close', resolve)
  })
  const output = new Output(channel)
  return {
    output: untilLost(output.chunks(), () => exitCode === undefined && isLost()),
    end: closed.then(() => ({
      exitCode,
      messages: Buffer.concat(messages).subarray(0, MAX_MESSAGES).toString('utf8'),
    })),
    write: (body) => write(channel, body, closed),
    abandon() {
      output.abandon()
      channel.close()
    },
  }
}

/**
 * What a channel brings, a chunk at a time: the host sends no more than there is room for. Unlike a stream's own iterator
 * it can be let go of at any time, and the rest drained: a channel counts as closed once everything in it has been read.
 */
class Output {
  readonly #channel: ClientChannel
  #held: Buffer[] = []
  #isOver = false
  #wake: (() => void) | undefined

  constructor(channel: ClientChannel) {
    this.#channel = channel
    channel.on('data', (chunk: Buffer) => {
      if (this.#isOver) return
      this.#held.push(chunk)
      channel.pause()
      this.#wake?.()
    })
    channel.once('end', () => {
      this.#isOver = true
      this.#wake?.()
    })
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#held.shift()
      if (chunk !== undefined) yield chunk
      else if (this.#isOver) return
      else {
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#channel.resume()
        await woken
      }
    }
  }

  abandon(): void {
    this.#isOver = true
    this.#held = []
    this.#wake?.()
    this.#channel.resume()
  }
}

async function* untilLost(chunks: AsyncGenerator<Uint8Array>, isLost: () => boolean): AsyncGenerator<Uint8Array> {
  yield* chunks
  if (isLost()) throw new GitError('Network', 'the SSH connection was lost before the answer was complete')
}

async function write(channel: ClientChannel, body: RequestBody, closed: Promise<void>): Promise<void> {
  for await (const chunk of bodyChunks(body)) {
    if (!channel.writable) return
    if (channel.write(chunk)) continue
    await Promise.race([new Promise((resolve) => channel.once('drain', resolve)), closed])
  }
  if (channel.writable) channel.end()
}
