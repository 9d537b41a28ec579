import type { FileHandle } from 'node:fs/promises'
import type { RandomAccess } from '../pack/random-access.ts'

/** A file is closed once nobody has read it for so long, in milliseconds. Where it was removed meanwhile, its space is free then. */
const IDLE_MS = 60_000

/** A file that never changes, opened when it is read. */
export class StoredFile implements RandomAccess {
  readonly size: number
  readonly #open: () => Promise<FileHandle>
  #file: Promise<FileHandle> | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(size: number, open: () => Promise<FileHandle>) {
    this.size = size
    this.#open = open
  }

  async read(offset: number, length: number): Promise<Buffer> {
    try {
      return await readAt(await this.#opened(), offset, length)
    } catch (error) {
      // It was put to rest between.
      if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error
      return await readAt(await this.#opened(), offset, length)
    }
  }

  rest(): void {
    const file = this.#file
    this.#file = undefined
    clearTimeout(this.#idle)
    this.#idle = undefined
    // What could not be opened need not be closed.
    file?.then((handle) => handle.close()).catch(() => undefined)
  }

  #opened(): Promise<FileHandle> {
    if (this.#idle === undefined) this.#idle = setTimeout(() => this.rest(), IDLE_MS).unref()
    else this.#idle.refresh()
    if (this.#file !== undefined) return this.#file
    const opening = this.#open()
    this.#file = opening
    opening.catch(() => {
      // Whoever reads next tries again.
      if (this.#file === opening) this.#file = undefined
    })
    return opening
  }
}

/** @throws RangeError beyond the end */
export async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) throw new RangeError(`the file ends before ${offset + length}`)
    done += bytesRead
  }
  return bytes
}
