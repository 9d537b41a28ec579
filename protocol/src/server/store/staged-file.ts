import { rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { StagedPack } from './repository-store.ts'
import { readAt } from './stored-file.ts'

/** A pack on its way in, in a file of its own. */
export class StagedFile implements StagedPack {
  readonly #path: string
  readonly #file: FileHandle
  #size = 0
  #isDone = false

  /** @param file open for reading and writing, and empty */
  constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  get size(): number {
    return this.#size
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.overwrite(this.#size, bytes)
    this.#size += bytes.length
  }

  async overwrite(offset: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;)
      done += (await this.#file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten
  }

  read(offset: number, length: number): Promise<Buffer> {
    return readAt(this.#file, offset, length)
  }

  /** Writes through what is there, so that it outlives the machine. */
  sync(): Promise<void> {
    return this.#file.sync()
  }

  async moveTo(path: string): Promise<void> {
    await rename(this.#path, path)
    this.#isDone = true
    await this.#file.close()
  }

  async discard(): Promise<void> {
    if (this.#isDone) return
    this.#isDone = true
    await this.#file.close()
    await rm(this.#path, { force: true })
  }
}
