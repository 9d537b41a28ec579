import { createHash } from 'node:crypto'

const HASH_BYTES = 8

/**
 * The paths that a GitSync has written, as hashes: enough to know its own files again after a restart, small enough for
 * a ConfigMap (8 bytes a file).
 */
export class Inventory {
  readonly #hashes: Set<string>
  /** Token of the mass deletion that was confirmed last; see `deletionToken`. */
  confirmed = ''

  constructor(hashes: Iterable<string> = []) {
    this.#hashes = new Set(hashes)
  }

  get size(): number {
    return this.#hashes.size
  }

  has(path: string): boolean {
    return this.#hashes.has(hash(path))
  }

  /** @returns whether anything was new */
  add(paths: Iterable<string>): boolean {
    const before = this.#hashes.size
    for (const path of paths) this.#hashes.add(hash(path))
    return this.#hashes.size !== before
  }

  /** @returns whether anything was there */
  delete(paths: Iterable<string>): boolean {
    const before = this.#hashes.size
    for (const path of paths) this.#hashes.delete(hash(path))
    return this.#hashes.size !== before
  }

  /** Forgets every path but these. @returns whether there was any other */
  keepOnly(paths: Iterable<string>): boolean {
    const before = this.#hashes.size
    const kept = new Set([...paths].map(hash))
    for (const each of this.#hashes) if (!kept.has(each)) this.#hashes.delete(each)
    return this.#hashes.size !== before
  }

  /** Sorted, so that equal inventories are equal bytes. */
  encode(): Buffer {
    return Buffer.from([...this.#hashes].sort().join(''), 'hex')
  }

  /** Bytes that are no inventory give an empty one: nothing is deleted on its word then. */
  static decode(bytes: Uint8Array): Inventory {
    if (bytes.length % HASH_BYTES !== 0) return new Inventory()
    const hex = Buffer.from(bytes).toString('hex')
    return new Inventory(hex.match(/.{16}/g) ?? [])
  }
}

function hash(path: string): string {
  return createHash('sha256')
    .update(path)
    .digest('hex')
    .slice(0, HASH_BYTES * 2)
}
