const LEAST = 128
const MOST = 32 << 10
/** Bytes of output that one piece should give. */
const OUTPUT = 128 << 10

/**
 * How much of a zlib stream to inflate next. A piece can grow to a thousand times its size, and nobody counts before it
 * has: what inflates well is taken in small pieces, what does not in large ones.
 */
export class PieceSize {
  #bytes = LEAST

  get bytes(): number {
    return this.#bytes
  }

  /** @param output what the last piece gave */
  learn(output: readonly Uint8Array[]): void {
    const given = output.reduce((sum, { length }) => sum + length, 0)
    this.#bytes = given > OUTPUT ? Math.max(LEAST, this.#bytes / 2) : Math.min(MOST, this.#bytes * 2)
  }
}
