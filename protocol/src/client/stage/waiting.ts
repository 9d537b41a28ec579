import { temporarySpill } from '#platform/spill'
import { isGitError } from '../../format/errors.ts'
import type { ObjectFormat } from '../../format/object-id.ts'
import { memorySpill } from '../../format/spill.ts'
import type { Spill } from '../../format/spill.ts'
import { spoolBlob } from '../../format/spool-blob.ts'
import type { SpooledBlob } from '../../format/spool-blob.ts'
import { once } from '../once.ts'
import type { NewObjects } from './write-trees.ts'

/**
 * Where contents wait for their push: in memory, in a temporary file that has no name, or in memory up to 8 MiB and in such
 * a file beyond. Where no such file can be made, or no more goes into it, contents that were given whole stay in memory;
 * those that stream in fail with `LimitExceeded`.
 */
export type Writing = 'memory' | 'disk' | 'auto'

export const AUTO_BYTES = 8 << 20

/** Contents on their way to the server. What streams in is compressed at once; what was given whole when there is much of it. */
export class WaitingContents {
  readonly #writing: Writing
  readonly #maxBytes: number
  #spill: Spill
  /** Bytes of contents that wait as they were given. */
  #whole = 0
  #queue: Promise<unknown> = Promise.resolve()

  /** @param maxBytes that a file may take */
  constructor(writing: Writing, maxBytes: number) {
    this.#writing = writing
    this.#maxBytes = maxBytes
    this.#spill = spillFor(writing, maxBytes)
  }

  /**
   * One after the other: a spill takes one content at a time. Chunks are copied, since who reads a file often gives the
   * same buffer again and again.
   * @throws GitError as {@link spoolBlob}
   */
  spool(chunks: AsyncIterable<Uint8Array>, format: ObjectFormat, size?: number): Promise<SpooledBlob> {
    const spill = this.#spill
    const options = { format, spill, ...(size === undefined ? {} : { size }) }
    const turn = this.#queue.then(() => spoolBlob(copies(chunks), options))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  /** Puts contents of a commit aside that would be too much to hold. */
  async settle(objects: NewObjects, format: ObjectFormat): Promise<void> {
    if (this.#writing === 'memory') return
    const most = this.#writing === 'disk' ? 0 : AUTO_BYTES
    for (const [oid, object] of objects) {
      const { entry } = object
      if (entry.type !== 'blob' || 'deflated' in entry) continue
      this.#whole += entry.bytes.length
      if (this.#whole <= most) continue
      try {
        objects.set(oid, { entry: await this.spool(once(entry.bytes), format, entry.bytes.length) })
      } catch (error) {
        // Where there is no disk, or no room on it, what is held already can as well be kept.
        if (!isGitError(error, 'LimitExceeded')) throw error
        return
      }
      this.#whole -= entry.bytes.length
    }
  }

  /** Forgets everything. */
  async clear(): Promise<void> {
    const spill = this.#spill
    this.#spill = spillFor(this.#writing, this.#maxBytes)
    this.#whole = 0
    await this.#queue
    await spill.close()
  }
}

async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Buffer.from(chunk)
}

function spillFor(writing: Writing, maxBytes: number): Spill {
  if (writing === 'memory') return memorySpill()
  const file = temporarySpill({ maxBytes })
  return writing === 'disk' ? file : memoryFirst(AUTO_BYTES, file)
}

/** Bytes below `most` are held, the others go to `rest`. */
function memoryFirst(most: number, rest: Spill): Spill {
  const memory = memorySpill()
  let held = 0
  let isFull = false
  return {
    append: async (bytes) => {
      isFull ||= held + bytes.length > most
      if (isFull) return held + (await rest.append(bytes))
      held += bytes.length
      return memory.append(bytes)
    },
    read: async (offset, length) => {
      const near = Math.max(0, Math.min(length, held - offset))
      if (near === length) return memory.read(offset, length)
      const far = await rest.read(offset + near - held, length - near)
      return near === 0 ? far : Buffer.concat([await memory.read(offset, near), far])
    },
    close: async () => {
      await memory.close()
      await rest.close()
    },
  }
}
