import { createHash } from 'node:crypto'
import { identityKey } from '../objects/object.ts'
import type { ObjectIdentity } from '../objects/object.ts'

const HASH_BYTES = 8

/**
 * The paths that a GitSync has written, as hashes: enough to know its own files again after a restart, small enough for
 * a ConfigMap (8 bytes a file). Of files that do not say themselves whose they are it also knows that.
 */
export class Inventory {
  readonly #hashes: Set<string>
  readonly #owners = new Map<string, ObjectIdentity>()
  /** Paths by the key of their owner; where its file came to last stands last. */
  readonly #places = new Map<string, Set<string>>()
  #confirmed: string
  #isUnsaved = false

  constructor(
    hashes: Iterable<string> = [],
    confirmed = '',
    owners: Iterable<readonly [path: string, identity: ObjectIdentity]> = [],
  ) {
    this.#hashes = new Set(hashes)
    for (const [path, identity] of owners) this.#put(path, identity)
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
    for (const path of paths) {
      if (this.#hashes.delete(hash(path))) this.#isUnsaved = true
      if (this.#disown(path)) this.#isUnsaved = true
    }
  }

  /** The file at a path is this object's, and does not say so itself. */
  own(path: string, identity: ObjectIdentity): void {
    if (this.placeOf(identityKey(identity)) === path) return
    this.#disown(path)
    this.#put(path, identity)
    this.#isUnsaved = true
  }

  #put(path: string, identity: ObjectIdentity): void {
    const key = identityKey(identity)
    this.#owners.set(path, identity)
    this.#places.set(key, (this.#places.get(key) ?? new Set()).add(path))
  }

  #disown(path: string): boolean {
    const owner = this.#owners.get(path)
    if (owner === undefined) return false
    const key = identityKey(owner)
    const places = this.#places.get(key)
    places?.delete(path)
    if (places?.size === 0) this.#places.delete(key)
    return this.#owners.delete(path)
  }

  /** Whose file it is that does not say so itself. */
  ownerOf(path: string): ObjectIdentity | undefined {
    return this.#owners.get(path)
  }

  /** Where files are that an object owns: several while a review has not decided about a move. */
  placesOf(key: string): ReadonlySet<string> {
    return this.#places.get(key) ?? new Set()
  }

  /** Where the file is that an object owns: the one that it had last. */
  placeOf(key: string): string | undefined {
    return [...this.placesOf(key)].at(-1)
  }

  /** In the order in which files came to be where they are. */
  get owners(): readonly (readonly [path: string, identity: ObjectIdentity])[] {
    return [...this.#owners]
  }

  /** Forgets every path but these. */
  keepOnly(paths: Iterable<string>): void {
    const kept = new Set([...paths].map(hash))
    for (const each of this.#hashes) {
      if (!kept.has(each) && this.#hashes.delete(each)) this.#isUnsaved = true
    }
    for (const path of this.#owners.keys()) {
      if (!kept.has(hash(path)) && this.#disown(path)) this.#isUnsaved = true
    }
  }

  /** Sorted, so that equal inventories are equal bytes. */
  encode(): Buffer {
    return Buffer.from([...this.#hashes].sort().join(''), 'hex')
  }

  /** Bytes that are no inventory give an empty one: nothing is deleted on its word then. */
  static decode(bytes: Uint8Array, confirmed?: string, owners?: Inventory['owners']): Inventory {
    if (bytes.length % HASH_BYTES !== 0) return new Inventory([], confirmed)
    const hex = Buffer.from(bytes).toString('hex')
    return new Inventory(hex.match(/.{16}/g) ?? [], confirmed, owners)
  }
}

function hash(path: string): string {
  return createHash('sha256')
    .update(path)
    .digest('hex')
    .slice(0, HASH_BYTES * 2)
}
