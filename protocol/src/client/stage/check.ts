import { GitError } from '../../format/errors.ts'
import { Mode } from '../../format/tree.ts'
import { splitPath } from '../path.ts'

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
