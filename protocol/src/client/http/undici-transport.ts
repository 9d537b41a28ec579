import { Readable } from 'node:stream'
import { getCACertificates } from 'node:tls'
import { Agent } from 'undici'
import type { Dispatcher } from 'undici'
import { GitError } from '../../format/errors.ts'
import { bodyChunks, bodyLength } from '../request-body.ts'
import type { RequestBody } from '../request-body.ts'
import type { Transport, TransportRequest, TransportResponse } from './transport.ts'

export interface UndiciTransportOptions {
  /** Default: an agent of its own with {@link timeoutMs} applied. */
  readonly dispatcher?: Dispatcher
  /** Milliseconds of silence after which a connection, the headers or the next bytes are given up. Default 60,000. */
  readonly timeoutMs?: number
  /** PEM of certificate authorities to trust besides the built-in ones. */
  readonly ca?: string
}

/** The transport for Node. Keeps connections open between requests. */
export function undiciTransport(options: UndiciTransportOptions = {}): Transport {
  const dispatcher = options.dispatcher ?? createAgent(options)
  return async (request) => {
    try {
      return await send(dispatcher, request)
    } catch (error) {
      throw networkError(request.url, error)
    }
  }
}

function createAgent({ timeoutMs = 60_000, ca }: UndiciTransportOptions): Agent {
  return new Agent({
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: timeoutMs, ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }) },
  })
}

async function send(dispatcher: Dispatcher, request: TransportRequest): Promise<TransportResponse> {
  const { origin, pathname, search } = new URL(request.url)
  const response = await dispatcher.request({
    origin,
    path: pathname + search,
    method: request.method,
    headers: { ...request.headers, ...contentLength(request.body) },
    body: request.body === undefined ? null : Readable.from(bodyChunks(request.body), { objectMode: false }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
  return { status: response.statusCode, headers: flatten(response.headers), body: guarded(request.url, response.body) }
}

function contentLength(body: RequestBody | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(bodyLength(body)) }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}

async function* guarded(url: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw networkError(url, error)
  }
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])

function networkError(url: string, error: unknown): GitError {
  if (error instanceof GitError) return error
  const { host } = new URL(url)
  const { code, name, message } = error as { code?: string; name?: string; message?: string }
  if (name === 'AbortError') return new GitError('Aborted', `the request to ${host} was aborted`, { cause: error })
  if (name === 'TimeoutError' || (code !== undefined && TIMEOUTS.has(code))) {
    return new GitError('Timeout', `${host} does not answer in time (${name === 'TimeoutError' ? 'deadline' : code})`, {
      cause: error,
    })
  }
  return new GitError('Network', `no answer from ${host}: ${code ?? message ?? 'connection failed'}`, { cause: error })
}
