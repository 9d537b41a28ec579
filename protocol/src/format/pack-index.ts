import { createHash } from '#platform/hash'
import { GitError } from './errors.ts'
import type { ObjectFormat, ObjectId } from './object-id.ts'

/**
 * The index of a pack (gitformat-pack, "Version 2 pack-*.idx files"): how many ids begin with each byte or less, the ids in
 * order, for each its checksum and where it begins, the checksum of the pack, and its own.
 */

const SIGNATURE = 0xff744f63
const VERSION = 2
const HEAD = 8
const FANOUT = 256 * 4
/** Offsets from here on stand in a table of their own, of 8 bytes each. */
const LARGE = 0x80000000

export interface IndexedEntry {
  readonly oid: ObjectId
  /** From the start of the pack. */
  readonly offset: number
  /** Of the entry's bytes as they stand in the pack. */
  readonly crc32: number
}

/**
 * @param entries each id once, in any order
 * @param packChecksum hex
 */
export function writePackIndex(entries: Iterable<IndexedEntry>, packChecksum: string, format: ObjectFormat): Buffer {
  const sorted = [...entries].sort((a, b) => (a.oid < b.oid ? -1 : 1))
  const large = sorted.filter(({ offset }) => offset >= LARGE)
  const at = places(sorted.length, format)
  const bytes = Buffer.alloc(at.large + large.length * 8 + 2 * format.size)
  bytes.writeUInt32BE(SIGNATURE, 0)
  bytes.writeUInt32BE(VERSION, 4)
  let next = 0
  for (const [i, { oid, offset, crc32 }] of sorted.entries()) {
    const first = Number.parseInt(oid.slice(0, 2), 16)
    for (; next < first; next++) bytes.writeUInt32BE(i, HEAD + next * 4)
    bytes.write(oid, at.ids + i * format.size, 'hex')
    bytes.writeUInt32BE(crc32, at.checksums + i * 4)
    if (offset < LARGE) bytes.writeUInt32BE(offset, at.offsets + i * 4)
  }
  for (; next < 256; next++) bytes.writeUInt32BE(sorted.length, HEAD + next * 4)
  for (const [i, { offset }] of large.entries()) bytes.writeBigUInt64BE(BigInt(offset), at.large + i * 8)
  let beyond = 0
  for (const [i, { offset }] of sorted.entries())
    if (offset >= LARGE) bytes.writeUInt32BE(LARGE + beyond++, at.offsets + i * 4)
  const end = at.large + large.length * 8
  bytes.write(packChecksum, end, 'hex')
  bytes.write(
    createHash(format.name)
      .update(bytes.subarray(0, end + format.size))
      .digest('hex'),
    end + format.size,
    'hex',
  )
  return bytes
}

/** What an index says, read where it lies: nothing is made of its entries before they are asked for. */
export class PackIndex {
  /** Objects in the pack. */
  readonly count: number
  /** Of the pack, hex. */
  readonly packChecksum: string
  readonly #bytes: Buffer
  readonly #format: ObjectFormat
  readonly #at: ReturnType<typeof places>
  #offsets: Float64Array | undefined

  /** @throws GitError `Malformed` */
  constructor(bytes: Buffer, format: ObjectFormat) {
    if (bytes.length < HEAD + FANOUT + 2 * format.size) throw damaged('is too short')
    if (bytes.readUInt32BE(0) !== SIGNATURE || bytes.readUInt32BE(4) !== VERSION) throw damaged('has another version')
    this.#bytes = bytes
    this.#format = format
    for (let i = 1; i < 256; i++) if (this.#below(i) < this.#below(i - 1)) throw damaged('counts backwards')
    this.count = this.#below(255)
    this.#at = places(this.count, format)
    const tail = bytes.length - 2 * format.size
    if (tail < this.#at.large || (tail - this.#at.large) % 8 !== 0) throw damaged('has another length than its entries')
    const own = bytes.toString('hex', bytes.length - format.size)
    if (createHash(format.name).update(bytes.subarray(0, -format.size)).digest('hex') !== own)
      throw damaged('has a wrong checksum')
    this.packChecksum = bytes.toString('hex', tail, tail + format.size)
  }

  /** Bytes that it takes in memory. */
  get size(): number {
    return this.#bytes.length + (this.#offsets?.byteLength ?? 0)
  }

  /** Where the entry of an object begins; undefined where it is not in the pack. */
  offsetOf(oid: ObjectId): number | undefined {
    const wanted = Buffer.from(oid, 'hex')
    const first = wanted[0]
    if (first === undefined || wanted.length !== this.#format.size) return undefined
    let low = first === 0 ? 0 : this.#below(first - 1)
    let high = this.#below(first)
    while (low < high) {
      const middle = (low + high) >>> 1
      const start = this.#at.ids + middle * this.#format.size
      const order = this.#bytes.compare(wanted, 0, wanted.length, start, start + this.#format.size)
      if (order === 0) return this.#offset(middle)
      if (order < 0) low = middle + 1
      else high = middle
    }
    return undefined
  }

  /** The first four bytes of the id that is at this position, in their order. */
  beginningAt(position: number): number {
    return this.#bytes.readUInt32BE(this.#at.ids + position * this.#format.size)
  }

  isAt(position: number, id: Uint8Array): boolean {
    const start = this.#at.ids + position * this.#format.size
    return this.#bytes.compare(id, 0, id.length, start, start + this.#format.size) === 0
  }

  /** Where the entry of that object begins. */
  offsetAt(position: number): number {
    return this.#offset(position)
  }

  /** Every object with where it begins, in the order of ids. */
  *entries(): Generator<Omit<IndexedEntry, 'crc32'>> {
    const { size } = this.#format
    for (let i = 0; i < this.count; i++) {
      const start = this.#at.ids + i * size
      yield { oid: this.#bytes.toString('hex', start, start + size), offset: this.#offset(i) }
    }
  }

  /** Where the entry ends that begins there. @param packSize bytes of the pack */
  endOf(offset: number, packSize: number): number {
    this.#offsets ??= Float64Array.from({ length: this.count }, (_, i) => this.#offset(i)).sort()
    const offsets = this.#offsets
    let low = 0
    let high = offsets.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((offsets[middle] as number) <= offset) low = middle + 1
      else high = middle
    }
    return offsets[low] ?? packSize - this.#format.size
  }

  #below(first: number): number {
    return this.#bytes.readUInt32BE(HEAD + first * 4)
  }

  #offset(position: number): number {
    const short = this.#bytes.readUInt32BE(this.#at.offsets + position * 4)
    if (short < LARGE) return short
    const at = this.#at.large + (short - LARGE) * 8
    if (at + 8 > this.#bytes.length - 2 * this.#format.size) throw damaged('points beyond its offsets')
    return Number(this.#bytes.readBigUInt64BE(at))
  }
}

function places(count: number, { size }: ObjectFormat) {
  const ids = HEAD + FANOUT
  const checksums = ids + count * size
  const offsets = checksums + count * 4
  return { ids, checksums, offsets, large: offsets + count * 4 }
}

const damaged = (how: string): GitError => new GitError('Malformed', `the index of a pack ${how}`)
