import { readFile, stat } from 'node:fs/promises'
import { GitError } from '../format/errors.ts'

/**
 * A file that a flag names.
 * @throws GitError `InvalidInput` naming the flag and the file
 */
export function readInputFile(flag: string, file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => unreadable(flag, file, error))
}

/** Bytes of such a file. @throws GitError `InvalidInput` naming the flag and the file */
export async function sizeOfInputFile(flag: string, file: string): Promise<number> {
  const found = await stat(file).catch((error: unknown) => unreadable(flag, file, error))
  return found.isDirectory() ? unreadable(flag, file, { code: 'EISDIR' }) : found.size
}

/**
 * A file of PEM that a flag names.
 * @throws GitError `InvalidInput` naming the flag and the file
 */
export async function readPem(flag: string, file: string, label: 'CERTIFICATE' | 'PRIVATE KEY'): Promise<string> {
  const pem = (await readInputFile(flag, file)).toString()
  if (pem.includes(`${label}-----`)) return pem
  throw new GitError('InvalidInput', `${flag} ${file} holds no PEM ${label.toLowerCase()}`, { field: flag })
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
}

function unreadable(flag: string, file: string, error: unknown): never {
  const { code, message } = error as Partial<NodeJS.ErrnoException>
  const reason = REASONS[code ?? ''] ?? message ?? String(error)
  const what = `${flag} ${JSON.stringify(file)} cannot be read: ${reason}`
  throw new GitError('InvalidInput', what, { field: flag })
}
