import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { bodyReader, BodyRefused } from '../serve/body-reader.ts'
import type { ReadBody } from '../serve/body-reader.ts'
import { answer, startServer } from '../serve/server.ts'
import type { HttpServer } from '../serve/server.ts'
import type { PageRequest, PageResponse } from './page-request.ts'

export interface ServeAuditPageOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string
  readonly answer: (request: PageRequest) => Promise<PageResponse>
  readonly logger: Logger
}

/** Of a form: a token, and where to go. */
const MAX_FORM_BYTES = 64 << 10
/** Forms that are held at the same time. */
const MAX_AT_ONCE = 16
/** Pages that are made at the same time. */
const MAX_PAGES = 64
/** At the same time, those included on which nobody asks for anything: more are closed, so that the operator has some left. */
const MAX_CONNECTIONS = 512

/**
 * No browser runs anything that stands in a page, loads anything from elsewhere, shows it within another page, keeps it,
 * or tells the Git host where somebody came from. https://www.w3.org/TR/CSP3/
 */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
}

/** Serves pages over plain HTTP: what stands before it encrypts. */
export function serveAuditPage(options: ServeAuditPageOptions): Promise<HttpServer> {
  const readBody = bodyReader({ maxBytes: MAX_FORM_BYTES, atOnce: MAX_AT_ONCE })
  let making = 0
  const handle: RequestListener = (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const url = URL.parse(request.url ?? '/', 'http://page.invalid')
    if (url === null || url.host !== 'page.invalid') return answer(response, 400, 'this is no path\n')
    if (making >= MAX_PAGES) return answer(response, 503, 'busy: try again\n')
    making++
    options
      .answer(pageRequest(request, url, readBody))
      .then((page) => send(response, page, request.method === 'HEAD'))
      .catch((error: unknown) => {
        if (error instanceof BodyRefused) return answer(response, error.status, `${error.message}\n`)
        options.logger.error({ path: url.pathname, error: String(error) }, 'a page could not be made')
        if (response.headersSent) response.destroy()
        else answer(response, 500, 'this page could not be made: the log of the operator says why\n')
      })
      .finally(() => making--)
  }
  return startServer('--audit-page', options.address, handle, create)
}

function create(handle: RequestListener): Server {
  const server = createServer(handle)
  server.maxConnections = MAX_CONNECTIONS
  return server
}

function pageRequest(request: IncomingMessage, url: URL, readBody: ReadBody): PageRequest {
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headersDistinct,
    remoteAddress: request.socket.remoteAddress ?? '',
    form: () => readBody(request, (body) => new URLSearchParams(body.toString())),
  }
}

function send(response: ServerResponse, { status, headers, body }: PageResponse, isHead: boolean): void {
  const bytes = Buffer.from(body)
  response.writeHead(status, { 'content-length': bytes.length, ...headers })
  response.end(isHead ? undefined : bytes)
}
