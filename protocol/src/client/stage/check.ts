import { GitError } from '../../format/errors.ts'
import { Mode } from '../../format/tree.ts'
import { splitPath } from '../path.ts'
import type { Session } from '../session.ts'
import type { Snapshot } from '../snapshot.ts'

/**
 * What commits are to be made on must be what the server has.
 * @throws GitError `InvalidInput`
 */
export function checkBase(
  { learnedFormat, remote }: Session,
  { tip, commit, root, format }: Pick<Snapshot, 'tip' | 'commit' | 'root' | 'format'>,
): void {
  const isThere = commit === null ? tip === null && root === format.emptyTree : tip === null || tip === commit
  if (!isThere) {
    const remedy = 'begin with what a push has left, or with repo.snapshot'
    throw new GitError('InvalidInput', `base is of no commit that the server has: ${remedy}`, { field: 'base' })
  }
  if (learnedFormat === undefined || learnedFormat.name === format.name) return
  const message = `base is of a ${format.name} repository, and ${remote.url} is one of ${learnedFormat.name}`
  throw new GitError('InvalidInput', message, { field: 'base', expected: learnedFormat.name, actual: format.name })
}

/** A path that is not the root's, as raw names. @throws GitError `InvalidInput` */
export function filePath(path: string): string[] {
  const names = splitPath(path)
  if (names.length === 0)
    throw new GitError('InvalidInput', 'the path of a file must not be empty', { field: 'path', path })
  return names
}

/** Where from and where to, which must not be inside. @throws GitError `InvalidInput` */
export function movePaths(from: string, to: string): [string[], string[]] {
  const [source, target] = [filePath(from), filePath(to)]
  if (source.every((name, index) => name === target[index])) {
    throw new GitError(
      'InvalidInput',
      `${JSON.stringify(from)} cannot be moved to ${JSON.stringify(to)}, inside itself`,
      {
        field: 'to',
        path: to,
      },
    )
  }
  return [source, target]
}

const FILE_MODES: readonly number[] = [Mode.file, Mode.executable, Mode.symlink]

/** @throws GitError `InvalidInput` */
export function checkFileMode(mode: number): void {
  if (FILE_MODES.includes(mode)) return
  const message = `mode ${mode.toString(8)} (octal) is none of a file: use Mode.file, Mode.executable or Mode.symlink`
  throw new GitError('InvalidInput', message, { field: 'mode', actual: mode })
}
