import { createSecureContext, getCACertificates } from 'node:tls'
import type { Dispatcher } from 'undici'
import { GitError } from '../../format/errors.ts'
import { checkInteger, MAX_TIMER_MS } from '../check-option.ts'

/** Proxies by the scheme of what is asked for, in the words of the usual environment variables; nothing is read from there. */
export interface ProxyByScheme {
  /** As `HTTP_PROXY`: also for https where `https` is left out. */
  readonly http?: string
  /** As `HTTPS_PROXY`. */
  readonly https?: string
  /** As `NO_PROXY`: hosts, domains and ports that are asked directly, separated by commas; `*` for all. */
  readonly no?: string
}

export interface ConnectionOptions {
  /** Milliseconds of silence after which a connection, the headers or the next bytes are given up. Default 60,000. */
  readonly timeoutMs?: number
  /** Milliseconds until there is a connection, TLS included. Default `timeoutMs`. */
  readonly connectTimeoutMs?: number
  /** Milliseconds until an answer begins. Default `timeoutMs`. */
  readonly headersTimeoutMs?: number
  /** Milliseconds between two pieces of an answer. Default `timeoutMs`. */
  readonly bodyTimeoutMs?: number
  /** PEM of certificate authorities to trust besides the built-in ones. */
  readonly ca?: string | readonly string[]
  /**
   * PEM of the client's certificate and of what leads to its authority; needs `key`. Shown to the origin of a repository
   * when it asks for one, and to no other that a redirect leads to.
   */
  readonly cert?: string
  /** PEM of the client's private key. */
  readonly key?: string
  /** Opens an encrypted `key`. */
  readonly passphrase?: string
  /** URL of an HTTP proxy, credentials included if it wants some, for every host; or by scheme. Default: none. */
  readonly proxy?: string | ProxyByScheme
  /** Whether servers are offered HTTP/2. Default true. */
  readonly allowH2?: boolean
  /** Connections to one origin at most. Default: as many as there are requests at once. */
  readonly connections?: number
}

/** Default of `timeoutMs`. */
export const TIMEOUT_MS = 60_000

type Timeouts = Record<'connectTimeout' | 'headersTimeout' | 'bodyTimeout', number>

/** @throws GitError `InvalidInput` naming the field */
export function timeouts(options: ConnectionOptions): Timeouts {
  const { timeoutMs = TIMEOUT_MS } = options
  const { connectTimeoutMs = timeoutMs, headersTimeoutMs = timeoutMs, bodyTimeoutMs = timeoutMs } = options
  const all = { timeoutMs, connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs }
  for (const [field, value] of Object.entries(all)) {
    if (value > 0 && value <= MAX_TIMER_MS) continue
    const what = `${field} must be a number of milliseconds above 0, up to ${MAX_TIMER_MS}, not ${value}`
    throw new GitError('InvalidInput', what, { field, actual: value })
  }
  return { connectTimeout: connectTimeoutMs, headersTimeout: headersTimeoutMs, bodyTimeout: bodyTimeoutMs }
}

/** @throws GitError `InvalidInput` naming the option */
export function checkConnectionOptions(options: ConnectionOptions): void {
  const { proxy, connections } = options
  if (connections !== undefined) checkInteger('connections', connections, 1)
  timeouts(options)
  secrets(options)
  if (typeof proxy === 'string') checkProxy('proxy', proxy)
  else if (proxy?.http) checkProxy('proxy.http', proxy.http)
  if (typeof proxy === 'object' && proxy.https) checkProxy('proxy.https', proxy.https)
}

/** @param options checked */
export async function createDispatcher(options: ConnectionOptions): Promise<Dispatcher> {
  // Whoever asks nothing, or over SSH, never loads it. Bundled, what is written as CommonJS has no other export.
  const { Agent, EnvHttpProxyAgent, ProxyAgent } = (await import('undici')).default
  const { proxy, connections, allowH2 = true } = options
  const { connectTimeout, headersTimeout, bodyTimeout } = timeouts(options)
  const tls = { ...secrets(options), allowH2 }
  const connect = { ...tls, timeout: connectTimeout }
  const settings = {
    headersTimeout,
    bodyTimeout,
    connectTimeout,
    allowH2,
    connect,
    ...(connections === undefined ? {} : { connections }),
  }
  if (proxy === undefined) return new Agent(settings)
  const { ca } = tls
  // The client's certificate is for the server, not for the proxy.
  const proxied = { ...settings, requestTls: connect, proxyTls: { timeout: connectTimeout, ...(ca && { ca }) } }
  if (typeof proxy === 'string') return new ProxyAgent({ ...proxied, uri: proxy })
  const { http = '', https = '', no = '' } = proxy
  return new EnvHttpProxyAgent({
    ...proxied,
    // Left out, they would be read from the environment.
    httpProxy: http,
    httpsProxy: https,
    noProxy: no,
  })
}

interface Secrets {
  ca?: string[]
  cert?: string
  key?: string
  passphrase?: string
}

function secrets({ ca, cert, key, passphrase }: ConnectionOptions): Secrets {
  if ((cert === undefined) !== (key === undefined)) {
    throw cert === undefined ? invalid('key', 'needs cert beside it') : invalid('cert', 'needs key beside it')
  }
  const own: Secrets = {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
  if (cert !== undefined || key !== undefined) checkUsable(own)
  return ca === undefined ? own : { ...own, ca: [...getCACertificates('default'), ...[ca].flat()] }
}

/** Only where there is something to check: a context holds all the built-in authorities. */
function checkUsable(own: Secrets): void {
  try {
    createSecureContext(own)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw invalid('cert', `cannot be used with key and passphrase: ${reason}`)
  }
}

/** The value is not shown: it may hold credentials. */
function checkProxy(field: string, value: string): void {
  const url = URL.parse(value)
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return
  throw invalid(field, 'must be the URL of a proxy, such as http://proxy.example.com:3128')
}

function invalid(field: string, problem: string): GitError {
  return new GitError('InvalidInput', `${field} ${problem}`, { field })
}
