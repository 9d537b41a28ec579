import { isGitError } from '../../format/errors.ts'
import { publish } from './diagnostics.ts'
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

/** Counts the requests of a remote, and tells of the beginning and the end of each. */
export class Meter {
  readonly #onRequest: ((record: RequestRecord) => void) | undefined
  #traffic: Traffic = { requests: 0, bytesSent: 0, bytesReceived: 0 }

  constructor(onRequest: ((record: RequestRecord) => void) | undefined) {
    this.#onRequest = onRequest
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
