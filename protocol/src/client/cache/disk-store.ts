import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkInteger } from '../check-option.ts'
import type { CacheStore } from './object-cache.ts'

export interface DiskStoreOptions {
  /** Created when it does not exist. Several processes may share it. */
  readonly folder: string
  /** Of all files, over which those used least recently go. Default 1 GiB. */
  readonly maxBytes?: number
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number
}

/** How full the store is after a cleaning. */
const CLEANED = 0.8

/**
 * A store of one file per object. A file is whole or absent; a disk that is full costs the cache, not the caller.
 * @throws GitError `InvalidInput`
 */
export function diskStore({ folder, maxBytes = 1 << 30, now = Date.now }: DiskStoreOptions): CacheStore {
  checkInteger('maxBytes', maxBytes, 1)
  let size: number | undefined
  let cleaning: Promise<void> = Promise.resolve()

  const used = (path: string): Promise<void> => utimes(path, now() / 1000, now() / 1000)
  const read = async (key: string): Promise<Uint8Array | undefined> => {
    const path = pathOf(folder, key)
    try {
      const value = await readFile(path)
      await used(path)
      return value
    } catch {
      return undefined
    }
  }
  const write = async (key: string, value: Uint8Array): Promise<void> => {
    const path = pathOf(folder, key)
    const temporary = `${path}.${randomBytes(6).toString('hex')}`
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
    try {
      await writeFile(temporary, value, { mode: 0o600, flag: 'wx' })
      await used(temporary)
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }
  const clean = async (): Promise<void> => {
    const files = (await list(folder)).sort((a, b) => a.usedAt - b.usedAt)
    let total = files.reduce((sum, file) => sum + file.size, 0)
    if (total > maxBytes) {
      for (const { path, size: bytes } of files) {
        if (total <= maxBytes * CLEANED) break
        await rm(path, { force: true })
        total -= bytes
      }
    }
    size = total
  }

  return {
    get: (keys) => Promise.all(keys.map(read)),
    async set(values) {
      if (size === undefined) await (cleaning = clean())
      for (const [key, value] of values) {
        await write(key, value)
        size = (size ?? 0) + value.length
      }
      if ((size ?? 0) > maxBytes) await (cleaning = cleaning.then(clean))
    },
  }
}

function pathOf(folder: string, key: string): string {
  return join(folder, key.slice(0, 2), key.slice(2))
}

interface Stored {
  readonly path: string
  readonly size: number
  /** Milliseconds. */
  readonly usedAt: number
}

async function list(folder: string): Promise<Stored[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const found = await Promise.all(
    names
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name)
        const stats = await stat(path).catch(() => undefined)
        return stats === undefined ? [] : [{ path, size: stats.size, usedAt: stats.mtimeMs }]
      }),
  )
  return found.flat()
}
