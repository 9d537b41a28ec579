import { randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkSpill } from '../../format/spill.ts'
import type { Spill, SpillOptions } from '../../format/spill.ts'

/**
 * A file that nobody else sees: it has no name from the moment it is open, so that not even a killed process leaves it
 * behind. Made when something is first put into it.
 * @param options.folder default: the system's folder for temporary files
 */
export function temporarySpill(options: SpillOptions & { readonly folder?: string } = {}): Spill {
  let file: Promise<FileHandle> | undefined
  let end = 0
  return {
    append: async (bytes) => {
      checkSpill(end + bytes.length, options)
      const start = end
      end += bytes.length
      const handle = await (file ??= nameless(options.folder ?? tmpdir()))
      for (let done = 0; done < bytes.length;) {
        done += (await handle.write(bytes, done, bytes.length - done, start + done)).bytesWritten
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
      await (await file)?.close()
      file = undefined
    },
  }
}

async function nameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `gitsync-${randomUUID()}`)
  const handle = await open(path, 'wx+', 0o600)
  await rm(path)
  return handle
}
