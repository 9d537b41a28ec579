import { applyDelta } from './delta.ts'
import { GitError } from './errors.ts'
import { HeldObjects } from './held-objects.ts'
import type { Held } from './held-objects.ts'
import { objectId } from './object-id.ts'
import type { ObjectId, ObjectType } from './object-id.ts'
import { overLimit } from './over-limit.ts'
import { MAX_DELTA_DEPTH } from './pack-limits.ts'
import type { GitObject, ReadPackOptions } from './pack-reader.ts'
import type { BaseName, EntryHeader } from './entry-header.ts'

interface WaitingDelta {
  readonly offset: number
  readonly base: BaseName
  readonly delta: Held
}

/** Turns deltas into objects, as soon as their bases are known. */
export class DeltaResolver {
  readonly #options: ReadPackOptions
  readonly #objects: HeldObjects
  readonly #byOffset = new Map<number, Held>()
  readonly #byOid = new Map<ObjectId, Held>()
  readonly #waiting: WaitingDelta[] = []
  /** Offsets of blobs that were dropped. */
  readonly #skipped = new Set<number>()
  /** Offsets and ids of blobs that streamed by and cannot be had again. */
  readonly #gone = new Set<number | ObjectId>()

  constructor(options: ReadPackOptions) {
    this.#options = options
    this.#objects = new HeldObjects(options.limits.maxHeldBytes, options.spill)
  }

  /** Whether nobody wants the entry: a blob, or a delta against a dropped blob, which is a blob as well. */
  skips({ kind, offset }: EntryHeader): boolean {
    if (this.#options.skipBlobs !== true) return false
    const skip = typeof kind === 'string' ? kind === 'blob' : 'baseOffset' in kind && this.#skipped.has(kind.baseOffset)
    if (skip) this.#skipped.add(offset)
    return skip
  }

  /** The object; undefined for a delta whose base may still follow. */
  async add({ offset, kind }: EntryHeader, bytes: Buffer): Promise<GitObject | undefined> {
    if (typeof kind === 'string') return this.#keep(offset, kind, bytes, 0)
    const base = this.#base(kind)
    if (base) return this.#apply(offset, base, bytes)
    this.#waiting.push({ offset, base: kind, delta: await this.#objects.hold('delta', bytes, 0) })
    return undefined
  }

  /** For a blob on its way to somebody else: put aside as well where deltas may need it and there is a spill. */
  passing({ offset, size }: EntryHeader): { add(piece: Buffer): Promise<void>; end(oid: ObjectId): void } {
    const aside = size <= this.#options.limits.maxObjectBytes ? this.#objects.aside('blob') : undefined
    return {
      add: async (piece) => aside?.add(piece),
      end: (oid) => {
        if (aside === undefined) this.#gone.add(offset).add(oid)
        else this.#know(offset, oid, aside.end())
      },
    }
  }

  /** Bases may stand behind their deltas. Each delta is met twice at most, in whatever order a server sends them. */
  async *finish(): AsyncGenerator<GitObject> {
    const dependents = Map.groupBy(this.#waiting, ({ base }) => key(base))
    const ready = this.#waiting.filter(({ base }) => this.#base(base) !== undefined)
    const done = new Set<WaitingDelta>()
    for (let delta = ready.pop(); delta !== undefined; delta = ready.pop()) {
      const base = done.has(delta) ? undefined : this.#base(delta.base)
      if (base === undefined) continue
      done.add(delta)
      const object = await this.#apply(delta.offset, base, await this.#objects.bytesOf(delta.delta))
      for (const name of [object.oid, delta.offset]) {
        for (const next of dependents.get(name) ?? []) ready.push(next)
        dependents.delete(name)
      }
      yield object
    }
    this.#checkLeft(done)
  }

  close(): Promise<void> {
    return this.#objects.close()
  }

  #checkLeft(done: ReadonlySet<WaitingDelta>): void {
    const left = this.#waiting.filter((delta) => !done.has(delta))
    if (left.some(({ base }) => this.#gone.has(key(base)))) {
      throw new GitError(
        'LimitExceeded',
        'a delta needs a blob that has streamed by: give a spill, or raise streamAbove',
        { limit: 'streamAbove' },
      )
    }
    const { missingBase, skipBlobs = false } = this.#options
    if (left.length > 0 && missingBase !== 'skip' && !skipBlobs) {
      throw new GitError('Malformed', `the bases of ${left.length} deltas are neither in the pack nor at hand`)
    }
  }

  #base(name: BaseName): Held | undefined {
    if ('baseOffset' in name) return this.#byOffset.get(name.baseOffset)
    const inPack = this.#byOid.get(name.baseOid)
    if (inPack !== undefined) return inPack
    const given = this.#options.base?.(name.baseOid)
    return given && { ...given, size: given.bytes.length, depth: 0, place: undefined }
  }

  async #apply(offset: number, base: Held, delta: Buffer): Promise<GitObject> {
    const { maxObjectBytes, maxDeltaDepth = MAX_DELTA_DEPTH } = this.#options.limits
    const depth = base.depth + 1
    if (depth > maxDeltaDepth) throw overLimit('maxDeltaDepth', maxDeltaDepth, depth)
    const bytes = applyDelta(await this.#objects.bytesOf(base), delta, maxObjectBytes)
    return this.#keep(offset, base.type as ObjectType, bytes, depth)
  }

  async #keep(offset: number, type: ObjectType, bytes: Buffer, depth: number): Promise<GitObject> {
    const oid = objectId(this.#options.format, type, bytes)
    this.#know(offset, oid, await this.#objects.hold(type, bytes, depth))
    return { oid, type, bytes }
  }

  #know(offset: number, oid: ObjectId, held: Held): void {
    this.#byOffset.set(offset, held)
    this.#byOid.set(oid, held)
  }
}

const key = (base: BaseName): number | ObjectId => ('baseOffset' in base ? base.baseOffset : base.baseOid)
