import { createHash } from 'node:crypto'
import { ByteReader } from './byte-reader.ts'
import { applyDelta } from './delta.ts'
import { GitError } from './errors.ts'
import { objectId } from './object-id.ts'
import type { ObjectFormat, ObjectId, ObjectType } from './object-id.ts'
import { inflateObject } from './zlib.ts'

export interface GitObject {
  readonly oid: ObjectId
  readonly type: ObjectType
  readonly bytes: Buffer
}

export interface PackLimits {
  /** Objects in one pack. */
  readonly maxObjects: number
  /** Bytes of one object, inflated and after deltas. */
  readonly maxObjectBytes: number
  /** Bytes of all objects of one pack that have to be held as possible bases of deltas. */
  readonly maxHeldBytes: number
}

export interface ReadPackOptions {
  readonly format: ObjectFormat
  readonly limits: PackLimits
  /** Objects the reader has already: the bases of a thin pack. */
  readonly base?: (oid: ObjectId) => { readonly type: ObjectType; readonly bytes: Buffer } | undefined
  /** `skip` leaves out deltas whose base nobody has; `fail` (the default) refuses the pack. */
  readonly missingBase?: 'skip' | 'fail'
  /** Blobs are inflated, since a pack does not say where they end, and dropped; so are deltas without a base. Default false. */
  readonly skipBlobs?: boolean
}

const TYPES: Readonly<Record<number, ObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' }
const MAX_COMPRESSION_SLACK = 1 << 20
const OFS_DELTA = 6
const REF_DELTA = 7

/**
 * Reads a pack (gitformat-pack, version 2) from a stream and yields its objects, deltas applied, ids computed from the
 * bytes. Objects come in pack order, but for those whose base follows later: they come last. The trailer is verified
 * before the generator ends.
 * @throws GitError `Malformed`, `LimitExceeded`
 */
export async function* readPack(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadPackOptions,
): AsyncGenerator<GitObject> {
  const scanner = new PackScanner(chunks, options)
  const resolver = new DeltaResolver(options)
  const count = await scanner.header()
  for (let i = 0; i < count; i++) {
    const entry = await scanner.entry()
    yield* resolver.add(entry)
  }
  await scanner.trailer()
  yield* resolver.finish()
}

interface ScannedEntry {
  readonly offset: number
  readonly kind: ObjectType | { readonly baseOffset: number } | { readonly baseOid: ObjectId }
  readonly bytes: Buffer
}

/** The framing: header, entries one after another, trailer. */
class PackScanner {
  readonly #input: ByteReader
  readonly #options: ReadPackOptions
  readonly #digest
  #offset = 0

  constructor(chunks: AsyncIterable<Uint8Array>, options: ReadPackOptions) {
    this.#input = new ByteReader(chunks)
    this.#options = options
    this.#digest = createHash(options.format.name)
  }

