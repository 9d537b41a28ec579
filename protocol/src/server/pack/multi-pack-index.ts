import type { ObjectId } from '../../format/object-id.ts'
import type { PackIndex } from '../../format/pack-index.ts'

/** Larger packs are looked through one by one: a repository has few of them, and what stands here for each object would be much. */
const MAX_OBJECTS = 1 << 17

/** Up to so many packs are as well looked through one by one. */
const FEW = 4

/** Where an object is. */
export interface Location {
  /** Position of the pack among all. */
  readonly pack: number
  readonly offset: number
}

/**
 * Where objects are in many packs, found with one look, as if they had one index: a hash table of numbers, some 20 bytes for each
 * object. An object that is in several packs is found in the first one.
 */
export class MultiPackIndex {
  readonly #indexes: readonly PackIndex[]
  readonly #large: readonly number[]
  /** Of each object, by its number: which pack it is in, and which of its ids it has. */
  readonly #packs: Uint32Array
  readonly #positions: Uint32Array
  /** The beginning of an id, modulo its length, leads to the number of an object, plus one, or to the next that has the same. */
  readonly #slots: Uint32Array

  constructor(indexes: readonly PackIndex[]) {
    this.#indexes = indexes
    const isLarge = ({ count }: PackIndex): boolean => indexes.length <= FEW || count > MAX_OBJECTS
    this.#large = [...indexes.keys()].filter((at) => isLarge(indexes[at] as PackIndex))
    const small = [...indexes.entries()].filter(([, index]) => !isLarge(index))
    const count = small.reduce((sum, [, index]) => sum + index.count, 0)
    this.#packs = new Uint32Array(count)
    this.#positions = new Uint32Array(count)
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * count + 1)))
    let number = 0
    for (const [pack, index] of small)
      for (let position = 0; position < index.count; position++) {
        this.#packs[number] = pack
        this.#positions[number] = position
        this.#add(index.beginningAt(position), ++number)
      }
  }

  locate(oid: ObjectId): Location | undefined {
    const small = this.#locateSmall(oid)
    for (const pack of this.#large) {
      if (small !== undefined && small.pack < pack) break
      const offset = this.#indexes[pack]?.offsetOf(oid)
      if (offset !== undefined) return { pack, offset }
    }
    return small
  }

  #add(start: number, number: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let at = start & mask
    while (slots[at] !== 0) at = (at + 1) & mask
    slots[at] = number
  }

  #locateSmall(oid: ObjectId): Location | undefined {
    const slots = this.#slots
    const mask = slots.length - 1
    const wanted = Buffer.from(oid, 'hex')
    if (wanted.length < 4) return undefined
    for (let at = wanted.readUInt32BE(0) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const number = (slots[at] as number) - 1
      const pack = this.#packs[number] as number
      const index = this.#indexes[pack] as PackIndex
      const position = this.#positions[number] as number
      // Where there are several, the first one was put first.
      if (index.isAt(position, wanted)) return { pack, offset: index.offsetAt(position) }
    }
    return undefined
  }

  /** Bytes that it takes in memory. */
  get size(): number {
    return this.#packs.byteLength + this.#positions.byteLength + this.#slots.byteLength + 100
  }
}
