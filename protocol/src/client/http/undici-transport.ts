import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { checkInteger } from '../check-option.ts'
import { bodyChunks, bodyLength } from '../remote/request-body.ts'
import type { RequestBody } from '../remote/request-body.ts'
import { ACCEPTED_CODINGS, decoded, MAX_INFLATE_RATIO } from './decode.ts'
import { checkConnectionOptions, createDispatcher, timeouts } from './undici-dispatcher.ts'
import type { ConnectionOptions } from './undici-dispatcher.ts'
import { networkError } from '../remote/network-error.ts'
import type { Transport, TransportRequest, TransportResponse } from './transport.ts'

export type { ProxyByScheme } from './undici-dispatcher.ts'

export interface UndiciTransportOptions extends ConnectionOptions {
  /** Carries the requests as it is set up; of the other options only the times for headers and body then count. */
  readonly dispatcher?: Dispatcher
  /**
   * Bytes to which each byte of a compressed answer may unpack, beyond the first MiB. Default 200.
   */
  readonly maxInflateRatio?: number
}

/**
 * The transport for Node. Keeps connections open between requests.
 * @throws GitError `InvalidInput` naming the option
 */
export function undiciTransport(options: UndiciTransportOptions = {}): Transport {
  const { maxInflateRatio = MAX_INFLATE_RATIO } = options
  checkInteger('maxInflateRatio', maxInflateRatio, 1)
  if (options.dispatcher === undefined) checkConnectionOptions(options)
  const dispatchers = new Dispatchers(options)
  const { headersTimeout, bodyTimeout } = timeouts(options)
  const patience = options.dispatcher === undefined ? { headersTimeout, bodyTimeout } : given(options)
  const transport = async (request: TransportRequest): Promise<TransportResponse> => {
    try {
      const dispatcher = await dispatchers.for(request)
      return await send(request, { dispatcher, patience, maxInflateRatio })
    } catch (error) {
      throw networkError(request.url, error, request.signal)
    }
  }
  return Object.assign(transport, { close: () => dispatchers.close() })
}

/** What carries the requests, made when the first one is sent: to the origin of a repository, and to others. */
class Dispatchers {
  readonly #options: UndiciTransportOptions
  #home: Promise<Dispatcher> | undefined
  #foreign: Promise<Dispatcher> | undefined

  constructor(options: UndiciTransportOptions) {
    this.#options = options
  }

  async for({ isForeign }: TransportRequest): Promise<Dispatcher> {
    const { dispatcher, cert, key: _key, passphrase: _passphrase, ...nameless } = this.#options
    if (dispatcher !== undefined) return dispatcher
    if (isForeign === true && cert !== undefined) return (this.#foreign ??= createDispatcher(nameless))
    return (this.#home ??= createDispatcher(this.#options))
  }

  /** One that came from outside is left alone. */
  async close(): Promise<void> {
    const made = [this.#home, this.#foreign]
    this.#home = undefined
    this.#foreign = undefined
    await Promise.all(made.map(async (one) => (await one)?.destroy()))
  }
}

type Patience = Pick<Dispatcher.RequestOptions, 'headersTimeout' | 'bodyTimeout'>

/** A dispatcher from outside has times of its own. */
function given({ timeoutMs, headersTimeoutMs = timeoutMs, bodyTimeoutMs = timeoutMs }: ConnectionOptions): Patience {
  return {
    ...(headersTimeoutMs === undefined ? {} : { headersTimeout: headersTimeoutMs }),
    ...(bodyTimeoutMs === undefined ? {} : { bodyTimeout: bodyTimeoutMs }),
  }
}

interface Sending {
  readonly dispatcher: Dispatcher
  readonly patience: Patience
  readonly maxInflateRatio: number
}

async function send(request: TransportRequest, sending: Sending): Promise<TransportResponse> {
  const { dispatcher, patience, maxInflateRatio } = sending
  const { origin, pathname, search } = new URL(request.url)
  const response = await dispatcher.request({
    ...patience,
    origin,
    path: pathname + search,
    method: request.method,
    headers: { 'accept-encoding': ACCEPTED_CODINGS, ...request.headers, ...contentLength(request.body) },
    body: request.body === undefined ? null : Readable.from(bodyChunks(request.body), { objectMode: false }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
  const { 'content-encoding': coding, ...headers } = flatten(response.headers)
  return {
    status: response.statusCode,
    headers,
    body: guarded(request, decoded(response.body, coding, maxInflateRatio)),
  }
}

function contentLength(body: RequestBody | undefined): Record<string, string> {
  const length = body && bodyLength(body)
  return length === undefined ? {} : { 'content-length': String(length) }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}

async function* guarded(
  { url, signal }: TransportRequest,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw networkError(url, error, signal)
  }
}
