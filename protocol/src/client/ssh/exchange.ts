import { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import { FLUSH, packetLine, packetText, readPacket } from '../../format/packet-line.ts'
import { printable } from '../../format/side-band.ts'
import type { Redact } from '../../format/side-band.ts'
import type { Deadline } from '../remote/deadline.ts'
import { Patience } from './patience.ts'
import { networkError } from '../remote/network-error.ts'
import { overLimit } from '../../format/over-limit.ts'
import { MAX_CAPABILITY_BYTES } from '../limits.ts'
import type { RequestEnd } from '../remote/meter.ts'
import type { Service } from '../remote/remote.ts'
import { bodyChunks, metered } from '../remote/request-body.ts'
import type { RequestBody } from '../remote/request-body.ts'
import type { RemoteCommand } from './remote-command.ts'
import { remoteError } from './remote-error.ts'

export interface ExchangeOptions {
  readonly command: RemoteCommand
  readonly service: Service
  readonly url: string
  readonly deadline: Deadline
  /** `ssh://host:port`, which errors about time name. */
  readonly origin: string
  readonly redact: Redact
  readonly maxResponseBytes: number
  /** Milliseconds of silence after which it is given up. */
  readonly timeoutMs: number
  /** Called for each piece of the answer; may refuse it by throwing. */
  readonly onBytes: (bytes: number) => void
  /** Called once, when it is over. */
  readonly onOver: (end: RequestEnd) => void
}

/** Characters shown of what is no Git. */
const MAX_SHOWN = 200

/** Bytes that are sent before the line is looked at again. */
const MAX_PIECE = 64 << 10

/** One request: the server's advertisement, which it sends unasked, then a question and its answer. */
export class Exchange {
  readonly #options: ExchangeOptions
  readonly #input: ByteReader
  readonly #advertisement: AsyncGenerator<Buffer>
  readonly #patience: Patience
  #first: Buffer = FLUSH
  #sent = (): number => 0
  #received = 0
  #isOver = false

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.#input = new ByteReader(this.#counted())
    this.#advertisement = this.#packets()
    this.#patience = new Patience(options.origin, options.timeoutMs)
    options.deadline.signal.addEventListener('abort', () => options.command.abandon(), { once: true })
  }

  /** Waits until the server has begun to speak Git. Until then nothing has been asked, and a failure leaves no trace. */
  async greet(): Promise<void> {
    const { value } = await this.#advertisement.next()
    this.#first = value ?? FLUSH
  }

  get isVersion2(): boolean {
    return this.#first.toString('latin1', 4).trim() === 'version 2'
  }

  /** The advertisement alone, as it comes; then the server is let go. */
  async *advertised(): AsyncGenerator<Buffer> {
    try {
      yield this.#first
      yield* this.#advertisement
    } finally {
      // Without a question a server would complain to its log.
      if (!this.#isOver) await this.#options.command.write([FLUSH])
      this.#over(undefined)
    }
  }

  /** The advertisement in whole, in version 2, where it lists capabilities only. */
  async capabilities(): Promise<Buffer[]> {
    const packets: Buffer[] = [this.#first]
    let length = this.#first.length
    for await (const packet of this.#advertisement) {
      length += packet.length
      if (length > MAX_CAPABILITY_BYTES) {
        const what = `${this.#options.url} advertises more capabilities than any server has`
        throw this.#failed(new GitError('Malformed', what))
      }
      packets.push(packet)
    }
    return packets
  }

  /** Passes over what is left of the advertisement, asks, and gives the answer. */
  async ask(body: RequestBody): Promise<ByteReader> {
    while (!(await this.#advertisement.next()).done) continue
    return new ByteReader(this.#answer(body))
  }

  async *#packets(): AsyncGenerator<Buffer> {
    for (let isFirst = true; ; isFirst = false) {
      if (isFirst) await this.#checkGit()
      const packet = await this.#within(readPacket(this.#input))
      if (packet === undefined) {
        throw this.#failed(new GitError('Malformed', `${this.#options.url} ends inside its advertisement`))
      }
      if (packet.type !== 'data') {
        yield FLUSH
        return
      }
      const line = isFirst ? packetText(packet.payload) : ''
      if (line.startsWith('ERR ')) throw this.#failed(this.#error(undefined, line.slice(4)))
      yield packetLine(packet.payload)
    }
  }

  /** A shell may print something before Git does, and a host that refuses speaks to people. */
  async #checkGit(): Promise<void> {
    const { command, url } = this.#options
    if (!(await this.#within(this.#input.fill(4)))) {
      const { exitCode, messages } = await this.#within(command.end)
      throw this.#failed(this.#error(exitCode, messages), exitCode)
    }
    if (/^[0-9a-f]{4}/.test(this.#input.held.toString('latin1', 0, 4))) return
    const remote = this.#lines(this.#input.held.toString('utf8', 0, MAX_SHOWN)).slice(0, 1)
    const what = `${url} answers with text that is no Git: the login must print nothing (${remote.join('')})`
    throw this.#failed(new GitError('NotGit', what, { remote }))
  }

  async *#answer(body: RequestBody): AsyncGenerator<Buffer> {
    const { command, service, url } = this.#options
    const { body: question, sent: bytesSent } = metered(body)
    this.#sent = bytesSent
    let failure: unknown
    let sent = false
    const send = async (): Promise<void> => {
      try {
        await command.write({ chunks: () => this.#pieces(question) })
        sent = true
      } catch (error) {
        failure = error
        command.abandon()
      }
    }
    void send()
    let exitCode: number | undefined
    let answered = false
    try {
      while (await this.#within(this.#input.fill(1))) {
        const chunk = this.#input.held
        this.#input.skip(chunk.length)
        answered = true
        yield chunk
      }
      if (failure !== undefined) throw this.#failed(networkError(this.#options.origin, failure))
      const end = await this.#within(command.end)
      exitCode = end.exitCode
      if (answered || (sent && exitCode === 0)) return
      const error = this.#error(exitCode, end.messages)
      // Having greeted, it understands what it is asked and refuses that form of it; pushes have no other form.
      if (service === 'git-receive-pack' || error.code !== 'ServerError') throw this.#failed(error, exitCode)
      const { remote = [] } = error.details
      const what = `${url} does not answer this: ${remote.join('; ')}`
      throw this.#failed(new GitError('Unsupported', what, { remote }), exitCode)
    } finally {
      this.#over(exitCode)
    }
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    const { command, maxResponseBytes, onBytes } = this.#options
    for await (const chunk of command.output) {
      this.#patience.renew()
      this.#received += chunk.length
      if (this.#received > maxResponseBytes) throw overLimit('maxResponseBytes', maxResponseBytes)
      onBytes(chunk.length)
      yield chunk
    }
  }

  /** A question on its way is a sign of life as well, in pieces that a slow line takes in time. */
  async *#pieces(question: RequestBody): AsyncGenerator<Uint8Array> {
    for await (const chunk of bodyChunks(question)) {
      for (let at = 0; at < chunk.length; at += MAX_PIECE) {
        this.#patience.renew()
        yield chunk.subarray(at, at + MAX_PIECE)
      }
    }
  }

  async #within<T>(awaited: Promise<T>): Promise<T> {
    try {
      return await this.#patience.race(this.#options.deadline.race(awaited))
    } catch (error) {
      const { deadline, origin } = this.#options
      throw this.#failed(networkError(origin, deadline.explain(origin, error), deadline.signal))
    }
  }

  #failed(error: GitError, exitCode?: number): GitError {
    this.#over(exitCode, error)
    return error
  }

  #over(exitCode: number | undefined, error?: GitError): void {
    if (this.#isOver) return
    this.#isOver = true
    const { deadline, command, onOver } = this.#options
    deadline.end()
    command.abandon()
    onOver({ status: 0, bytesSent: this.#sent(), bytesReceived: this.#received, exitCode, error })
  }

  #error(exitCode: number | undefined, messages: string): GitError {
    const { url, service } = this.#options
    return remoteError(url, service, { code: exitCode, lines: this.#lines(messages) })
  }

  #lines(text: string): string[] {
    const clean = this.#options.redact(text, true)
    return clean
      .split(/[\r\n]+/)
      .map(printable)
      .filter((line) => line !== '')
  }
}
