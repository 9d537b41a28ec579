import type { ObjectType } from './object-id.ts'
import { overLimit } from './over-limit.ts'
import type { Spill } from './spill.ts'

/** Bytes that may be needed again: in memory, or put aside. */
export interface Held {
  readonly type: ObjectType | 'delta'
  readonly size: number
  /** Deltas between this and an object that came whole. */
  readonly depth: number
  bytes: Buffer | undefined
  /** Where in the spill, once it is there. */
  place: number | undefined
}

/** Bytes that go to the spill in one piece. */
const BATCH = 256 << 10

/** Keeps what a pack has shown within a budget of memory: the oldest goes to the spill first. */
export class HeldObjects {
  readonly #maxBytes: number
  readonly #openSpill: (() => Spill) | undefined
  readonly #inMemory = new Set<Held>()
  #spill: Spill | undefined
  /** What goes to the spill in one piece is put together here: a new buffer each time would wait long to be collected. */
  #scratch: Buffer | undefined
  #bytes = 0

  constructor(maxBytes: number, openSpill: (() => Spill) | undefined) {
    this.#maxBytes = maxBytes
    this.#openSpill = openSpill
  }

  /** @throws GitError `LimitExceeded` when the budget is used up and there is no spill, or no room in it */
  async hold(type: Held['type'], bytes: Buffer, depth: number): Promise<Held> {
    const held: Held = { type, size: bytes.length, depth, bytes, place: undefined }
    this.#remember(held)
    if (this.#bytes > this.#maxBytes) await this.#makeRoom()
    return held
  }

  /** For an object that passes by piece by piece: held without ever being in memory. Undefined without a spill. */
  aside(type: ObjectType): { add(piece: Buffer): Promise<void>; end(): Held } | undefined {
    const spill = this.#spilled()
    if (spill === undefined) return undefined
    let place: number | undefined
    let size = 0
    return {
      add: async (piece) => {
        const at = await spill.append(piece)
        place ??= at
        size += piece.length
      },
      end: () => ({ type, size, depth: 0, bytes: undefined, place }),
    }
  }

  async bytesOf(held: Held): Promise<Buffer> {
    if (held.bytes !== undefined) return held.bytes
    const bytes = (await this.#spill?.read(held.place ?? 0, held.size)) ?? Buffer.alloc(0)
    held.bytes = bytes
    this.#remember(held)
    if (this.#bytes > this.#maxBytes) await this.#makeRoom()
    return bytes
  }

  async close(): Promise<void> {
    this.#inMemory.clear()
    this.#scratch = undefined
    await this.#spill?.close()
  }

  #remember(held: Held): void {
    this.#inMemory.add(held)
    this.#bytes += held.size
  }

  #spilled(): Spill | undefined {
    return (this.#spill ??= this.#openSpill?.())
  }

  /** Down to three quarters, so that the next few objects need no room made for them. */
  async #makeRoom(): Promise<void> {
    const spill = this.#spilled()
    if (spill === undefined) throw overLimit('maxHeldBytes', this.#maxBytes, this.#bytes)
    const leaving: Held[] = []
    for (const held of this.#inMemory) {
      if (this.#bytes <= this.#maxBytes * 0.75) break
      this.#inMemory.delete(held)
      this.#bytes -= held.size
      leaving.push(held)
    }
    const fresh = leaving.filter(({ place }) => place === undefined)
    for (const batch of batches(fresh)) {
      let place = await spill.append(this.#together(batch))
      for (const held of batch) {
        held.place = place
        place += held.size
      }
    }
    for (const held of leaving) held.bytes = undefined
  }

  #together(batch: readonly Held[]): Uint8Array {
    const [only] = batch
    if (batch.length === 1 && only?.bytes !== undefined) return only.bytes
    const scratch = (this.#scratch ??= Buffer.allocUnsafeSlow(BATCH))
    let end = 0
    for (const { bytes } of batch) {
      if (bytes !== undefined) scratch.set(bytes, end)
      end += bytes?.length ?? 0
    }
    return scratch.subarray(0, end)
  }
}

/** Those that are larger than a batch are one of their own. */
function* batches(held: readonly Held[]): Generator<Held[]> {
  let batch: Held[] = []
  let size = 0
  for (const next of held) {
    if (batch.length > 0 && size + next.size > BATCH) {
      yield batch
      batch = []
      size = 0
    }
    batch.push(next)
    size += next.size
  }
  if (batch.length > 0) yield batch
}
