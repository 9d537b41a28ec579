import type { Auth, Credentials } from '@gitsync/protocol'
import type { Dispatcher } from 'undici'
import { ForgeError } from './forge-error.ts'
import type { Permit } from './permit.ts'
import { readQuota } from './quota-headers.ts'
import { readCapped } from './read-capped.ts'
import { refusal, unreachable } from './refusal.ts'

export interface ApiConnection {
  /** Sends requests: decides which addresses may be reached, what is trusted, and how often. */
  readonly dispatcher: Dispatcher
  /** The same as for Git. */
  readonly auth: Auth | undefined
  readonly userAgent: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Waits until the host may be asked, where it takes only so many requests. Default: at once. */
  readonly pay?: ((signal: AbortSignal) => Promise<Permit>) | undefined
  /** Told of each request, whatever came of it. */
  readonly onRequest?: ((request: ApiRequestRecord) => void) | undefined
}

export interface ApiRequestRecord {
  readonly method: string
  /** Without query. */
  readonly path: string
  /** 0 when there was no answer. */
  readonly status: number
  readonly ms: number
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the API's base, each part encoded; see {@link apiPath}. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** What a token needs for this one. Default: that of the dialect. */
  readonly rights?: string
}

export interface ApiClient {
  /** JSON of a success; undefined of one without a body. @throws ForgeError */
  send(request: ApiRequest): Promise<unknown>
  /** Text of a success, whatever it is. @param type of the content that is asked for. @throws ForgeError */
  read(request: ApiRequest, type: string): Promise<string>
}

/** How a host wants to be spoken to. */
export interface ApiDialect {
  /** `https://api.github.com`, without a slash at the end. */
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
  authorization(credentials: Credentials): string
  /** What a token needs, for the message when it has not. */
  readonly rights: string
  /** Reads the JSON of a success. @throws for what is none. Default: JSON.parse, which rounds numbers */
  readonly parse?: (text: string) => unknown
}

/** A page of large requests is less. */
const MAX_RESPONSE_BYTES = 8 << 20
/** A request is given up after so long, whatever comes in. */
const REQUEST_MS = 60_000
/** A turn is waited for as long, in milliseconds. */
const WAIT_MS = 600_000

/**
 * Joins parts of a path, each encoded: a branch called `a/../b` leads nowhere else.
 * @throws ForgeError `InvalidInput` for `.` and `..`, which mean another place however they are written
 */
export function apiPath(...parts: readonly (string | number)[]): string {
  const wrong = parts.find((part) => part === '.' || part === '..')
  if (wrong !== undefined) throw new ForgeError('InvalidInput', `${wrong} is no name that a host can be asked for`)
  return parts.map((part) => `/${encodeURIComponent(String(part))}`).join('')
}

/** Asks a host's REST API. Redirects are not followed: they could lead past what the connection allows. */
export function createApiClient(connection: ApiConnection, dialect: ApiDialect): ApiClient {
  const ask = <T>(request: ApiRequest, type: string, take: Take<T>): Promise<T> =>
    send(connection, dialect, { request, type, take })
  return {
    send: (request) =>
      ask(request, 'application/json', (text, shown) => (text === '' ? undefined : parse(text, shown, dialect))),
    read: (request, type) => ask(request, type, (text) => text),
  }
}

/** Makes something of the text of a success. @param shown the request, for messages */
type Take<T> = (text: string, shown: string) => T

async function send<T>(
  connection: ApiConnection,
  dialect: ApiDialect,
  asked: { readonly request: ApiRequest; readonly type: string; readonly take: Take<T> },
): Promise<T> {
  const { request, type, take } = asked
  const { method, path, query = {}, body, rights = dialect.rights } = request
  const url = new URL(`${dialect.base}${path}`)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  const waiting = AbortSignal.timeout(WAIT_MS)
  const credentials = await credentialsOf(connection.auth, dialect.base, waiting)
  const secrets = credentials === undefined ? [] : secretsOf(credentials)
  const shown = `${method} ${url.origin}${url.pathname}`
  const permit = await connection.pay?.(waiting)
  const signal = AbortSignal.timeout(REQUEST_MS)
  const started = connection.now()
  let status = 0
  try {
    const answer = await connection.dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: {
        'user-agent': connection.userAgent,
        accept: type,
        ...dialect.headers,
        ...(credentials === undefined ? {} : { authorization: dialect.authorization(credentials) }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    })
    status = answer.statusCode
    const headers = singleHeaders(answer.headers)
    permit?.answered(status, headers)
    const text = await readCapped(answer.body, MAX_RESPONSE_BYTES)
    if (text === undefined)
      throw new ForgeError('LimitExceeded', `${shown}: the answer is larger than ${MAX_RESPONSE_BYTES} bytes`)
    if (status >= 200 && status < 300) return take(text, shown)
    const { waitUntil } = readQuota(headers, connection.now())
    const waitMs = waitUntil === undefined ? undefined : waitUntil - connection.now()
    throw refusal(shown, { status, text, secrets, waitMs, rights })
  } catch (error) {
    const failure = error instanceof ForgeError ? error : unreachable(error, shown, secrets)
    if (status === 0) permit?.failed(failure)
    throw failure
  } finally {
    if (status !== 0) permit?.ended()
    connection.onRequest?.({ method, path: url.pathname, status, ms: connection.now() - started })
  }
}

function singleHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value?.[0]])
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<string, string>
}

async function credentialsOf(
  auth: Auth | undefined,
  url: string,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  return typeof auth === 'function' ? await auth({ url, rejected: false, signal }) : auth
}

function secretsOf(credentials: Credentials): string[] {
  return 'bearer' in credentials
    ? [credentials.bearer]
    : [credentials.password, Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')]
}

function parse(text: string, shown: string, { parse: read = JSON.parse }: ApiDialect): unknown {
  try {
    return read(text)
  } catch {
    throw new ForgeError('Malformed', `${shown}: the answer is no JSON: this may be no such API`)
  }
}
