import { createHash, randomBytes } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { resolve } from 'node:path'
import { GitError } from '../../format/errors.ts'
import { objectId } from '../../format/object-id.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { fromRawName, Mode } from '../../format/tree.ts'

/** Content of one file: in memory, or in a temporary file below the same folder, which `moves` to its only or last place. */
export type Content = Uint8Array | { readonly file: ArrivedFile; readonly moves: boolean }

/** A large content on the disk that has no place yet. */
export interface ArrivedFile {
  readonly path: Buffer
  readonly size: number
  /** Removes it, unless it has been moved to its place. */
  discard(): Promise<void>
}

const MARK = '.gitsync-'

/**
 * A folder on disk that files of a commit are written into. Each file appears whole or not at all. Nothing is ever written
 * through a symlink, so that no entry can lead out of the folder.
 */
export class Target {
  readonly #root: Buffer
  /** Raw paths of folders known to be real ones. */
  readonly #folders = new Map<string, Promise<void>>()

  private constructor(root: string) {
    this.#root = Buffer.from(resolve(root))
  }

  /**
   * @param mayHoldFiles false refuses a folder with anything in it
   * @throws GitError `TargetExists` for a folder that is not empty, `InvalidInput` for something that is no folder
   */
  static async open(folder: string, mayHoldFiles: boolean): Promise<Target> {
    const target = new Target(folder)
    await mkdir(target.#root, { recursive: true }).catch((error: unknown) => {
      throw unwritable(folder, error)
    })
    if (!mayHoldFiles && (await readdir(target.#root)).length > 0) {
      const what = `${folder} is not empty: name another folder, or resume: true lets the commit's files replace what is there`
      throw new GitError('TargetExists', what, { field: 'dir', path: folder })
    }
    return target
  }

  /** Whether this file system takes `A` and `a` for the same name. */
  async foldsCase(): Promise<boolean> {
    const name = `${MARK}${randomBytes(6).toString('hex')}-Case`
    await (await open(this.#at(name), 'wx')).close()
    try {
      return (await statOf(this.#at(name.toLowerCase()))) !== undefined
    } finally {
      await rm(this.#at(name), { force: true })
    }
  }

  /** Whether the file is there already with this content and mode. */
  async holds(rawPath: string, mode: number, oid: ObjectId, format: ObjectFormat): Promise<boolean> {
    const slash = rawPath.lastIndexOf('/')
    if (slash >= 0 && !(await this.#isRealFolder(rawPath.slice(0, slash)))) return false
    const path = this.#at(rawPath)
    const found = await statOf(path)
    if (found === undefined) return false
    if (mode === Mode.symlink) {
      return found.isSymbolicLink() && objectId(format, 'blob', await readlink(path, 'buffer')) === oid
    }
    if (!found.isFile() || isExecutable(found) !== (mode === Mode.executable)) return false
    return (await blobIdOf(path, found.size, format)) === oid
  }

  /** Takes a content as it arrives, before anybody can know where it belongs. */
  async receive(chunks: AsyncIterable<Uint8Array>): Promise<ArrivedFile> {
    const path = this.#temporary('')
    const discard = (): Promise<void> => rm(path, { force: true })
    try {
      const file = await open(path, 'wx', 0o666)
      try {
        let size = 0
        for await (const chunk of chunks) {
          await file.writeFile(chunk)
          size += chunk.length
        }
        return { path, size, discard }
      } finally {
        await file.close()
      }
    } catch (error) {
      await discard()
      throw error instanceof GitError ? error : unwritable(path.toString(), error)
    }
  }

  /** @returns bytes of the content */
  async writeFile(rawPath: string, mode: number, content: Content): Promise<number> {
    await this.#makeRoom(rawPath)
    const temporary = this.#temporary(rawPath)
    try {
      if (content instanceof Uint8Array) {
        await writeFile(temporary, content, { flag: 'wx', mode: mode === Mode.executable ? 0o777 : 0o666 })
      } else {
        const { file, moves } = content
        if (moves) await rename(file.path, temporary)
        else await copyFile(file.path, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
        if (mode === Mode.executable) await makeExecutable(temporary)
      }
      await rename(temporary, this.#at(rawPath))
      return content instanceof Uint8Array ? content.length : content.file.size
    } catch (error) {
      await rm(temporary, { force: true })
      throw unwritable(fromRawName(rawPath), error)
    }
  }

  async writeSymlink(rawPath: string, destination: Uint8Array): Promise<void> {
    await this.#makeRoom(rawPath)
    const temporary = this.#temporary(rawPath)
    try {
      await symlink(Buffer.from(destination), temporary)
      await rename(temporary, this.#at(rawPath))
    } catch (error) {
      await rm(temporary, { force: true })
      throw unwritable(fromRawName(rawPath), error)
    }
  }

  /** An empty folder, as git leaves one for a submodule. */
  async makeFolder(rawPath: string): Promise<void> {
    await this.#realFolder(rawPath)
  }

  async #makeRoom(rawPath: string): Promise<void> {
    const slash = rawPath.lastIndexOf('/')
    if (slash >= 0) await this.#realFolder(rawPath.slice(0, slash))
    const found = await statOf(this.#at(rawPath))
    if (found?.isDirectory() !== true) return
    const path = fromRawName(rawPath)
    throw new GitError('TargetExists', `${JSON.stringify(path)} is a folder on disk and a file in the commit`, { path })
  }

  #realFolder(rawPath: string): Promise<void> {
    const known = this.#folders.get(rawPath)
    if (known !== undefined) return known
    const made = this.#makeFolder(rawPath)
    this.#folders.set(rawPath, made)
    return made
  }

  async #makeFolder(rawPath: string): Promise<void> {
    const slash = rawPath.lastIndexOf('/')
    if (slash >= 0) await this.#realFolder(rawPath.slice(0, slash))
    const path = this.#at(rawPath)
    await mkdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw unwritable(fromRawName(rawPath), error)
    })
    const found = await statOf(path)
    if (found?.isDirectory() === true) return
    const shown = fromRawName(rawPath)
    const what = `${JSON.stringify(shown)} is a folder in the commit, and something else on disk: nothing is written through it`
    throw new GitError('TargetExists', what, { path: shown })
  }

  /** Whether it is there, and no part of the way to it is a symlink. */
  async #isRealFolder(rawPath: string): Promise<boolean> {
    if (this.#folders.has(rawPath)) return true
    const slash = rawPath.lastIndexOf('/')
    if (slash >= 0 && !(await this.#isRealFolder(rawPath.slice(0, slash)))) return false
    return (await statOf(this.#at(rawPath)))?.isDirectory() === true
  }

  #at(rawPath: string): Buffer {
    return Buffer.concat([this.#root, Buffer.from(`/${rawPath}`, 'latin1')])
  }

  #temporary(rawPath: string): Buffer {
    const folder = rawPath.slice(0, rawPath.lastIndexOf('/') + 1)
    return this.#at(`${folder}${MARK}${randomBytes(8).toString('hex')}`)
  }
}

/** For whom it may be read, it may be run: what the process's mask has left. */
async function makeExecutable(path: Buffer): Promise<void> {
  const { mode } = await lstat(path)
  await chmod(path, mode | ((mode & 0o444) >> 2))
}

async function statOf(path: Buffer): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unwritable(path.toString(), error)
  }
}

async function blobIdOf(path: Buffer, size: number, format: ObjectFormat): Promise<ObjectId> {
  const hash = createHash(format.name).update(`blob ${size}\0`)
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

const isExecutable = (stats: Stats): boolean => (stats.mode & 0o100) !== 0

function unwritable(path: string, error: unknown): GitError {
  const { code, message } = error as NodeJS.ErrnoException
  const what = `${JSON.stringify(path)} cannot be written: ${code ?? message}`
  return new GitError('InvalidInput', what, { field: 'dir', path, cause: error })
}
