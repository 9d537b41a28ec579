import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { BodyRefused } from './body-reader.ts'

export interface HttpServer {
  /** `host:port` as bound. */
  readonly address: string
  /** Ends connections too. */
  close(): Promise<void>
}

/** For so long a connection is kept on which a request begins and does not end, whether or not anybody reads it. */
const REQUEST_MS = 30_000

/**
 * Listens.
 * @param flag named in errors
 * @param address `host:port`; port 0 takes a free one
 * @param create default: plain http
 * @throws RangeError for an address that is none, and Error naming the flag where nobody can listen
 */
export async function startServer(
  flag: string,
  address: string,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  create: (handle: (request: IncomingMessage, response: ServerResponse) => void) => Server | TlsServer = createServer,
): Promise<HttpServer> {
  const server = create(handle)
  server.requestTimeout = REQUEST_MS
  await listen(server, flag, address)
  const { address: host, family, port } = server.address() as AddressInfo
  return {
    address: family === 'IPv6' ? `[${host}]:${port}` : `${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The path of a request; undefined for a target that is no URL. */
export function pathOf({ url = '/' }: IncomingMessage): string | undefined {
  return URL.parse(url, 'http://localhost')?.pathname
}

/** Says what went wrong, where that can still be said. @param status where the error names none */
export function answerError(response: ServerResponse, error: unknown, status: number, text = String(error)): void {
  if (response.headersSent) response.destroy()
  else if (error instanceof BodyRefused) answer(response, error.status, `${error.message}\n`)
  else answer(response, status, `${text}\n`)
}

export function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
}

export const ADDRESS_FORM = 'must be host:port, as in 127.0.0.1:8080'

/** Reads `host:port`, where no host means all addresses; undefined for what is written otherwise. */
export function parseAddress(address: string): { readonly host: string; readonly port: number } | undefined {
  const [, host, digits] = /^([^\s/]*):(\d{1,5})$/.exec(address) ?? []
  const port = Number(digits)
  return host === undefined || port > 65_535 ? undefined : { host: host.replace(/^\[|\]$/g, ''), port }
}

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has this address: choose another port, or end that process',
  EACCES: 'this process may not listen there: choose a port above 1023',
  EADDRNOTAVAIL: 'this machine does not have this address: name one that it has, or 0.0.0.0 for all',
  ENOTFOUND: 'the host does not resolve: name an address of this machine, or 0.0.0.0 for all',
}

function listen(server: Server | TlsServer, flag: string, address: string): Promise<void> {
  const parsed = parseAddress(address)
  if (parsed === undefined) throw new RangeError(`${flag} ${JSON.stringify(address)} ${ADDRESS_FORM}`)
  const { host, port } = parsed
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const { code = error.message } = error
      const problem = LISTEN_PROBLEMS[code] ?? 'nobody can listen there'
      reject(new Error(`${flag} ${address}: ${problem} (${code})`, { cause: error }))
    })
    server.listen(port, host === '' ? undefined : host, resolve)
  })
}
