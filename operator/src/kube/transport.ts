import { Agent, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from 'undici'
import type { KubeConnection } from './connection.ts'
import type { Credential } from './credential.ts'

export interface TransportRequest {
  readonly method: string
  /** Path and query below the server's base URL. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly signal: AbortSignal
}

export interface Transport {
  send(request: TransportRequest): Promise<Dispatcher.ResponseData>
  /** Ends every connection at once. */
  close(): Promise<void>
}

const CONNECT_TIMEOUT_MS = 10_000
/** Idle sockets are dropped before common load balancers drop them silently. */
const KEEP_ALIVE_MS = 30_000

/** Authenticated requests over pooled HTTP/1.1 connections: a watch holds one of its own, so that nothing waits behind it. */
export function createTransport(connection: KubeConnection): Transport {
  const { server, credentials } = connection
  const base = server.pathname.replace(/\/$/, '')
  let current: { readonly dispatcher: Dispatcher; readonly cert: string | undefined } | undefined

  function dispatcherFor(credential: Credential): Dispatcher {
    if (current?.cert === credential.cert && current !== undefined) return current.dispatcher
    // Requests under way end on the old certificate's connections.
    void current?.dispatcher.close()
    current = { dispatcher: createDispatcher(connection, credential), cert: credential.cert }
    return current.dispatcher
  }

  return {
    async send({ method, path, headers, body, signal }) {
      const credential = await credentials.get()
      signal.throwIfAborted()
      return dispatcherFor(credential).request({
        origin: server.origin,
        path: base + path,
        method,
        headers: { ...headers, ...(credential.headers as Record<string, string | string[]>) },
        body: body ?? null,
        signal,
      })
    },
    async close() {
      await current?.dispatcher.destroy()
      current = undefined
    },
  }
}

function createDispatcher({ tls, proxyUrl }: KubeConnection, { cert, key }: Credential): Dispatcher {
  const secure = { ...tls, ...(cert === undefined ? {} : { cert, key }) }
  // Callers bound the time of each request themselves; HTTP/2 multiplexing has leaked memory under long watches.
  const common = { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 0, bodyTimeout: 0, allowH2: false, pipelining: 1 }
  if (proxyUrl === undefined) return new Agent({ ...common, connect: { ...secure, timeout: CONNECT_TIMEOUT_MS } })
  if (proxyUrl.startsWith('socks')) return new Socks5ProxyAgent(proxyUrl, { ...common, requestTls: secure })
  return new ProxyAgent({ ...common, uri: proxyUrl, requestTls: secure })
}
