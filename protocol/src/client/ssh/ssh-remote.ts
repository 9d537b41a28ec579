import { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import { printable } from '../../format/side-band.ts'
import type { Redact } from '../../format/side-band.ts'
import { checkRequestTimeout, Deadline } from '../http/deadline.ts'
import { publish } from '../http/diagnostics.ts'
import { networkError } from '../http/network-error.ts'
import { redactor } from '../http/redact.ts'
import { retryDelay } from '../http/retry.ts'
import type { RetryPolicy } from '../http/retry.ts'
import type { Limits } from '../limits.ts'
import type { Operation, Remote, RequestRecord, Service, Traffic } from '../remote.ts'
import { operationOf } from '../request-body.ts'
import type { RequestBody } from '../request-body.ts'
import { originOf } from './address.ts'
import type { SshAddress } from './address.ts'
import type { SshConnection } from './connection.ts'
import { Exchange } from './exchange.ts'
import type { ExchangeEnd } from './exchange.ts'
import { resolveSshOptions } from './options.ts'
import type { ResolvedSshOptions, SshOptions } from './options.ts'

export interface SshRemoteOptions {
  /** As it was given. */
  readonly url: string
  readonly address: SshAddress
  readonly ssh: SshOptions
  readonly limits: Limits
  readonly userAgent: string
  readonly signal?: AbortSignal | undefined
  /** Milliseconds that one request may take: connection, login, and the whole answer. */
  readonly requestTimeoutMs: number
  readonly retry: RetryPolicy
  readonly onRequest?: ((record: RequestRecord) => void) | undefined
}

/** git-daemon and git's own commands read it where the server's configuration lets it in. */
const VERSION_2 = { GIT_PROTOCOL: 'version=2' }

/**
 * One repository behind SSH (gitprotocol-pack, "SSH Transport"): each request is a command of its own over one
 * connection. The server speaks first, so that what it can do is known before anything is asked.
 */
export class SshRemote implements Remote {
  readonly url: string
  readonly limits: Limits
  readonly userAgent: string
  readonly redact: Redact
  readonly #options: SshRemoteOptions
  readonly #ssh: ResolvedSshOptions
  #connection: Promise<SshConnection> | undefined
  #traffic: Traffic = { requests: 0, bytesSent: 0, bytesReceived: 0 }
  /** The advertisement of a version 2 server: the same each time. */
  #version2: Buffer[] | undefined
  /** The advertisement of an older server that was asked a version 2 question: whoever asks next gets it. */
  #unasked: Buffer[] | undefined

  constructor(options: SshRemoteOptions) {
    this.url = options.url
    this.limits = options.limits
    this.userAgent = options.userAgent
    checkRequestTimeout(options.requestTimeoutMs)
    this.#options = options
    this.#ssh = resolveSshOptions(options.ssh)
    this.redact = redactor([this.#ssh.password ?? '', this.#ssh.passphrase ?? ''])
  }

  get traffic(): Traffic {
    return this.#traffic
  }

  printable(text: string): string {
    return printable(this.redact(text))
  }

  async advertisement(service: Service): Promise<ByteReader> {
    const isUpload = service === 'git-upload-pack'
    const seen = isUpload ? (this.#version2 ?? this.#unasked) : undefined
    this.#unasked = undefined
    if (seen !== undefined) return new ByteReader(replay(seen))
    const exchange = await this.#start('discover', service, isUpload ? VERSION_2 : {})
    return new ByteReader(exchange.advertised())
  }

  async uploadPack(body: RequestBody, version: 0 | 2): Promise<ByteReader> {
    const exchange = await this.#start(operationOf(body), 'git-upload-pack', version === 2 ? VERSION_2 : {})
    if (version === 0) return exchange.ask(body)
    const packets = await exchange.advertisement()
    if (exchange.isVersion2) {
      this.#version2 = packets
      return exchange.ask(body)
    }
    this.#unasked = packets
    await exchange.leave()
    throw new GitError('Unsupported', `${this.url} knows no protocol version 2`, { expected: 2 })
  }

  async receivePack(body: RequestBody): Promise<ByteReader> {
    const exchange = await this.#start('push', 'git-receive-pack', {})
    return exchange.ask(body)
  }

  /** Ends the connection; the next request opens another. */
  async close(): Promise<void> {
    await (await this.#connection)?.close()
  }

  /** Nothing has been asked before the server speaks: what fails until then, and may pass, is tried again. */
  async #start(operation: Operation, service: Service, env: Readonly<Record<string, string>>): Promise<Exchange> {
    const { retry, signal, address } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        const exchange = await this.#try(operation, service, env, attempt)
        await exchange.greet()
        return exchange
      } catch (error) {
        const delayMs = retryDelay(retry, attempt, error)
        if (delayMs === undefined) throw error
        await retry.sleep(delayMs, signal).catch((reason: unknown) => {
          throw networkError(originOf(address), reason, signal)
        })
      }
    }
  }

  async #try(
    operation: Operation,
    service: Service,
    env: Readonly<Record<string, string>>,
    attempt: number,
  ): Promise<Exchange> {
    const { address, requestTimeoutMs, signal, limits } = this.#options
    const deadline = new Deadline(requestTimeoutMs, signal)
    const origin = originOf(address)
    const onOver = this.#watch(operation, service, attempt)
    const starting = this.#run(`${service} ${shellQuote(address.path)}`, env, deadline.signal)
    try {
      const command = await deadline.race(starting)
      const { url, redact } = this
      const { maxResponseBytes } = limits
      return new Exchange({ command, service, url, deadline, origin, redact, maxResponseBytes, onOver })
    } catch (reason) {
      // It may come after all, when nobody waits for it any more.
      starting.then(
        (command) => command.abandon(),
        () => undefined,
      )
      const error = networkError(origin, deadline.explain(origin, reason), deadline.signal)
      deadline.end()
      onOver({ bytesSent: 0, bytesReceived: 0, exitCode: undefined, error })
      throw error
    }
  }

  /** Counts one request, and tells of its beginning and its end. */
  #watch(operation: Operation, service: Service, attempt: number): (end: ExchangeEnd) => void {
    const { privateKey, agent, password } = this.#ssh
    const told = {
      operation,
      method: 'POST',
      url: this.redact(this.url),
      path: `/${service}`,
      attempt,
      authenticated: privateKey !== undefined || agent !== undefined || password !== undefined,
      status: 0,
      transport: 'ssh',
    } as const
    const start = performance.now()
    this.#traffic = { ...this.#traffic, requests: this.#traffic.requests + 1 }
    publish('start', told)
    return ({ bytesSent, bytesReceived, exitCode, error }) => {
      const { traffic } = this
      this.#traffic = {
        requests: traffic.requests,
        bytesSent: traffic.bytesSent + bytesSent,
        bytesReceived: traffic.bytesReceived + bytesReceived,
      }
      const record: RequestRecord = {
        ...told,
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(error === undefined ? {} : { error: error.code }),
        bytesSent,
        bytesReceived,
        milliseconds: performance.now() - start,
      }
      if (error !== undefined) publish('error', record)
      publish('end', record)
      this.#options.onRequest?.(record)
    }
  }

  /** Who never talks SSH never loads it. */
  async #run(...call: Parameters<SshConnection['run']>): ReturnType<SshConnection['run']> {
    this.#connection ??= import('#platform/ssh').then(
      ({ SshConnection }) => new SshConnection(this.#options.address, this.#ssh),
    )
    const connection = await this.#connection
    return connection.run(...call)
  }
}

async function* replay(packets: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* packets
}

/** As git quotes for the shell on the other side. */
function shellQuote(path: string): string {
  return `'${path.replaceAll("'", "'\\''").replaceAll('!', "'\\!'")}'`
}
