import { stringifyExact } from '../objects/exact-json.ts'
import { backoffMs } from '../time/backoff.ts'
import { sleep, systemClock, type Clock } from '../time/clock.ts'
import { parse, readText, retryAfter, tryParse } from './answer.ts'
import type { KubeConnection } from './connection.ts'
import { errorFromStatus, isKubeError, KubeError } from './errors.ts'
import { splitLines } from './lines.ts'
import { createTransport } from './transport.ts'

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path below the server's base URL, already escaped. */
  readonly path: string
  readonly query?: Query | undefined
  /** Sent as JSON; numbers read with `parseExact` go out as they came. */
  readonly body?: unknown
  /** Default `application/json`. */
  readonly contentType?: string
  /** Default `application/json`. */
  readonly accept?: string
  readonly signal?: AbortSignal | undefined
  /** For each attempt, in milliseconds; default the client's. */
  readonly timeoutMs?: number
}

export interface StreamOptions {
  /** Default `application/json`. */
  readonly accept?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Gives up when no byte has come for so long, in milliseconds. Default 90,000: servers send bookmarks every minute. */
  readonly idleTimeoutMs?: number
  /** Called when the server has accepted the request. */
  readonly onOpen?: () => void
}

/** Requests as they are, without a word about objects. Every method throws {@link KubeError}. */
export interface Requester {
  request<T>(request: KubeRequest): Promise<T>
  /** The lines of a watch. Leaving the loop ends the request. */
  stream(path: string, query: Query, options?: StreamOptions): AsyncIterable<string>
  /** Ends every request and connection. */
  close(): Promise<void>
}

export interface RequestReport {
  readonly method: string
  /** HTTP status; 0 when no answer came. */
  readonly status: number
  readonly host: string
  /** Until the answer was read; for a watch until it began. */
  readonly seconds: number
}

export interface RequesterOptions {
  readonly clock?: Clock
  /** As `Math.random`; spreads retries. */
  readonly random?: () => number
  /** For one attempt of a request, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number
  /** Bytes of one answer; no line of a watch is longer either, nor than 16 Mi. Default 256 MiB. */
  readonly maxResponseBytes?: number
  /** How often a request is repeated when the server is overloaded or away. Default 4. */
  readonly maxRetries?: number
  /** What the API server's log calls this program. Default `gitsync-operator`. */
  readonly userAgent?: string
  /** Counts requests, every attempt by itself. */
  readonly onRequest?: (report: RequestReport) => void
}

