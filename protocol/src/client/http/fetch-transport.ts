import { GitError } from '../../format/errors.ts'
import type { RequestBody } from '../remote/request-body.ts'
import { networkError } from '../remote/network-error.ts'
import type { Transport, TransportRequest, TransportResponse } from './transport.ts'

export interface FetchTransportOptions {
  /** Default: the runtime's own. */
  readonly fetch?: typeof globalThis.fetch
  /** Further settings of each request, as far as the runtime knows them: `cache`, `credentials`, `dispatcher`. */
  readonly init?: Readonly<Omit<RequestInit, 'method' | 'headers' | 'body' | 'signal' | 'redirect' | 'duplex'>>
}

/**
 * The transport for runtimes that have `fetch` and no Node: workers at the edge, browsers. Only the time of the whole
 * request ends silence. Browsers send a page's own user agent, follow no redirect that they would have to show, and ask
 * the server for permission first (CORS).
 */
export function fetchTransport(options: FetchTransportOptions = {}): Transport {
  return async (request) => {
    const { fetch = globalThis.fetch, init = {} } = options
    try {
      return toResponse(request, await fetch(request.url, { ...init, ...toInit(request) }))
    } catch (error) {
      throw networkError(request.url, error, request.signal)
    }
  }
}

function toInit({ method, headers, body, signal }: TransportRequest): RequestInit {
  return {
    method,
    headers: { ...headers },
    redirect: 'manual',
    ...(signal === undefined ? {} : { signal }),
    ...(body === undefined ? {} : toBody(body)),
  }
}

/** Bytes in hand are sent with their length; a stream's length cannot be told through `fetch`. */
function toBody(body: RequestBody): RequestInit {
  if (!('chunks' in body)) return { body: new Blob(body as Uint8Array<ArrayBuffer>[]) }
  const chunks = body.chunks()[Symbol.asyncIterator]()
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await chunks.return?.()
    },
  })
  return { body: stream, duplex: 'half' }
}

function toResponse({ url, signal }: TransportRequest, response: Response): TransportResponse {
  if (response.type === 'opaqueredirect') {
    throw new GitError('Redirected', `${url} leads elsewhere, and this runtime does not say where: use the new address`)
  }
  const headers = Object.fromEntries(response.headers)
  // Decoded on the way, whatever the header still says.
  delete headers['content-encoding']
  return { status: response.status, headers, body: received(url, response.body, signal) }
}

async function* received(
  url: string,
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  if (reader === undefined) return
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } catch (error) {
    throw networkError(url, error, signal)
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
