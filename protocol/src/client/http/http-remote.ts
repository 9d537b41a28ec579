import { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import { printable } from '../../format/side-band.ts'
import type { Redact } from '../../format/side-band.ts'
import { authorization, secretsOf } from './credentials.ts'
import type { Credentials } from './credentials.ts'
import { checkRequestTimeout, Deadline } from './deadline.ts'
import { overLimit } from '../limits.ts'
import type { Limits } from '../limits.ts'
import type { Remote, RequestRecord, Service, Traffic } from '../remote.ts'
import { bodyLength } from '../request-body.ts'
import type { RequestBody } from '../request-body.ts'
import { redactor } from './redact.ts'
import { statusError } from './status-error.ts'
import type { Transport, TransportResponse } from './transport.ts'

export interface HttpRemoteOptions {
  readonly url: string
  readonly transport: Transport
  readonly limits: Limits
  readonly auth?: Credentials | undefined
  readonly userAgent: string
  readonly signal?: AbortSignal | undefined
  /** Milliseconds that one request may take: connection, headers and the whole body. */
  readonly requestTimeoutMs: number
  readonly onRequest?: ((record: RequestRecord) => void) | undefined
}

/** One repository behind Smart HTTP (gitprotocol-http): requests with credentials, answers checked to be Git's. */
export class HttpRemote implements Remote {
  readonly url: string
  readonly limits: Limits
  readonly userAgent: string
  readonly redact: Redact
  readonly #options: HttpRemoteOptions
  readonly #authorization: string | undefined
  #traffic: Traffic = { requests: 0, bytesSent: 0, bytesReceived: 0 }

  constructor(options: HttpRemoteOptions) {
    this.url = checkUrl(options.url)
    this.limits = options.limits
    this.userAgent = options.userAgent
    checkRequestTimeout(options.requestTimeoutMs)
    this.#options = options
    this.#authorization = options.auth && authorization(options.auth)
    this.redact = redactor(options.auth === undefined ? [] : secretsOf(options.auth))
  }

  get traffic(): Traffic {
    return this.#traffic
  }

  printable(text: string): string {
    return printable(this.redact(text))
  }

  advertisement(service: Service): Promise<ByteReader> {
    return this.#send('GET', `/info/refs?service=${service}`, `application/x-${service}-advertisement`, {
      'git-protocol': 'version=2',
    })
  }

  uploadPack(body: RequestBody): Promise<ByteReader> {
    return this.#post('git-upload-pack', body, { 'git-protocol': 'version=2' })
  }

  receivePack(body: RequestBody): Promise<ByteReader> {
    return this.#post('git-receive-pack', body, {})
  }

  #post(service: Service, body: RequestBody, headers: Record<string, string>): Promise<ByteReader> {
    const type = `application/x-${service}`
    return this.#send('POST', `/${service}`, `${type}-result`, { ...headers, 'content-type': `${type}-request` }, body)
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    expectedType: string,
    headers: Record<string, string>,
    body?: RequestBody,
  ): Promise<ByteReader> {
    const { transport, signal, userAgent, requestTimeoutMs } = this.#options
    const deadline = new Deadline(requestTimeoutMs, signal)
    const meter = this.#meter(method, path, body)
    let response: TransportResponse
    try {
      response = await transport({
        method,
        url: this.url + path,
        headers: {
          accept: expectedType,
          'user-agent': userAgent,
          ...headers,
          ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
        },
        ...(body === undefined ? {} : { body }),
        signal: deadline.signal,
      })
    } catch (error) {
      deadline.end()
      meter.finish(0)
      throw deadline.explain(this.url, error)
    }
    const received = this.#timed(deadline, meter.count(response, this.limits.maxResponseBytes))
    if (response.status !== 200)
      throw await statusError(this.url, response, received, this.redact, this.#authorization !== undefined)
    const type = response.headers['content-type']?.split(';')[0]?.trim()
    if (type !== expectedType) {
      deadline.abandon()
      meter.finish(response.status)
      throw this.#notGit(expectedType, type)
    }
    return new ByteReader(received)
  }

  async *#timed(deadline: Deadline, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body
    } catch (error) {
      throw deadline.explain(this.url, error)
    } finally {
      deadline.end()
    }
  }

  #notGit(expected: string, type: string | undefined): GitError {
    const actual = type && this.printable(type)
    const what = `${this.url} does not speak Git's Smart HTTP: it answers ${actual ?? 'no content type'}`
    return new GitError('NotGit', what, { expected, ...(actual === undefined ? {} : { actual }) })
  }

  #meter(method: 'GET' | 'POST', path: string, body: RequestBody | undefined): Meter {
    const bytesSent = body === undefined ? 0 : bodyLength(body)
    this.#traffic = {
      ...this.#traffic,
      requests: this.#traffic.requests + 1,
      bytesSent: this.#traffic.bytesSent + bytesSent,
    }
    return new Meter((status, bytesReceived, milliseconds) => {
      this.#traffic = { ...this.#traffic, bytesReceived: this.#traffic.bytesReceived + bytesReceived }
      this.#options.onRequest?.({ method, path, status, bytesSent, bytesReceived, milliseconds })
    })
  }
}

type MeterReport = (status: number, bytesReceived: number, milliseconds: number) => void

/** Counts one response as it is read, and stops it at the cap. */
class Meter {
  readonly #report: MeterReport
  readonly #start = performance.now()
  #received = 0

  constructor(report: MeterReport) {
    this.#report = report
  }

  finish(status: number): void {
    this.#report(status, this.#received, performance.now() - this.#start)
  }

  async *count(response: TransportResponse, max: number): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of response.body) {
        this.#received += chunk.length
        if (this.#received > max) throw overLimit('maxResponseBytes', max)
        yield chunk
      }
    } finally {
      this.finish(response.status)
    }
  }
}

function checkUrl(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) {
    throw new GitError(
      'InvalidInput',
      `the repository URL must begin with https:// or http://, not ${JSON.stringify(withoutUser(url))}`,
      {
        field: 'url',
      },
    )
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new GitError('InvalidInput', 'the repository URL must not hold credentials: give them as auth', {
      field: 'url',
    })
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    throw new GitError('InvalidInput', 'the repository URL must have neither a query nor a fragment', { field: 'url' })
  }
  return parsed.href.replace(/\/+$/, '')
}

/** What stands before the last `@` may be a password, whatever else is wrong with the address. */
function withoutUser(url: string): string {
  return url.replace(/^.*@/s, '…@')
}
