import { GitError } from './errors.ts'

/** Room for bytes outside of memory: written once, at the end, and read at will until it is closed. */
export interface Spill {
  /**
   * Keeps none of the buffer that it is given: the caller may put other bytes into it afterwards.
   * @returns where the bytes begin
   * @throws GitError `LimitExceeded` when the room is used up
   */
  append(bytes: Uint8Array): Promise<number>
  /** Bytes that an `append` has finished writing. */
  read(offset: number, length: number): Promise<Buffer>
  /** Gives the room back. */
  close(): Promise<void>
}

export interface SpillOptions {
  /** Bytes in all. Default 16 GiB. */
  readonly maxBytes?: number
}

export const MAX_SPILL_BYTES = 16 * 2 ** 30

/** @throws GitError `LimitExceeded` */
export function checkSpill(bytes: number, { maxBytes = MAX_SPILL_BYTES }: SpillOptions): void {
  if (bytes <= maxBytes) return
  throw new GitError('LimitExceeded', `${bytes} bytes would have to be put aside; maxSpillBytes allows ${maxBytes}`, {
    limit: 'maxSpillBytes',
    expected: maxBytes,
    actual: bytes,
  })
}

/** The same in memory: for what is known to be small, and where there is no disk. */
export function memorySpill(options: SpillOptions = {}): Spill {
  let held: { readonly start: number; readonly bytes: Uint8Array }[] = []
  let end = 0
  return {
    append: async (bytes) => {
      checkSpill(end + bytes.length, options)
      const start = end
      held.push({ start, bytes: Buffer.from(bytes) })
      end += bytes.length
      return start
    },
    read: async (offset, length) => {
      const parts: Uint8Array[] = []
      let at = offset
      for (let i = pieceAt(held, offset); at < offset + length; i++) {
        const piece = held[i]
        if (piece === undefined) throw new RangeError(`nothing was put at ${at}`)
        const part = piece.bytes.subarray(at - piece.start, offset + length - piece.start)
        parts.push(part)
        at += part.length
      }
      return Buffer.concat(parts)
    },
    close: async () => {
      held = []
    },
  }
}

/** Index of the piece that holds a byte. */
function pieceAt(held: readonly { readonly start: number }[], offset: number): number {
  let low = 0
  let high = held.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((held[middle]?.start ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}
