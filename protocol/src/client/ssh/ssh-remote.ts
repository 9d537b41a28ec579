import { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import { printable } from '../../format/side-band.ts'
import type { Redact } from '../../format/side-band.ts'
import { checkRequestTimeout, Deadline, eitherOf } from '../remote/deadline.ts'
import { networkError } from '../remote/network-error.ts'
import { redactor } from '../remote/redact.ts'
import { retrying } from '../remote/retry.ts'
import type { RetryPolicy } from '../remote/retry.ts'
import type { Limits } from '../limits.ts'
import { Meter } from '../remote/meter.ts'
import type { RequestEnd } from '../remote/meter.ts'
import type {
  OnOlder,
  Operation,
  Remote,
  RequestRecord,
  Service,
  Traffic,
  UploadPackRequest,
} from '../remote/remote.ts'
import type { RequestBody } from '../remote/request-body.ts'
import { originOf } from './address.ts'
import type { SshAddress } from './address.ts'
import type { SshConnection } from './connection.ts'
import { Exchange } from './exchange.ts'
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

/** What all have in common that differ in their signals only. */
interface Shared {
  readonly meter: Meter
  connection: Promise<SshConnection> | undefined
  /** The advertisement of a version 2 server: the same each time. */
  version2: Buffer[] | undefined
}

function begin({ requestTimeoutMs, limits, onRequest }: SshRemoteOptions): Shared {
  checkRequestTimeout(requestTimeoutMs)
  const meter = new Meter({ onRequest, maxTotalBytes: limits.maxTotalBytes })
  return { meter, connection: undefined, version2: undefined }
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
  readonly #shared: Shared

  constructor(options: SshRemoteOptions, shared: Shared = begin(options)) {
    this.url = options.url
    this.limits = options.limits
    this.userAgent = options.userAgent
    this.#options = options
    this.#ssh = resolveSshOptions(options.ssh)
    this.#shared = shared
    this.redact = redactor([this.#ssh.password ?? '', this.#ssh.passphrase ?? ''])
  }

  with(signal: AbortSignal): SshRemote {
    return new SshRemote({ ...this.#options, signal: eitherOf(this.#options.signal, signal) }, this.#shared)
  }

  get traffic(): Traffic {
    return this.#shared.meter.traffic
  }

  printable(text: string): string {
    return printable(this.redact(text))
  }

  async advertisement(service: Service): Promise<ByteReader> {
    const isUpload = service === 'git-upload-pack'
    if (isUpload && this.#shared.version2 !== undefined) return new ByteReader(replay(this.#shared.version2))
    const exchange = await this.#start('discover', service, isUpload ? VERSION_2 : {})
    return new ByteReader(exchange.advertised())
  }

  async uploadPack({ operation, version, body }: UploadPackRequest, onOlder?: OnOlder): Promise<ByteReader> {
    const exchange = await this.#start(operation, 'git-upload-pack', version === 2 ? VERSION_2 : {})
    if (version === 0) return exchange.ask(body)
    if (exchange.isVersion2) {
      this.#shared.version2 = await exchange.capabilities()
      return exchange.ask(body)
    }
    const advertised = new ByteReader(exchange.advertised())
    try {
      // A generator that was never asked would not let the server go.
      await advertised.fill(1)
      await onOlder?.(advertised)
    } finally {
      await advertised.close()
    }
    throw new GitError('Unsupported', `${this.url} knows no protocol version 2`, { expected: 2 })
  }

  async receivePack(body: RequestBody): Promise<ByteReader> {
    const exchange = await this.#start('push', 'git-receive-pack', {})
    return exchange.ask(body)
  }

  /** Ends the connection; the next request opens another. */
  async close(): Promise<void> {
    // One that could not be made has told so where it was needed.
    const connection = await this.#shared.connection?.catch(() => undefined)
    await connection?.close()
  }

  /** Nothing has been asked before the server speaks: what fails until then, and may pass, is tried again. */
  #start(operation: Operation, service: Service, env: Readonly<Record<string, string>>): Promise<Exchange> {
    const { retry: policy, signal, address } = this.#options
    return retrying({ policy, url: originOf(address), signal }, async (attempt) => {
      const exchange = await this.#try(operation, service, env, attempt)
      await exchange.greet()
      return exchange
    })
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
    const onOver = this.#begin(operation, service, attempt)
    const starting = this.#run(`${service} ${shellQuote(address.path)}`, env, deadline.signal)
    try {
      const command = await deadline.race(starting)
      const { url, redact } = this
      const { maxResponseBytes } = limits
      const { timeoutMs } = this.#ssh
      const onBytes = (bytes: number): void => this.#shared.meter.receive(bytes)
      const watched = { maxResponseBytes, timeoutMs, onBytes, onOver }
      return new Exchange({ command, service, url, deadline, origin, redact, ...watched })
    } catch (reason) {
      // It may come after all, when nobody waits for it any more.
      starting.then(
        (command) => command.abandon(),
        () => undefined,
      )
      const error = networkError(origin, deadline.explain(origin, reason), deadline.signal)
      deadline.end()
      onOver({ status: 0, bytesSent: 0, bytesReceived: 0, error })
      throw error
    }
  }

  #begin(operation: Operation, service: Service, attempt: number): (end: RequestEnd) => void {
    const { privateKey, agent, password } = this.#ssh
    const beginning = {
      operation,
      method: 'POST',
      url: this.redact(this.url),
      path: `/${service}`,
      attempt,
      authenticated: privateKey !== undefined || agent !== undefined || password !== undefined,
      transport: 'ssh',
    } as const
    return this.#shared.meter.begin(beginning, 0)
  }

  /** Who never talks SSH never loads it. */
  async #run(...call: Parameters<SshConnection['run']>): ReturnType<SshConnection['run']> {
    this.#shared.connection ??= import('#platform/ssh').then(
      ({ SshConnection }) => new SshConnection(this.#options.address, this.#ssh),
    )
    const connection = await this.#shared.connection
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
