import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HttpServer {
  /** `host:port` as bound. */
  readonly address: string
  /** Ends connections too. */
  close(): Promise<void>
}

/**
 * Listens.
 * @param flag named in errors
 * @param address `host:port`; port 0 takes a free one
 * @throws RangeError for an address that is none, and what `listen` throws
 */
export async function startServer(
  flag: string,
  address: string,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<HttpServer> {
  const server = createServer(handle)
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

export function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
}

function listen(server: Server, flag: string, address: string): Promise<void> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  const port = Number(address.slice(colon + 1))
  if (colon < 0 || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`${flag} ${JSON.stringify(address)} must be host:port, as in 127.0.0.1:8080`)
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host === '' ? undefined : host, resolve)
  })
}
