import { ByteReader } from '../format/byte-reader.ts'
import { GitError } from '../format/errors.ts'
import { printable } from '../format/side-band.ts'
import { overLimit } from './limits.ts'
import type { Limits } from './limits.ts'
import type { Transport, TransportResponse } from './transport.ts'

export type Service = 'git-upload-pack' | 'git-receive-pack'

/** Sent with every request to the repository, and to nobody else. */
export type Credentials = { readonly username: string; readonly password: string } | { readonly bearer: string }

/** One finished HTTP request, for progress, metrics and logs. Holds nothing secret. */
export interface RequestRecord {
  readonly method: 'GET' | 'POST'
  /** The path below the repository's URL. */
  readonly path: string
  readonly status: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly milliseconds: number
}

export interface Traffic {
  readonly requests: number
  /** Body bytes. */
  readonly bytesSent: number
  /** Body bytes. */
  readonly bytesReceived: number
}

export interface RemoteOptions {
  readonly url: string
  readonly transport: Transport
  readonly limits: Limits
  readonly auth?: Credentials | undefined
  readonly userAgent: string
  readonly signal?: AbortSignal | undefined
  readonly onRequest?: ((record: RequestRecord) => void) | undefined
}

/** One repository behind Smart HTTP (gitprotocol-http): requests with credentials, answers checked to be Git's. */
export class Remote {
  readonly url: string
  readonly limits: Limits
  readonly userAgent: string
  readonly #options: RemoteOptions
  readonly #authorization: string | undefined
  #traffic: Traffic = { requests: 0, bytesSent: 0, bytesReceived: 0 }

  constructor(options: RemoteOptions) {
    this.url = checkUrl(options.url)
    this.limits = options.limits
    this.userAgent = options.userAgent
    this.#options = options
    this.#authorization = authorization(options.auth)
  }

  get traffic(): Traffic {
    return this.#traffic
  }

  /** `GET info/refs?service=…`, protocol version 2 asked for. */
  advertisement(service: Service): Promise<ByteReader> {
    return this.#send('GET', `/info/refs?service=${service}`, `application/x-${service}-advertisement`, {
      'git-protocol': 'version=2',
    })
  }

  uploadPack(body: readonly Uint8Array[]): Promise<ByteReader> {
    return this.#post('git-upload-pack', body, { 'git-protocol': 'version=2' })
  }

  receivePack(body: readonly Uint8Array[]): Promise<ByteReader> {
    return this.#post('git-receive-pack', body, {})
  }

  #post(service: Service, body: readonly Uint8Array[], headers: Record<string, string>): Promise<ByteReader> {
    const type = `application/x-${service}`
    return this.#send('POST', `/${service}`, `${type}-result`, { ...headers, 'content-type': `${type}-request` }, body)
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    expectedType: string,
    headers: Record<string, string>,
    body?: readonly Uint8Array[],
  ): Promise<ByteReader> {
    const { transport, signal, auth: _auth, userAgent } = this.#options
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
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (error) {
      meter.finish(0)
      throw error
    }
    const received = meter.count(response, this.limits.maxResponseBytes)
    if (response.status !== 200) throw await statusError(this.url, response, received)
    const type = response.headers['content-type']?.split(';')[0]?.trim()
    if (type !== expectedType) {
      await received.return(undefined)
      throw new GitError(
        'NotGit',
        `${this.url} does not speak Git's Smart HTTP: it answers ${type ?? 'no content type'}`,
        {
          expected: expectedType,
          ...(type === undefined ? {} : { actual: type }),
        },
      )
    }
    return new ByteReader(received)
  }

  #meter(method: 'GET' | 'POST', path: string, body: readonly Uint8Array[] | undefined): Meter {
    const bytesSent = body?.reduce((sum, chunk) => sum + chunk.length, 0) ?? 0
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

function authorization(auth: Credentials | undefined): string | undefined {
  if (auth === undefined) return undefined
  const value =
    'bearer' in auth
      ? `Bearer ${auth.bearer}`
      : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`
  // A line break would let a token write headers of its own.
  if (/[\r\n]/.test(value)) throw new GitError('InvalidInput', 'auth holds a line break', { field: 'auth' })
  return value
}

const MAX_EXCERPT = 2048

async function statusError(
  url: string,
  response: TransportResponse,
  received: AsyncGenerator<Uint8Array>,
): Promise<GitError> {
  const { status, headers } = response
  const remote = await excerpt(headers['content-type'], received)
  const details = { status, ...(remote === undefined ? {} : { remote: [remote] }) }
  const because = remote === undefined ? '' : `: ${remote}`
  if (status === 401) return new GitError('Unauthorized', `${url} refuses these credentials (401)${because}`, details)
  if (status === 403) return new GitError('Forbidden', `${url} does not allow this (403)${because}`, details)
  if (status === 404) {
    return new GitError(
      'RepositoryNotFound',
      `${url} does not exist, or these credentials may not see it (404)`,
      details,
    )
  }
  if (status === 429) {
    const waitMs = retryAfter(headers['retry-after'])
    return new GitError('RateLimited', `${url} asks for fewer requests (429)`, {
      ...details,
      ...(waitMs === undefined ? {} : { waitMs }),
    })
  }
  if (status >= 300 && status < 400) {
    const target = URL.parse(headers['location'] ?? '', url)
    const actual = target === null ? 'nowhere' : `${target.origin}${target.pathname}`
    return new GitError('Redirected', `${url} has moved to ${actual} (${status}): use that address`, {
      ...details,
      actual,
    })
  }
  if (status >= 500) return new GitError('ServerError', `${url} failed (${status})${because}`, details)
  return new GitError('NotGit', `${url} answers with HTTP status ${status}${because}`, details)
}

async function excerpt(type: string | undefined, body: AsyncGenerator<Uint8Array>): Promise<string | undefined> {
  let text = ''
  try {
    for await (const chunk of body) {
      text += Buffer.from(chunk).toString('utf8')
      if (text.length > MAX_EXCERPT) break
    }
  } catch {
    return undefined
  }
  const line = printable(text.slice(0, 200))
  return type?.startsWith('text/plain') === true && line !== '' ? line : undefined
}

function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}
