import type { ObjectId } from '../../format/object-id.ts'
import { changeOf, renameOf } from './diff-trees.ts'
import type { Change, Difference, Leaf } from './diff-trees.ts'

/** Of many files with one content, only so many are looked at for each new name: git does the same. */
const MAX_CANDIDATES = 100

/**
 * Pairs deletions with additions of the same content, one to one, as `git diff -M100%` does (gitdiffcore, "diffcore-rename"):
 * in the order of the new paths, each takes the first deleted file of its own base name, else the first one left.
 * Symlinks and submodules must be of the same kind; a file may have another mode.
 */
export function withExactRenames(differences: readonly Difference[]): Change[] {
  const deleted = new Map<ObjectId, Set<Difference>>()
  for (const [oid, group] of Map.groupBy(differences.filter(isDeletion), ({ before }) => before.oid)) {
    deleted.set(oid, new Set(group))
  }
  const sources = new Map<Difference, Difference>()
  for (const target of differences) {
    if (target.before !== undefined || target.after === undefined) continue
    const candidates = deleted.get(target.after.oid)
    const source = candidates && bestSource(target, candidates)
    if (source === undefined) continue
    candidates?.delete(source)
    sources.set(target, source)
  }
  const moved = new Set(sources.values())
  return differences
    .filter((difference) => !moved.has(difference))
    .map((difference) => {
      const source = sources.get(difference)
      return source === undefined ? changeOf(difference) : renameOf(source, difference)
    })
}

const isDeletion = (difference: Difference): difference is Difference & { readonly before: Leaf } =>
  difference.before !== undefined && difference.after === undefined

function bestSource(target: Difference, candidates: ReadonlySet<Difference>): Difference | undefined {
  let first: Difference | undefined
  let seen = 0
  for (const candidate of candidates) {
    if (!mayBecome(candidate.before, target.after)) continue
    if (baseName(candidate) === baseName(target)) return candidate
    first ??= candidate
    if (++seen === MAX_CANDIDATES) break
  }
  return first
}

const isFile = (leaf: Leaf): boolean => (leaf.mode & 0o170000) === 0o100000

function mayBecome(before: Leaf | undefined, after: Leaf | undefined): boolean {
  if (before === undefined || after === undefined) return false
  return isFile(before) && isFile(after) ? true : before.mode === after.mode
}

const baseName = ({ rawPath }: Difference): string => rawPath.slice(rawPath.lastIndexOf('/') + 1)
