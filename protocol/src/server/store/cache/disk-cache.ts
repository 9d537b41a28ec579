import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import { GitError, isGitError } from '../../../format/errors.ts'
import { ifThere } from '../if-there.ts'
import type { StagedFile } from '../staged-file.ts'
import type { StagingFolder } from './staging-folder.ts'

/** Something that never changes, and where it comes from. */
export interface Cached {
  /** Its name in the cache. */
  readonly key: string
  /** Where it comes from, for errors. */
  readonly what: string
  /** Piece by piece. Undefined where it is not there. */
  fetch(): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Whether a file is what it should be. */
  isWhole(file: FileHandle, size: number): Promise<boolean>
}

/** Files of which is known that they are whole. */
const CHECKED = 50_000
/** A file may be cut off on its way, or taken away by another process between its coming and its opening. */
const TRIES = 3
/** The share of its budget by which a process may let the cache grow before it looks what is in it. */
const SLACK = 0.1

/**
 * Files of a folder that outlive the process, the longest unused of which make way for new ones. Several processes may share it: what
 * is in it, the folder alone says. What is taken away while somebody reads it can be read on.
 */
export class DiskCache {
  readonly #folder: string
  readonly #staging: StagingFolder
  readonly #maxBytes: number
  /** What has come since the last look; at first nobody knows. */
  #grown = Infinity
  readonly #fetching = new Map<string, Promise<void>>()
  /** Key → which file it was. */
  readonly #checked = new LRUCache<string, string>({ max: CHECKED })

  private constructor(folder: string, staging: StagingFolder, maxBytes: number) {
    this.#folder = folder
    this.#staging = staging
    this.#maxBytes = maxBytes
  }

  static async open(folder: string, staging: StagingFolder, maxBytes: number): Promise<DiskCache> {
    await mkdir(folder, { recursive: true })
    return new DiskCache(folder, staging, maxBytes)
  }

  /**
   * Opens what is asked for, and fetches it where it is not here, or is damaged.
   * @throws GitError `ObjectMissing` where it is not there either; Error where it is damaged there
   */
  async open(cached: Cached): Promise<FileHandle> {
    for (let attempt = 1; ; attempt++) {
      const file = await open(this.#pathOf(cached.key)).catch(ifThere)
      if (file !== undefined) {
        if (await this.#isWhole(cached, file).catch(() => false)) return file
        await file.close()
        await rm(this.#pathOf(cached.key), { force: true })
      }
      if (attempt === TRIES) throw new Error(`${cached.what} is damaged`)
      try {
        await this.#fetch(cached)
      } catch (error) {
        // What was cut off on its way may come the next time; what is not there will not.
        if (isGitError(error) || attempt === TRIES - 1) throw error
      }
    }
  }

  /** Takes a file in that was made here, where it can. */
  async adopt(key: string, file: StagedFile): Promise<void> {
    const { size } = file
    try {
      await file.moveTo(this.#pathOf(key))
    } catch {
      // It can be fetched.
      return await file.discard()
    }
    await this.#grow(key, size)
  }

  /** Frees what nobody will ask for any more. */
  async remove(key: string): Promise<void> {
    await rm(this.#pathOf(key), { force: true })
  }

  #pathOf(key: string): string {
    return join(this.#folder, encodeURIComponent(key))
  }

  async #isWhole(cached: Cached, file: FileHandle): Promise<boolean> {
    const { size, ino, mtime } = await file.stat()
    const which = `${ino} ${mtime.getTime()} ${size}`
    if (this.#checked.get(cached.key) !== which) {
      if (!(await cached.isWhole(file, size))) return false
      this.#checked.set(cached.key, which)
    }
    // What was used last is taken away last. File systems do not say so by themselves.
    await file.utimes(new Date(), mtime)
    return true
  }

  /** Who asks for what is on its way waits for it. */
  async #fetch(cached: Cached): Promise<void> {
    const known = this.#fetching.get(cached.key)
    if (known !== undefined) return await known
    const fetching = this.#download(cached)
    this.#fetching.set(cached.key, fetching)
    try {
      await fetching
    } finally {
      this.#fetching.delete(cached.key)
    }
  }

  async #download(cached: Cached): Promise<void> {
    const { key, what } = cached
    const body = await cached.fetch()
    if (body === undefined) throw new GitError('ObjectMissing', `${what} is missing`)
    const file = await this.#staging.stage()
    try {
      for await (const bytes of body) await file.append(bytes)
      const { size } = file
      await file.moveTo(this.#pathOf(key))
      await this.#grow(key, size)
    } finally {
      await file.discard()
    }
  }

  async #grow(key: string, size: number): Promise<void> {
    this.#grown += size
    if (this.#grown > this.#maxBytes * SLACK) await this.#makeRoom(key)
  }

  /** @param newest stays: somebody is about to open it */
  async #makeRoom(newest: string): Promise<void> {
    this.#grown = 0
    const files: { readonly path: string; readonly size: number; readonly used: number }[] = []
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name)
      const seen = await stat(path).catch(ifThere)
      if (seen !== undefined) files.push({ path, size: seen.size, used: seen.atimeMs })
    }
    files.sort((a, b) => a.used - b.used)
    let total = files.reduce((sum, { size }) => sum + size, 0)
    for (const { path, size } of files) {
      if (total <= this.#maxBytes * (1 - SLACK)) break
      if (path === this.#pathOf(newest)) continue
      await rm(path, { force: true })
      total -= size
    }
  }
}
