import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { typeOfMode } from '../../format/tree.ts'
import { splitPath } from '../path.ts'
import type { Snapshot } from '../snapshot.ts'

export interface FileEntry {
  readonly path: string
  readonly mode: number
  readonly oid: ObjectId
}

/** Raw names of the folder that a file is in. */
export function folderOf(path: string): readonly string[] {
  return splitPath(path).slice(0, -1)
}

/** @throws GitError `PathNotFound`, `UnexpectedType` for what is no file */
export function fileAt(snapshot: Snapshot, path: string, revision: string): FileEntry {
  const entry = snapshot.entry(path)
  if (entry === null || entry === 'unread') throw pathNotFound(path, revision)
  checkIsFile(path, entry.mode)
  return { path, mode: entry.mode, oid: entry.oid }
}

/** @throws GitError `UnexpectedType` */
export function checkIsFile(path: string, mode: number): void {
  const actual = typeOfMode(mode)
  if (actual === 'blob') return
  const what = `${JSON.stringify(path)} is a ${actual}, not a file`
  throw new GitError('UnexpectedType', what, { path, expected: 'blob', actual })
}

export function pathNotFound(path: string, revision: string): GitError {
  return new GitError('PathNotFound', `${JSON.stringify(path)} does not exist in ${revision}`, { path })
}
