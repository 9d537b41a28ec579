import { GitError } from './errors.ts'

/** Takes exact numbers of bytes from chunks of any size. Holds what has been received and not yet taken, nothing more. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)
  #ended = false

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** Bytes held at the moment, for parsers that look before they take. */
  get held(): Buffer {
    return this.#held
  }

  /** Waits until at least `count` bytes are held; false when the input ends before. */
  async fill(count: number): Promise<boolean> {
    if (this.#held.length >= count) return true
    const parts = this.#held.length === 0 ? [] : [this.#held]
    let length = this.#held.length
    while (length < count && !this.#ended) {
      const next = await this.#chunks.next()
      if (next.done) this.#ended = true
      // Of empty chunks there could be any number.
      else if (next.value.length > 0) {
        parts.push(Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength))
        length += next.value.length
      }
    }
    const [only] = parts
    this.#held = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, length)
    return length >= count
  }

  async atEnd(): Promise<boolean> {
    return !(await this.fill(1))
  }

  /** Drops bytes that `held` has shown. */
  skip(count: number): void {
    this.#held = this.#held.subarray(count)
  }

  /** @throws GitError `Malformed` when the input ends first */
  async take(count: number): Promise<Buffer> {
    if (!(await this.fill(count))) {
      throw new GitError('Malformed', `the input ends ${count - this.#held.length} bytes too early`)
    }
    const bytes = this.#held.subarray(0, count)
    this.skip(count)
    return bytes
  }

  /** Ends the input: nothing more is read from the source. */
  async close(): Promise<void> {
    this.#ended = true
    await this.#chunks.return?.()
  }
}
