import { randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GitError } from '../../format/errors.ts'
import { checkSpill } from '../../format/spill.ts'
import type { Spill, SpillOptions } from '../../format/spill.ts'

/**
 * A file that nobody else sees: it has no name from the moment it is open, so that not even a killed process leaves it
 * behind. Made when something is first put into it.
 * @param options.folder default: the system's folder for temporary files
 * @throws GitError from `append`: `LimitExceeded` also where no file can be made, or no more goes into it
 */
export function temporarySpill(options: SpillOptions & { readonly folder?: string } = {}): Spill {
  const { folder = tmpdir() } = options
  let file: Promise<FileHandle> | undefined
  let end = 0
  const opened = async (): Promise<FileHandle> => {
    const opening = (file ??= nameless(folder))
    try {
      return await opening
    } catch (error) {
      // The next try may find room.
      if (file === opening) file = undefined
      throw error
    }
  }
  return {
    append: async (bytes) => {
      checkSpill(end + bytes.length, options)
      const start = end
      end += bytes.length
      try {
        const handle = await opened()
        for (let done = 0; done < bytes.length;) {
          done += (await handle.write(bytes, done, bytes.length - done, start + done)).bytesWritten
        }
      } catch (error) {
        throw noRoom(folder, error)
      }
      return start
    },
    read: async (offset, length) => {
      const bytes = Buffer.allocUnsafeSlow(length)
      const handle = await file
      for (let done = 0; done < length;) {
        const { bytesRead = 0 } = (await handle?.read(bytes, done, length - done, offset + done)) ?? {}
        if (bytesRead === 0) throw new RangeError(`nothing was put at ${offset + done}`)
        done += bytesRead
      }
      return bytes
    },
    close: async () => {
      const closing = file
      file = undefined
      // A file that could not be opened, or that has no name, leaves nothing behind, whatever goes wrong.
      await closing?.then((handle) => handle.close()).catch(() => undefined)
    },
  }
}

async function nameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `gitsync-${randomUUID()}`)
  const handle = await open(path, 'wx+', 0o600)
  try {
    await rm(path)
  } catch (error) {
    await handle.close()
    throw error
  }
  return handle
}

function noRoom(folder: string, cause: unknown): GitError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const remedy = 'make room there, set TMPDIR to another folder, or keep contents in memory'
  const message = `what is too much to hold cannot be put into a file in ${folder} (${why}): ${remedy}`
  return new GitError('LimitExceeded', message, { path: folder, cause })
}
