import { ByteReader } from '../../format/byte-reader.ts'
import { GitError, isGitError } from '../../format/errors.ts'
import { printable } from '../../format/side-band.ts'
import type { Redact } from '../../format/side-band.ts'
import type { Limits } from '../limits.ts'
import { Meter } from '../remote/meter.ts'
import type { Operation, Remote, RequestRecord, Service, Traffic, UploadPackRequest } from '../remote/remote.ts'
import { isPassing } from '../remote/request-body.ts'
import type { RequestBody } from '../remote/request-body.ts'
import { gzipped } from './gzip.ts'
import { authorization } from './credentials.ts'
import type { Auth, Credentials } from './credentials.ts'
import { checkRequestTimeout, Deadline, eitherOf } from '../remote/deadline.ts'
import { exchange } from './exchange.ts'
import type { Answer } from './exchange.ts'
import { Login } from './login.ts'
import { networkError } from '../remote/network-error.ts'
import { checkUrl } from './check-url.ts'
import { isRedirect, movedBase, refused } from './redirect.ts'
import { retrying } from '../remote/retry.ts'
import type { RetryPolicy } from '../remote/retry.ts'
import { statusError } from './status-error.ts'
import type { Transport } from './transport.ts'

export interface HttpRemoteOptions {
  readonly url: string
  readonly transport: Transport
  /** Ends the transport's connections, where nobody else uses it. */
  readonly onClose?: (() => Promise<void>) | undefined
  readonly limits: Limits
  readonly auth?: Auth | undefined
  readonly userAgent: string
  readonly signal?: AbortSignal | undefined
  /** Milliseconds that one request may take: connection, headers and the whole body. */
  readonly requestTimeoutMs: number
  readonly retry: RetryPolicy
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly onRequest?: ((record: RequestRecord) => void) | undefined
}

/** What is asked, whatever it takes to get the answer. */
interface Call {
  readonly operation: Operation
  readonly service: Service
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Content type of the answer. */
  readonly expected: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: RequestBody
  /** The body in fewer bytes. */
  readonly packed?: Uint8Array | undefined
}

/** What all have in common that differ in their signals only. */
interface Shared {
  readonly login: Login
  readonly meter: Meter
  /** The origin that the credentials were given for. */
  readonly home: string
  base: string
  /** False once the server has refused a compressed body that it took as it was. */
  compresses: boolean
}

function begin({ url, auth, now, requestTimeoutMs, limits, onRequest }: HttpRemoteOptions): Shared {
  checkRequestTimeout(requestTimeoutMs)
  const base = checkUrl(url)
  const login = new Login({ auth, url: base, now, timeoutMs: requestTimeoutMs })
  const meter = new Meter({ onRequest, maxTotalBytes: limits.maxTotalBytes })
  return { login, meter, home: new URL(base).origin, base, compresses: true }
}

/**
 * One repository behind Smart HTTP (gitprotocol-http): requests with credentials, answers checked to be Git's. What the
 * server's answer demands before it gives one (another address, other credentials, a plain body) is met here, each once.
 */
export class HttpRemote implements Remote {
  readonly limits: Limits
  readonly userAgent: string
  readonly #options: HttpRemoteOptions
  readonly #shared: Shared

  constructor(options: HttpRemoteOptions, shared: Shared = begin(options)) {
    this.limits = options.limits
    this.userAgent = options.userAgent
    this.#options = options
    this.#shared = shared
  }

  with(signal: AbortSignal): HttpRemote {
    return new HttpRemote({ ...this.#options, signal: eitherOf(this.#options.signal, signal) }, this.#shared)
  }

  /** Without a final slash; another one once a redirect has led there. */
  get url(): string {
    return this.#shared.base
  }

  get traffic(): Traffic {
    return this.#shared.meter.traffic
  }

  get redact(): Redact {
    return this.#shared.login.redact
  }

  async close(): Promise<void> {
    await this.#options.onClose?.()
  }

  printable(text: string): string {
    return printable(this.redact(text))
  }

  advertisement(service: Service): Promise<ByteReader> {
    return this.#send({
      operation: 'discover',
      service,
      method: 'GET',
      path: `/info/refs?service=${service}`,
      expected: `application/x-${service}-advertisement`,
      headers: { 'git-protocol': 'version=2' },
    })
  }

  async uploadPack({ operation, version, body }: UploadPackRequest): Promise<ByteReader> {
    const protocol: Record<string, string> = version === 2 ? { 'git-protocol': 'version=2' } : {}
    const packed = this.#shared.compresses && !('chunks' in body) ? await gzipped(body) : undefined
    return await this.#send(post('git-upload-pack', { operation, headers: protocol, body, packed }))
  }

  receivePack(body: RequestBody): Promise<ByteReader> {
    return this.#send(post('git-receive-pack', { operation: 'push', headers: {}, body }))
  }

