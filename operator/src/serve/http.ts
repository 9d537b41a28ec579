import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

export interface ServeOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string
  readonly registry: Registry
  /** Called before the metrics are printed. */
  readonly collect: () => void
  /** What `/readyz` answers. */
  readonly readiness: () => Readiness
}

export interface Readiness {
  /** 200, or 503. */
  readonly isReady: boolean
  /** One line for people: what is missing, or what this process is at. */
  readonly text: string
}

export interface AdminServer {
  /** `host:port` as bound. */
  readonly address: string
  close(): Promise<void>
}

/** `/healthz`, `/readyz` and `/metrics`. Health does not depend on Git: a host that is down is no reason to restart. */
export async function serveAdmin(options: ServeOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    const pathname = URL.parse(request.url ?? '/', 'http://localhost')?.pathname
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, 'only GET\n')
    else if (pathname === '/healthz') answer(response, 200, 'ok\n')
    else if (pathname === '/readyz') {
      const { isReady, text } = options.readiness()
      answer(response, isReady ? 200 : 503, `${text}\n`)
    } else if (pathname === '/metrics') void metrics(options, response)
    else answer(response, 404, 'try /healthz, /readyz or /metrics\n')
  })
  await listen(server, options.address)
  const { address, family, port } = server.address() as AddressInfo
  return {
    address: family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function metrics({ collect, registry }: ServeOptions, response: ServerResponse): Promise<void> {
  try {
    collect()
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType }).end(text)
  } catch (error) {
    answer(response, 500, `${String(error)}\n`)
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
}

function listen(server: Server, address: string): Promise<void> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  const port = Number(address.slice(colon + 1))
  if (colon < 0 || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`--metrics ${JSON.stringify(address)} must be host:port, as in 127.0.0.1:8080`)
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host === '' ? undefined : host, resolve)
  })
}