  async header(): Promise<number> {
    const head = await this.#take(12)
    const version = head.readUInt32BE(4)
    if (head.toString('latin1', 0, 4) !== 'PACK' || (version !== 2 && version !== 3)) {
      throw new GitError('Malformed', 'the answer holds no pack that this version can read')
    }
    const count = head.readUInt32BE(8)
    if (count > this.#options.limits.maxObjects) throw overLimit('maxObjects', this.#options.limits.maxObjects, count)
    return count
  }

  async entry(): Promise<ScannedEntry> {
    const offset = this.#offset
    const first = await this.#byte()
    let size = first & 0x0f
    for (let more = first & 0x80, scale = 16; more; scale *= 128) {
      const next = await this.#byte()
      more = next & 0x80
      size += (next & 0x7f) * scale
      if (!Number.isSafeInteger(size))
        throw new GitError('Malformed', 'an object of the pack declares an impossible size')
    }
    const { maxObjectBytes } = this.#options.limits
    if (size > maxObjectBytes) throw overLimit('maxObjectBytes', maxObjectBytes, size)
    const kind = await this.#kind((first >> 4) & 7, offset)
    return { offset, kind, bytes: await this.#inflate(size) }
  }

  async trailer(): Promise<void> {
    const expected = this.#digest.digest('hex')
    const actual = (await this.#input.take(this.#options.format.size)).toString('hex')
    if (actual !== expected) throw new GitError('Malformed', 'the checksum of the pack is wrong', { expected, actual })
    if (!(await this.#input.atEnd())) throw new GitError('Malformed', 'bytes follow the checksum of the pack')
  }

  async #kind(type: number, offset: number): Promise<ScannedEntry['kind']> {
    if (type === OFS_DELTA) return { baseOffset: offset - (await this.#backwards()) }
    if (type === REF_DELTA) return { baseOid: (await this.#take(this.#options.format.size)).toString('hex') }
    const known = TYPES[type]
    if (known === undefined)
      throw new GitError('Malformed', `the pack holds an object of type ${type}, which does not exist`)
    return known
  }

  /** The offset encoding of OBJ_OFS_DELTA: each continuation adds one. */
  async #backwards(): Promise<number> {
    let byte = await this.#byte()
    let value = byte & 0x7f
    while (byte & 0x80) {
      byte = await this.#byte()
      value = (value + 1) * 128 + (byte & 0x7f)
      if (!Number.isSafeInteger(value)) throw new GitError('Malformed', 'a delta points to an impossible offset')
    }
    return value
  }

  /** A stream's compressed length is unknown: try with what is there, and with at least twice as much when that was too little. */
  async #inflate(size: number): Promise<Buffer> {
    let need = Math.min(size, 4096) + 16
    for (;;) {
      const enough = await this.#input.fill(need)
      const inflated = inflateObject(this.#input.held, size)
      if (inflated) {
        this.#consume(inflated.consumed)
        return inflated.bytes
      }
      if (!enough) throw new GitError('Malformed', 'the pack ends inside an object')
      // Compression never doubles a size; only a stream of empty blocks goes on and on.
      if (this.#input.held.length > 2 * size + MAX_COMPRESSION_SLACK) {
        throw new GitError('Malformed', `an object of ${size} bytes takes more than twice as many bytes of the pack`)
      }
      need = this.#input.held.length * 2
    }
  }

  async #byte(): Promise<number> {
    return (await this.#take(1))[0] as number
  }

  async #take(count: number): Promise<Buffer> {
    if (!(await this.#input.fill(count))) throw new GitError('Malformed', 'the pack ends too early')
    const bytes = this.#input.held.subarray(0, count)
    this.#consume(count)
    return bytes
  }

  #consume(count: number): void {
    this.#digest.update(this.#input.held.subarray(0, count))
    this.#input.skip(count)
    this.#offset += count
  }
}

interface Base {
  readonly type: ObjectType
  readonly bytes: Buffer
}

interface WaitingDelta {
  readonly entry: ScannedEntry
  readonly base: Exclude<ScannedEntry['kind'], string>
}

/** Turns deltas into objects, as soon as their bases are known. */
class DeltaResolver {
  readonly #options: ReadPackOptions
  readonly #byOffset = new Map<number, Base>()
  readonly #byOid = new Map<ObjectId, Base>()
  readonly #waiting: WaitingDelta[] = []
  /** Offsets of blobs that were dropped. */
  readonly #skipped = new Set<number>()
  #held = 0

  constructor(options: ReadPackOptions) {
    this.#options = options
  }

  add(entry: ScannedEntry): GitObject[] {
    if (this.#skips(entry)) return []
    if (typeof entry.kind === 'string') return [this.#keep(entry.offset, entry.kind, entry.bytes)]
    const base = this.#base(entry.kind)
    if (base) return [this.#apply(entry, base)]
    this.#hold(entry.bytes.length)
    this.#waiting.push({ entry, base: entry.kind })
    return []
  }

  /** A delta against a dropped blob is a blob as well. */
  #skips({ kind, offset }: ScannedEntry): boolean {
    if (this.#options.skipBlobs !== true) return false
    const skip = typeof kind === 'string' ? kind === 'blob' : 'baseOffset' in kind && this.#skipped.has(kind.baseOffset)
    if (skip) this.#skipped.add(offset)
    return skip
  }

  /** Bases may stand behind their deltas. Each delta is met twice at most, in whatever order a server sends them. */
  *finish(): Generator<GitObject> {
    const dependents = Map.groupBy(this.#waiting, ({ base }) => ('baseOffset' in base ? base.baseOffset : base.baseOid))
    const ready = this.#waiting.filter(({ base }) => this.#base(base) !== undefined)
    const done = new Set<WaitingDelta>()
    for (let delta = ready.pop(); delta !== undefined; delta = ready.pop()) {
      const base = done.has(delta) ? undefined : this.#base(delta.base)
      if (base === undefined) continue
      done.add(delta)
      const object = this.#apply(delta.entry, base)
      for (const key of [object.oid, delta.entry.offset]) {
        for (const next of dependents.get(key) ?? []) ready.push(next)
        dependents.delete(key)
      }
      yield object
    }
    const { missingBase, skipBlobs = false } = this.#options
    const left = this.#waiting.length - done.size
    if (left > 0 && missingBase !== 'skip' && !skipBlobs) {
      throw new GitError('Malformed', `the bases of ${left} deltas are neither in the pack nor at hand`)
    }
  }

  #base(kind: Exclude<ScannedEntry['kind'], string>): Base | undefined {
    if ('baseOffset' in kind) return this.#byOffset.get(kind.baseOffset)
    return this.#byOid.get(kind.baseOid) ?? this.#options.base?.(kind.baseOid)
  }

  #apply(entry: ScannedEntry, base: Base): GitObject {
    return this.#keep(entry.offset, base.type, applyDelta(base.bytes, entry.bytes, this.#options.limits.maxObjectBytes))
  }

  #keep(offset: number, type: ObjectType, bytes: Buffer): GitObject {
    const oid = objectId(this.#options.format, type, bytes)
    this.#hold(bytes.length)
    this.#byOffset.set(offset, { type, bytes })
    this.#byOid.set(oid, { type, bytes })
    return { oid, type, bytes }
  }

  #hold(bytes: number): void {
    this.#held += bytes
    const { maxHeldBytes } = this.#options.limits
    if (this.#held > maxHeldBytes) throw overLimit('maxHeldBytes', maxHeldBytes, this.#held)
  }
}

function overLimit(limit: string, expected: number, actual: number): GitError {
  return new GitError('LimitExceeded', `the pack exceeds ${limit}: ${actual}, allowed ${expected}`, {
    limit,
    expected,
    actual,
  })
}
