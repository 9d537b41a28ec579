import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { readAt } from '../stored-file.ts'

/** Bytes that are read together. */
const PIECE = 1 << 20

/** Whether a file is the pack of that name, its checksum: its last bytes say so, and are right. */
export async function isPack(file: FileHandle, size: number, name: string): Promise<boolean> {
  return (await checksum(file, size, name)) === name
}

/** Whether a file is the index of the pack of that name, which stands before its own checksum. */
export async function isIndex(file: FileHandle, size: number, name: string): Promise<boolean> {
  const length = name.length / 2
  if (size < 2 * length) return false
  const end = await readAt(file, size - 2 * length, 2 * length)
  const own = end.subarray(length).toString('hex')
  return end.subarray(0, length).toString('hex') === name && (await checksum(file, size, name)) === own
}

/** Of all but the checksum at the end, by the hash function that the name is of; undefined where that is another one. */
async function checksum(file: FileHandle, size: number, name: string): Promise<string | undefined> {
  const length = name.length / 2
  if (size < length) return undefined
  const hash = createHash(length === 20 ? 'sha1' : 'sha256')
  for (let at = 0; at < size - length; at += PIECE)
    hash.update(await readAt(file, at, Math.min(PIECE, size - length - at)))
  const found = hash.digest('hex')
  return (await readAt(file, size - length, length)).toString('hex') === found ? found : undefined
}
