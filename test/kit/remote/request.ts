import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** One HTTP request as the remote saw it. It is listed on arrival and filled in while it is answered. */
export interface RecordedRequest {
  readonly method: string
  /** Path of the URL, without the query. */
  readonly path: string
  /** Query without the question mark; empty when there was none. */
  readonly query: string
  /** The Git service asked for, by path or by query; null for anything else. */
  readonly service: 'upload-pack' | 'receive-pack' | null
  /** When it arrived, as `performance.now()` tells. */
  readonly at: number
  /** Request headers without credentials. */
  readonly headers: IncomingHttpHeaders
  /** Status that was answered; 0 while there is no answer, and for good when the connection was cut before one. */
  status: number
  /** Bytes of the request's body as sent (compressed when the client compressed it), without chunk framing. */
  bytesIn: number
  /** Bytes of the answer's body that were sent, without chunk framing. */
  bytesOut: number
  /** The request's body as sent; only with the option `recordBodies`. */
  body?: Buffer
}

export function describeRequest(request: IncomingMessage): RecordedRequest {
  const target = request.url ?? '/'
  const at = target.indexOf('?')
  const path = at < 0 ? target : target.slice(0, at)
  const query = at < 0 ? '' : target.slice(at + 1)
  const { authorization: _a, 'proxy-authorization': _p, cookie: _c, ...headers } = request.headers
  return {
    method: request.method ?? 'GET',
    path,
    query,
    service: serviceOf(path, query),
    at: performance.now(),
    headers,
    status: 0,
    bytesIn: 0,
    bytesOut: 0,
  }
}

function serviceOf(path: string, query: string): RecordedRequest['service'] {
  const name = path.endsWith('/info/refs') ? new URLSearchParams(query).get('service') : path.split('/').at(-1)
  if (name === 'git-upload-pack') return 'upload-pack'
  return name === 'git-receive-pack' ? 'receive-pack' : null
}

/** Whether a request is a push itself: not the look before it, nor the four bytes by which git probes for a login. */
export function isPush(request: RecordedRequest): boolean {
  return request.method === 'POST' && request.service === 'receive-pack' && request.headers['content-length'] !== '4'
}
