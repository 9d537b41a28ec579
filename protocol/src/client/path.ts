import { GitError } from '../format/errors.ts'
import { nameProblem } from '../format/entry-name.ts'
import { toRawName } from '../format/tree.ts'

export const MAX_PATH_BYTES = 4096

/**
 * Splits a path below the repository's root into raw names. `''` and `'.'` are the root itself.
 * @throws GitError `InvalidInput` for a path that Git, or a checkout on any system, must not hold
 */
export function splitPath(path: string, field = 'path'): string[] {
  if (path === '' || path === '.') return []
  const raw = toRawName(path)
  if (raw.length > MAX_PATH_BYTES) throw invalid(field, path, `is longer than ${MAX_PATH_BYTES} bytes`)
  if (raw.includes('\0')) throw invalid(field, path, 'holds NUL')
  const names = raw.split('/')
  for (const name of names) {
    const problem = nameProblem(name)
    if (problem !== undefined) throw invalid(field, path, problem)
  }
  return names
}

function invalid(field: string, path: string, why: string): GitError {
  return new GitError('InvalidInput', `${field} ${JSON.stringify(path)} ${why}`, { field, path })
}
