import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { parseAddress } from '../serve/server.ts'

export interface Post {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Whom to believe, and the name that the other has to have. Default: plain http. */
  readonly tls?: { readonly authorities: string; readonly name: string } | undefined
  /** Milliseconds until it is given up. Default 3,000. */
  readonly withinMs?: number | undefined
}

const WITHIN_MS = 3_000

/** Marks what has come from another replica: it goes no further. */
export const RELAYED_HEADER = 'gitsync-relayed'

/**
 * Sends one request to another replica.
 * @param address `host:port`, where host is an address: a name would be somebody else's to give
 * @throws Error unless it is answered with 2xx in time
 */
export function post(address: string, { path, headers, body, tls, withinMs = WITHIN_MS }: Post): Promise<void> {
  const { host, port } = parseAddress(address) ?? { host: '', port: 0 }
  if (isIP(host) === 0) return Promise.reject(new Error(`${JSON.stringify(address)} is no address with a port`))
  const to = {
    host,
    port,
    path,
    method: 'POST',
    headers: { ...headers, [RELAYED_HEADER]: 'true', 'content-length': String(body.length) },
    // Seldom enough; a kept connection would be one that the other has closed.
    agent: false as const,
    signal: AbortSignal.timeout(withinMs),
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const sent =
    tls === undefined
      ? requestPlain(to)
      : requestTls({
          ...to,
          ca: tls.authorities,
          minVersion: 'TLSv1.2',
          servername: isIP(tls.name) === 0 ? tls.name : '',
          checkServerIdentity: (_host, certificate) => checkServerIdentity(tls.name, certificate),
        })
  sent.on('error', reject)
  sent.on('response', (answer) => {
    const { statusCode = 0 } = answer
    // What it says besides is not read.
    answer.destroy()
    if (statusCode >= 200 && statusCode < 300) resolve()
    else reject(new Error(`${address} answered ${statusCode}`))
  })
  sent.end(body)
  return promise
}
