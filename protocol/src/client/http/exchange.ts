import type { Redact } from '../../format/side-band.ts'
import type { Meter } from '../remote/meter.ts'
import type { Operation } from '../remote/remote.ts'
import { bodyLength, metered } from '../remote/request-body.ts'
import type { RequestBody } from '../remote/request-body.ts'
import { Deadline } from '../remote/deadline.ts'
import { networkError } from '../remote/network-error.ts'
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
  /** The address has the origin that the repository was given with. */
  readonly isHome: boolean
  /** Value of the header that logs in. */
  readonly authorization: string | undefined
}

export interface ExchangeOptions {
  readonly transport: Transport
  readonly maxResponseBytes: number
  readonly requestTimeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly redact: Redact
  readonly meter: Meter
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
  const { transport, signal, requestTimeoutMs, maxResponseBytes, meter, redact } = options
  const { operation, method, base, path, attempt, authorization, isHome } = question
  const sent = question.body && metered(question.body)
  const url = base + path
  const deadline = new Deadline(requestTimeoutMs, signal)
  const authenticated = authorization !== undefined
  const over = meter.begin(
    { operation, method, url: redact(url), path, attempt, authenticated },
    (question.body && bodyLength(question.body)) ?? 0,
  )
  const bytesSent = (): number => sent?.sent() ?? 0
  try {
    const { status, headers, body } = await transport({
      method,
      url,
      headers: {
        ...question.headers,
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(sent === undefined ? {} : { body: sent.body }),
      ...(isHome ? {} : { isForeign: true }),
      signal: deadline.signal,
    })
    const received = new Received(body, {
      maxResponseBytes,
      deadline,
      url,
      onBytes: (bytes) => meter.receive(bytes),
      onEnd: (bytesReceived, error) => {
        over({ status, bytesSent: bytesSent(), bytesReceived, error })
      },
    })
    return { status, headers, body: received }
  } catch (error) {
    const reason = deadline.explain(url, networkError(url, error, signal))
    deadline.abandon()
    over({ status: 0, bytesSent: bytesSent(), bytesReceived: 0, error: reason })
    throw reason
  }
}
