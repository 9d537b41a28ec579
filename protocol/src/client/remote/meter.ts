import { isGitError } from '../../format/errors.ts'
import { publish } from './diagnostics.ts'
import { overLimit } from '../../format/over-limit.ts'
import type { RequestRecord, Traffic } from './remote.ts'

/** What is known of a request when it begins. */
type RequestBeginning = Omit<
  RequestRecord,
  'status' | 'exitCode' | 'error' | 'bytesSent' | 'bytesReceived' | 'milliseconds'
>

export interface RequestEnd {
  /** Of HTTP; 0 when there was no answer. */
  readonly status: number
  readonly exitCode?: number | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Why there was no answer, or not all of it. */
  readonly error?: unknown
}

export interface MeterOptions {
  readonly onRequest?: ((record: RequestRecord) => void) | undefined
  /** Bytes that all answers together may bring. */
  readonly maxTotalBytes: number
}

/** Counts the requests of a remote, ends what brings too much, and tells of the beginning and the end of each. */
export class Meter {
  readonly #onRequest: ((record: RequestRecord) => void) | undefined
  readonly #maxTotalBytes: number
  /** With what requests that are not over have brought so far. */
  #received = 0
  #traffic: Traffic = { requests: 0, bytesSent: 0, bytesReceived: 0 }

  constructor({ onRequest, maxTotalBytes }: MeterOptions) {
    this.#onRequest = onRequest
    this.#maxTotalBytes = maxTotalBytes
  }

  get traffic(): Traffic {
    return this.#traffic
  }

  /**
   * @param bytes that will be sent, as far as they are known before
   * @returns to be called once, when the request is over
   */
  begin(beginning: RequestBeginning, bytes: number): (end: RequestEnd) => void {
    const start = performance.now()
    this.#add({ requests: 1, bytesSent: bytes, bytesReceived: 0 })
    publish('start', { ...beginning, bytesSent: bytes })
    return ({ status, exitCode, bytesSent, bytesReceived, error }) => {
      this.#add({ requests: 0, bytesSent: bytesSent - bytes, bytesReceived })
      const record: RequestRecord = {
        ...beginning,
        status,
        ...(exitCode === undefined ? {} : { exitCode }),
        bytesSent,
        bytesReceived,
        milliseconds: performance.now() - start,
        ...(isGitError(error) ? { error: error.code } : {}),
      }
      if (error !== undefined) publish('error', record)
      publish('end', record)
      this.#tell(record)
    }
  }

  /**
   * Some bytes of an answer have come.
   * @throws GitError `LimitExceeded`
   */
  receive(bytes: number): void {
    this.#received += bytes
    if (this.#received > this.#maxTotalBytes) throw overLimit('maxTotalBytes', this.#maxTotalBytes)
  }

  #add({ requests, bytesSent, bytesReceived }: Traffic): void {
    this.#traffic = {
      requests: this.#traffic.requests + requests,
      bytesSent: this.#traffic.bytesSent + bytesSent,
      bytesReceived: this.#traffic.bytesReceived + bytesReceived,
    }
  }

  /** A push that landed has landed, whatever its observer makes of it: an error of the observer is nobody's to catch. */
  #tell(record: RequestRecord): void {
    try {
      this.#onRequest?.(record)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
