import { GitError } from '../../format/errors.ts'
import { fromRawName, Mode } from '../../format/tree.ts'
import { pathProblem } from './hostile-name.ts'
import type { Place } from './place.ts'

/**
 * Every path before the first byte is written: one bad name spoils the whole checkout.
 * @throws GitError `UnsafePath`
 */
export function checkPlaces(places: readonly Place[], platform: NodeJS.Platform): void {
  const files = new Set<string>()
  const folders = new Set<string>()
  for (const { rawPath } of places) {
    const problem = pathProblem(rawPath, platform)
    if (problem !== undefined) throw unsafe(rawPath, problem)
    if (files.has(rawPath)) throw unsafe(rawPath, 'stands in the commit twice')
    files.add(rawPath)
    for (let slash = rawPath.lastIndexOf('/'); slash > 0; slash = rawPath.lastIndexOf('/', slash - 1)) {
      const folder = rawPath.slice(0, slash)
      if (folders.has(folder)) break
      folders.add(folder)
    }
  }
  for (const { rawPath } of places) {
    if (folders.has(rawPath)) throw unsafe(rawPath, 'is a file and a folder in the same commit')
  }
}

/** For a disk that takes `A` and `a` for the same name. @throws GitError `UnsafePath` */
export function checkCase(places: readonly Place[]): void {
  const seen = new Map<string, string>()
  for (const { rawPath } of places) {
    const path = fromRawName(rawPath)
    const folded = path.normalize('NFC').toLowerCase()
    const other = seen.get(folded)
    if (other !== undefined)
      throw unsafe(rawPath, `differs from ${JSON.stringify(other)} in case only, which this disk cannot hold`)
    seen.set(folded, path)
  }
}

/** @throws GitError `UnexpectedType` */
export function refuseSymlinks(places: readonly Place[]): void {
  const link = places.find(({ mode }) => mode === Mode.symlink)
  if (link === undefined) return
  const path = fromRawName(link.rawPath)
  const what = `${JSON.stringify(path)} is a symlink, and symlinks are refused`
  throw new GitError('UnexpectedType', what, { path, expected: 'blob', actual: 'symlink' })
}

export function unsafe(rawPath: string, problem: string): GitError {
  const path = fromRawName(rawPath)
  return new GitError('UnsafePath', `${JSON.stringify(path)} ${problem}`, { path })
}
