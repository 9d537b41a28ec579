import { createHash } from 'node:crypto'

const HASH_BYTES = 8

/**
 * The paths that a GitSync has written, as hashes: enough to know its own files again after a restart, small enough for
 * a ConfigMap (8 bytes a file).
 */
export class Inventory {
  readonly #hashes: Set<string>
  #confirmed: string
  #isUnsaved = false

  constructor(hashes: Iterable<string> = [], confirmed = '') {
    this.#hashes = new Set(hashes)
    this.#confirmed = confirmed
  }

  /** Token of the mass deletion that was confirmed last; see `deletionToken`. */
  get confirmed(): string {
    return this.#confirmed
  }

  /** Somebody has confirmed a mass deletion, and it is written. */
  confirm(token: string): void {
    this.#confirmed = token
    this.#isUnsaved = true
  }

  /** It is not as it was saved last. */
  get isUnsaved(): boolean {
    return this.#isUnsaved
  }

  /** It has been saved as it is. */
  saved(): void {
    this.#isUnsaved = false
  }

  get size(): number {
    return this.#hashes.size
  }

  has(path: string): boolean {
    return this.#hashes.has(hash(path))
  }

  add(paths: Iterable<string>): void {
    const before = this.#hashes.size
    for (const path of paths) this.#hashes.add(hash(path))
    if (this.#hashes.size !== before) this.#isUnsaved = true
  }

  delete(paths: Iterable<string>): void {
    for (const path of paths) if (this.#hashes.delete(hash(path))) this.#isUnsaved = true
  }

  /** Forgets every path but these. */
  keepOnly(paths: Iterable<string>): void {
    const kept = new Set([...paths].map(hash))
    for (const each of this.#hashes) {
      if (!kept.has(each) && this.#hashes.delete(each)) this.#isUnsaved = true
    }
  }

  /** Sorted, so that equal inventories are equal bytes. */
  encode(): Buffer {
    return Buffer.from([...this.#hashes].sort().join(''), 'hex')
  }

  /** Bytes that are no inventory give an empty one: nothing is deleted on its word then. */
  static decode(bytes: Uint8Array, confirmed?: string): Inventory {
    if (bytes.length % HASH_BYTES !== 0) return new Inventory([], confirmed)
    const hex = Buffer.from(bytes).toString('hex')
    return new Inventory(hex.match(/.{16}/g) ?? [], confirmed)
  }
}

function hash(path: string): string {
  return createHash('sha256')
    .update(path)
    .digest('hex')
    .slice(0, HASH_BYTES * 2)
}
