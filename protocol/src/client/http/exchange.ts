import { isGitError } from '../../format/errors.ts'
import type { Redact } from '../../format/side-band.ts'
import type { Operation, RequestRecord } from '../remote.ts'
import { metered } from '../request-body.ts'
import type { RequestBody } from '../request-body.ts'
import { Deadline } from './deadline.ts'
import { publish } from './diagnostics.ts'
import { networkError } from './network-error.ts'
import { Received } from './received.ts'
import type { Transport } from './transport.ts'

export interface Question {
  readonly operation: Operation
  readonly method: 'GET' | 'POST'
  /** Address of the repository. */
  readonly base: string
  /** What follows it. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: RequestBody | undefined
  /** How many times the question was asked before because of errors that may pass, plus one. */
  readonly attempt: number
  /** Value of the header that logs in. */
  readonly authorization: string | undefined
}

export interface ExchangeOptions {
  readonly transport: Transport
  readonly maxResponseBytes: number
  readonly requestTimeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly redact: Redact
  /** Called once when the request is over, its body included. */
  readonly report: (record: RequestRecord) => void
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Must be read to its end or closed. */
  readonly body: Received
}

/**
 * One HTTP request and its answer, counted, timed, capped, and told to whoever watches.
 * @throws GitError `Network`, `Timeout`, `Aborted`; the body `LimitExceeded`, `NotGit` and `Malformed` as well
 */
export async function exchange(question: Question, options: ExchangeOptions): Promise<Answer> {
  const { transport, signal, requestTimeoutMs, maxResponseBytes } = options
  const { method, base, path, authorization } = question
  const sent = question.body && metered(question.body)
  const url = base + path
  const deadline = new Deadline(requestTimeoutMs, signal)
  const watch = new Watch(question, () => sent?.sent() ?? 0, options)
  try {
    const { status, headers, body } = await transport({
      method,
      url,
      headers: {
        ...question.headers,
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(sent === undefined ? {} : { body: sent.body }),
      signal: deadline.signal,
    })
    const received = new Received(body, {
      maxResponseBytes,
      deadline,
      url,
      onEnd: (bytesReceived, error) => {
        watch.end(status, bytesReceived, error)
      },
    })
    return { status, headers, body: received }
  } catch (error) {
    const reason = deadline.explain(url, networkError(url, error, signal))
    deadline.abandon()
    watch.end(0, 0, reason)
    throw reason
  }
}

/** Counts one request, and tells of its beginning and its end. */
class Watch {
  readonly #options: ExchangeOptions
  readonly #told: Omit<RequestRecord, 'status' | 'bytesSent' | 'bytesReceived' | 'milliseconds'>
  readonly #bytesSent: () => number
  readonly #start = performance.now()

  constructor(
    { operation, method, base, path, attempt, authorization }: Question,
    bytesSent: () => number,
    options: ExchangeOptions,
  ) {
    this.#options = options
    this.#bytesSent = bytesSent
    const url = options.redact(base + path)
    this.#told = { operation, method, url, path, attempt, authenticated: authorization !== undefined }
    publish('start', { ...this.#told, bytesSent: bytesSent() })
  }

  end(status: number, bytesReceived: number, error?: unknown): void {
    const record: RequestRecord = {
      ...this.#told,
      status,
      bytesSent: this.#bytesSent(),
      bytesReceived,
      milliseconds: performance.now() - this.#start,
      ...(isGitError(error) ? { error: error.code } : {}),
    }
    if (error !== undefined) publish('error', record)
    publish('end', record)
    this.#options.report(record)
  }
}
