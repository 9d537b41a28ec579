import { GitError } from '../../format/errors.ts'
import { checkInteger, MAX_TIMER_MS } from '../check-option.ts'

/** Milliseconds that a request may take from the first byte sent to the last one received. */
export const REQUEST_TIMEOUT_MS = 300_000

/** @throws GitError `InvalidInput` */
export function checkRequestTimeout(ms: number): void {
  checkInteger('requestTimeoutMs', ms, 1, MAX_TIMER_MS)
}

/** The end of one request: when its time is up, when the caller's own signal says so, or when it is abandoned. */
export class Deadline {
  readonly #ms: number
  readonly #outer: AbortSignal | undefined
  readonly #own = new AbortController()
  readonly #timer: ReturnType<typeof setTimeout>
  readonly #forward = (): void => {
    this.#own.abort(this.#outer?.reason)
  }
  #passed = false

  constructor(ms: number, outer: AbortSignal | undefined) {
    this.#ms = ms
    this.#outer = outer
    this.#timer = setTimeout(() => {
      this.#passed = true
      this.#own.abort(new DOMException('the request takes too long', 'TimeoutError'))
    }, ms)
    // The connection keeps the process alive, where there is one. Outside of Node a timer is a number.
    if (typeof this.#timer === 'object') this.#timer.unref()
    if (outer?.aborted === true) this.#forward()
    else outer?.addEventListener('abort', this.#forward, { once: true })
  }

  get signal(): AbortSignal {
    return this.#own.signal
  }

  /** What is waited for, unless the end comes first; then rejects with the reason. */
  async race<T>(awaited: Promise<T>): Promise<T> {
    const ended = Promise.withResolvers<never>()
    const end = (): void => {
      ended.reject(this.signal.reason)
    }
    if (this.signal.aborted) end()
    else this.signal.addEventListener('abort', end, { once: true })
    try {
      return await Promise.race([awaited, ended.promise])
    } finally {
      this.signal.removeEventListener('abort', end)
    }
  }

  /** The request is over. */
  end(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#forward)
  }

  /** Nobody wants the rest of the answer. */
  abandon(): void {
    this.end()
    this.#own.abort()
  }

  /** The error that ended the request, or that its time was up where that was the reason. */
  explain(url: string, error: unknown): unknown {
    if (!this.#passed) return error
    const what = `${new URL(url).host} has not answered within ${this.#ms} ms (requestTimeoutMs)`
    return new GitError('Timeout', what, { limit: 'requestTimeoutMs', expected: this.#ms, cause: error })
  }
}

/** Ends when the first of both does. */
export function eitherOf(one: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return one === undefined ? other : AbortSignal.any([one, other])
}
