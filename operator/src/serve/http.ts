import type { ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import { answer, pathOf, startServer } from './server.ts'
import type { HttpServer } from './server.ts'

export interface ServeOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string
  readonly registry: Registry
  /** Called before the metrics are printed. */
  readonly collect: () => void | Promise<void>
  /** What `/readyz` answers. */
  readonly readiness: () => Readiness
}

export interface Readiness {
  /** 200, or 503. */
  readonly isReady: boolean
  /** One line for people: what is missing, or what this process is at. */
  readonly text: string
}

/** `/healthz`, `/readyz` and `/metrics`. Health does not depend on Git: a host that is down is no reason to restart. */
export function serveMetrics(options: ServeOptions): Promise<HttpServer> {
  return startServer('--metrics', options.address, (request, response) => {
    const path = pathOf(request)
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, 'only GET\n')
    else if (path === '/healthz') answer(response, 200, 'ok\n')
    else if (path === '/readyz') {
      const { isReady, text } = options.readiness()
      answer(response, isReady ? 200 : 503, `${text}\n`)
    } else if (path === '/metrics') void printMetrics(options, response)
    else answer(response, 404, 'try /healthz, /readyz or /metrics\n')
  })
}

async function printMetrics({ collect, registry }: ServeOptions, response: ServerResponse): Promise<void> {
  try {
    await collect()
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType }).end(text)
  } catch (error) {
    answer(response, 500, `${String(error)}\n`)
  }
}
