import { overLimit } from '../../format/over-limit.ts'
import type { Deadline } from '../remote/deadline.ts'

export interface ReceivedOptions {
  /** Bytes after which the rest is refused. */
  readonly maxResponseBytes: number
  readonly deadline: Deadline
  /** Address for errors. */
  readonly url: string
  /** Called for each piece; may refuse it by throwing. */
  readonly onBytes: (bytes: number) => void
  /** Called once: the body is over, by its end, by an error, or because nobody wants the rest. */
  readonly onEnd: (bytesReceived: number, error?: unknown) => void
}

/** The body of an answer as it is read: capped, timed, and let go in every case. */
export class Received implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #options: ReceivedOptions
  #length = 0
  #started = false
  #over = false
  #first: IteratorResult<Uint8Array, undefined> | undefined

  constructor(chunks: AsyncIterable<Uint8Array>, options: ReceivedOptions) {
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#options = options
  }

  /** Waits for the first bytes, or the end, without taking them. */
  async prime(): Promise<void> {
    this.#first = await this.next()
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const first = this.#first
    this.#first = undefined
    if (first !== undefined) return first
    if (this.#over) return { done: true, value: undefined }
    try {
      return await this.#receive()
    } catch (error) {
      const reason = this.#options.deadline.explain(this.#options.url, error)
      await this.#chunks.return?.().catch(() => undefined)
      this.#end(reason)
      throw reason
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#over) {
      // A generator that was never asked has nothing to clean up behind it: the connection must be told.
      if (!this.#started) this.#options.deadline.abandon()
      await this.#chunks.return?.().catch(() => undefined)
      this.#end()
    }
    return { done: true, value: undefined }
  }

  /** As `return`, for an answer that may never end: the connection is given up. */
  abandon(): void {
    if (this.#over) return
    this.#options.deadline.abandon()
    this.#end()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #receive(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { maxResponseBytes, onBytes } = this.#options
    this.#started = true
    const result = await this.#chunks.next()
    if (result.done === true) {
      this.#end()
      return { done: true, value: undefined }
    }
    this.#length += result.value.length
    if (this.#length > maxResponseBytes) throw overLimit('maxResponseBytes', maxResponseBytes)
    onBytes(result.value.length)
    return { done: false, value: result.value }
  }

  #end(error?: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#options.deadline.end()
    this.#options.onEnd(this.#length, error)
  }
}
