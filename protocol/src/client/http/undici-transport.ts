import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { bodyChunks, bodyLength } from '../request-body.ts'
import type { RequestBody } from '../request-body.ts'
import { ACCEPTED_CODINGS, decoded } from './decode.ts'
import { createDispatcher, timeouts } from './undici-dispatcher.ts'
import type { ConnectionOptions } from './undici-dispatcher.ts'
import { networkError } from './network-error.ts'
import type { Transport, TransportRequest, TransportResponse } from './transport.ts'

export type { ProxyByScheme } from './undici-dispatcher.ts'

export interface UndiciTransportOptions extends ConnectionOptions {
  /** Carries the requests as it is set up; of the other options only the times for headers and body then count. */
  readonly dispatcher?: Dispatcher
}

/**
 * The transport for Node. Keeps connections open between requests.
 * @throws GitError `InvalidInput` naming the option
 */
export function undiciTransport(options: UndiciTransportOptions = {}): Transport {
  const dispatcher = options.dispatcher ?? createDispatcher(options)
  const { headersTimeout, bodyTimeout } = timeouts(options)
  const patience = options.dispatcher === undefined ? { headersTimeout, bodyTimeout } : given(options)
  return async (request) => {
    try {
      return await send(dispatcher, request, patience)
    } catch (error) {
      throw networkError(request.url, error, request.signal)
    }
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

async function send(dispatcher: Dispatcher, request: TransportRequest, patience: Patience): Promise<TransportResponse> {
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
  return { status: response.statusCode, headers, body: guarded(request, decoded(response.body, coding)) }
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
