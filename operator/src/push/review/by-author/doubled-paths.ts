import type { Change } from '@gitsync/protocol'
import { identityKey } from '../../../objects/object.ts'
import { authorBranch } from '../../../plan/author-branch.ts'
import type { DesiredFile } from '../../../plan/desired-files.ts'
import { pathBelow } from '../../../plan/path-in.ts'
import type { Member } from '../../member.ts'
import { isOwn } from '../proposal.ts'
import type { HeadChanges } from './heads.ts'

/** A path that several heads have changed. */
export interface Doubled {
  readonly path: string
  /** The one that goes on. */
  readonly keeper: string
  readonly others: readonly string[]
}

/**
 * Paths that several heads have changed.
 * @param fits how well a change of a branch is what the cluster has, the best stays; undefined where the cluster has no say
 */
export function doubledPaths(
  heads: ReadonlyMap<string, HeadChanges>,
  fits: (branch: string, change: Change) => number | undefined,
): Doubled[] {
  const proposing = new Map<string, { readonly branch: string; readonly fit: number }[]>()
  for (const [branch, changes] of heads) {
    for (const [path, change] of changes) {
      const fit = fits(branch, change)
      if (fit === undefined) continue
      const all = proposing.get(path) ?? []
      proposing.set(path, all)
      all.push({ branch, fit })
    }
  }
  return [...proposing].flatMap(([path, all]) => {
    const [keeper, ...others] = all.sort((a, b) => b.fit - a.fit || (a.branch < b.branch ? -1 : 1))
    if (keeper === undefined || others.length === 0) return []
    return [{ path, keeper: keeper.branch, others: others.map(({ branch }) => branch) }]
  })
}

/**
 * How well a change is what the cluster has: by who changed the object last, then by what it holds. Undefined for a file
 * that nobody but people has written: it stays wherever they have put it.
 */
export function fitsCluster(
  members: readonly Member[],
  template: string,
): (branch: string, change: Change) => number | undefined {
  return (branch, { path, oid }) => {
    const member = members.find(({ settings }) => pathBelow(settings.path, path) !== undefined)
    const below = member && pathBelow(member.settings.path, path)
    if (member === undefined || below === undefined) return undefined
    const { desired, inventory } = member
    const objects = desired.objectsAt(below)
    const isOwnersBranch = (file: DesiredFile | undefined): boolean =>
      file?.owner !== undefined && authorBranch(template, file.owner) === branch
    if (objects.length === 0) {
      if (!isOwn(member, below)) return undefined
      if (oid !== undefined) return 0
      // It goes from there, since it is elsewhere now.
      const moved = inventory.ownerOf(below)
      return moved !== undefined && isOwnersBranch(desired.ofObject(identityKey(moved))) ? 2 : 1
    }
    if (objects.some(isOwnersBranch)) return 2
    return objects.some((object) => object.oid === oid) ? 1 : 0
  }
}