  /** A push is one try. */
  async #send(call: Call): Promise<ByteReader> {
    const { retry: policy, signal } = this.#options
    const ask = async (attempt: number): Promise<ByteReader> => new ByteReader(await this.#ask(call, attempt))
    return call.operation === 'push' ? ask(1) : retrying({ policy, url: this.#shared.base, signal }, ask)
  }

  /** One try: the question is put again as the refusal demands. */
  async #ask(call: Call, attempt: number): Promise<Answer['body']> {
    const visited = new Set<string>()
    const met = new Set<'login' | 'plain body'>()
    let base = this.#shared.base
    let packed = this.#shared.compresses ? call.packed : undefined
    let credentials = await this.#credentials(base)
    for (;;) {
      const answer = await this.#exchange({ ...call, packed }, attempt, base, credentials)
      if (answer.status === 200) {
        await this.#check(call, answer, base)
        // Learned only where the answer is Git's: anything else may stand at the end of a redirect.
        if (visited.size > 0) this.#shared.base = base
        if (met.has('plain body')) this.#shared.compresses = false
        return answer.body
      }
      const error = await this.#refusal(answer, base, credentials)
      if (isPassing(call.body)) throw error
      if (isRedirect(answer.status) && this.limits.maxRedirects > 0) {
        visited.add(base)
        base =
          call.method === 'GET'
            ? movedBase({ base, tail: call.path, location: answer.headers['location'], redact: this.redact })
            : await this.#rediscover(call.service, base, visited, error)
        this.#checkCourse(visited, base)
        credentials = await this.#credentials(base)
      } else if (answer.status === 401 && !met.has('login') && this.#isHome(base)) {
        met.add('login')
        const others = await this.#within(this.#shared.login.instead(credentials))
        if (others === undefined) throw error
        credentials = others
      } else if ((answer.status === 400 || answer.status === 415) && packed !== undefined) {
        met.add('plain body')
        packed = undefined
      } else throw error
    }
  }

  #exchange(call: Call, attempt: number, base: string, credentials: Credentials | undefined): Promise<Answer> {
    const { transport, signal, requestTimeoutMs } = this.#options
    const { operation, method, path, packed } = call
    const body = packed === undefined ? call.body : [packed]
    const question = {
      operation,
      method,
      base,
      path,
      attempt,
      body,
      headers: {
        accept: call.expected,
        'user-agent': this.userAgent,
        ...call.headers,
        ...(packed === undefined ? {} : { 'content-encoding': 'gzip' }),
      },
      isHome: this.#isHome(base),
      authorization: credentials && authorization(credentials),
    }
    return exchange(question, {
      transport,
      signal,
      requestTimeoutMs,
      redact: this.redact,
      maxResponseBytes: this.limits.maxResponseBytes,
      meter: this.#shared.meter,
    })
  }

  #refusal({ status, headers, body }: Answer, url: string, credentials: Credentials | undefined): Promise<GitError> {
    const withheld = this.#options.auth !== undefined && !this.#isHome(url)
    const login = withheld ? 'withheld' : credentials === undefined ? 'none' : 'sent'
    return statusError({ url, status, headers, body, redact: this.redact, login, now: this.#options.now })
  }

  /** The answer is Git's, and its first bytes are there: until then it can be asked for again. */
  async #check(call: Call, { headers, body }: Answer, base: string): Promise<void> {
    const type = headers['content-type']?.split(';')[0]?.trim()
    if (type === call.expected) {
      await body.prime()
      return
    }
    body.abandon()
    const actual = type && this.printable(type)
    const remedy =
      type === 'text/html'
        ? ', a web page: perhaps one to log in, or of a proxy. Check the address (the one that git clone takes) and the credentials'
        : ''
    const what = `${base} does not speak Git's Smart HTTP: it answers ${actual ?? 'no content type'}${remedy}`
    throw new GitError('NotGit', what, { expected: call.expected, ...(actual === undefined ? {} : { actual }) })
  }

  /**
   * Where the repository is now. A body is not sent on to wherever an answer points: what stands there must first
   * be seen to be Git.
   */
  async #rediscover(service: Service, base: string, visited: ReadonlySet<string>, error: GitError): Promise<string> {
    if (visited.size > 1) throw error
    try {
      const found = await this.advertisement(service)
      await found.close()
    } catch (reason) {
      // Says more than that the discovery led elsewhere.
      throw isGitError(reason, 'Redirected') ? error : reason
    }
    if (this.#shared.base === base) throw error
    return this.#shared.base
  }

  #checkCourse(visited: ReadonlySet<string>, next: string): void {
    const { maxRedirects } = this.limits
    const [first = next] = visited
    if (visited.has(next)) throw refused(first, next, 'redirects go round in a circle')
    if (visited.size > maxRedirects)
      throw refused(first, next, `more than ${maxRedirects} redirects (limits.maxRedirects)`)
  }

  #isHome(url: string): boolean {
    return new URL(url).origin === this.#shared.home
  }

  /** None for another origin than the one that they were given for. */
  async #credentials(base: string): Promise<Credentials | undefined> {
    return this.#isHome(base) ? await this.#within(this.#shared.login.current()) : undefined
  }

  /** Whoever is asked for credentials has as much time as a request. */
  async #within<T>(awaited: Promise<T>): Promise<T> {
    const { requestTimeoutMs, signal } = this.#options
    const deadline = new Deadline(requestTimeoutMs, signal)
    try {
      return await deadline.race(awaited)
    } catch (error) {
      throw deadline.explain(this.#shared.base, networkError(this.#shared.base, error, signal))
    } finally {
      deadline.end()
    }
  }
}

function post(service: Service, { headers, ...call }: Pick<Call, 'operation' | 'headers' | 'body' | 'packed'>): Call {
  const type = `application/x-${service}`
  return {
    ...call,
    service,
    method: 'POST',
    path: `/${service}`,
    expected: `${type}-result`,
    headers: { ...headers, 'content-type': `${type}-request` },
  }
}