const RETRY = { baseMs: 200, maxMs: 10_000 }
/** A server that asks for a longer wait than this is left to the caller. */
const MAX_RETRY_AFTER_MS = 30_000
const MAX_ERROR_BYTES = 64 * 1024
const MAX_LINE_LENGTH = 16 << 20
export function createRequester(connection: KubeConnection, options: RequesterOptions = {}): Requester {
  const { clock = systemClock, random = Math.random } = options
  const { timeoutMs = 30_000, maxRetries = 4, maxResponseBytes = 256 << 20 } = options
  const { userAgent = 'gitsync-operator' } = options
  const maxLineLength = Math.min(MAX_LINE_LENGTH, maxResponseBytes)
  const transport = createTransport(connection)
  const host = connection.server.host

  async function request<T>(o: KubeRequest): Promise<T> {
    const what = `${o.method} ${o.path}`
    for (let attempt = 1; ; attempt++) {
      try {
        return (await once(o, what)) as T
      } catch (error) {
        if (!isKubeError(error) || attempt > maxRetries) throw error
        const waitMs = retryWait(error, o.method, attempt)
        if (waitMs === undefined) throw error
        await sleep(clock, waitMs, o.signal).catch(() => {
          throw aborted(what)
        })
      }
    }
  }

  /** Milliseconds to wait before the request may be repeated; undefined when it must not be. */
  function retryWait(error: KubeError, method: string, attempt: number): number | undefined {
    if (error.code === 'Unauthorized') return attempt === 1 && connection.credentials.invalidate() ? 0 : undefined
    // The server turns a request away with 429 before it acts on it; after anything else a write may have happened.
    const repeatable = error.code === 'TooManyRequests' || (method === 'GET' && isTransient(error))
    if (!repeatable || (error.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) return undefined
    return (error.retryAfterMs ?? 0) + backoffMs(attempt, RETRY, random)
  }

  async function once(o: KubeRequest, what: string): Promise<unknown> {
    const body = o.body === undefined ? undefined : stringifyExact(o.body)
    return attempt(what, o.signal, o.timeoutMs ?? timeoutMs, async (signal, report) => {
      const response = await transport.send({
        method: o.method,
        path: o.path + queryString(o.query),
        headers: {
          accept: o.accept ?? 'application/json',
          'user-agent': userAgent,
          ...(body === undefined ? {} : { 'content-type': o.contentType ?? 'application/json' }),
        },
        body,
        signal,
      })
      const { statusCode, headers } = response
      const failed = statusCode < 200 || statusCode > 299
      const text = await readText(response.body, failed ? MAX_ERROR_BYTES : maxResponseBytes, failed, what)
      report(o.method, statusCode)
      if (failed) throw errorFromStatus(what, statusCode, tryParse(text), retryAfter(headers['retry-after'], clock))
      return text === '' ? undefined : parse(text, what)
    })
  }

  /** Runs `work` under the caller's signal and a time limit, and turns whatever it throws into a KubeError. */
  async function attempt<T>(
    what: string,
    signal: AbortSignal | undefined,
    limitMs: number,
    work: (signal: AbortSignal, report: (method: string, status: number) => void) => Promise<T>,
  ): Promise<T> {
    const started = clock.now()
    const timer = new AbortController()
    const cancel = clock.after(limitMs, () => timer.abort())
    let reported = false
    const report = (method: string, status: number) => {
      reported = true
      options.onRequest?.({ method, status, host, seconds: (clock.now() - started) / 1000 })
    }
    try {
      return await work(signal === undefined ? timer.signal : AbortSignal.any([signal, timer.signal]), report)
    } catch (error) {
      if (!reported) report(what.slice(0, what.indexOf(' ')), 0)
      throw asKubeError(error, what, signal, timer.signal, limitMs)
    } finally {
      cancel()
    }
  }

  async function* stream(path: string, query: Query, streamOptions: StreamOptions = {}): AsyncGenerator<string> {
    const { accept, signal, idleTimeoutMs = 90_000, onOpen } = streamOptions
    const what = `WATCH ${path}`
    const started = clock.now()
    const idle = new AbortController()
    const end = new AbortController()
    let lastByte = started
    let cancel = clock.after(idleTimeoutMs, check)
    function check(): void {
      const left = lastByte + idleTimeoutMs - clock.now()
      if (left <= 0) idle.abort()
      else cancel = clock.after(left, check)
    }
    let status = 0
    const report = () => options.onRequest?.({ method: 'WATCH', status, host, seconds: (clock.now() - started) / 1000 })
    try {
      const signals = [idle.signal, end.signal, ...(signal === undefined ? [] : [signal])]
      const response = await transport.send({
        method: 'GET',
        path: path + queryString(query),
        headers: { accept: accept ?? 'application/json', 'user-agent': userAgent },
        signal: AbortSignal.any(signals),
      })
      status = response.statusCode
      report()
      if (status !== 200) {
        if (status === 401) connection.credentials.invalidate()
        const text = await readText(response.body, MAX_ERROR_BYTES, true, what)
        throw errorFromStatus(what, status, tryParse(text), retryAfter(response.headers['retry-after'], clock))
      }
      onOpen?.()
      yield* splitLines(touched(response.body), maxLineLength)
    } catch (error) {
      if (status === 0) report()
      throw asKubeError(error, what, signal, idle.signal, idleTimeoutMs)
    } finally {
      cancel()
      end.abort()
    }

    async function* touched(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        lastByte = clock.now()
        yield chunk
      }
    }
  }

  return { request, stream, close: () => transport.close() }
}

/** Whether the same request may succeed later without anybody changing anything. */
function isTransient(error: KubeError): boolean {
  return isKubeError(error, 'TooManyRequests', 'Unavailable', 'Timeout', 'Network')
}

function queryString(query: Query = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value))
  return parameters.size === 0 ? '' : `?${parameters.toString()}`
}

function aborted(what: string): KubeError {
  return new KubeError('Aborted', `${what}: called off`)
}

function asKubeError(
  error: unknown,
  what: string,
  caller: AbortSignal | undefined,
  timer: AbortSignal,
  limitMs: number,
): KubeError {
  if (isKubeError(error)) return error
  if (caller?.aborted) return aborted(what)
  if (timer.aborted) return new KubeError('Timeout', `${what}: nothing came for ${limitMs} ms`)
  const { code, name } = error as NodeJS.ErrnoException
  return new KubeError('Network', `${what}: ${code ?? name}`, { cause: error })
}
