import { branchKey, olderOverlap } from '../../plan/overlap.ts'
import type { Place } from '../../plan/overlap.ts'
import type { Problem, Reconciliation } from '../step.ts'

/** Registers the folder, and refuses it when an older GitSync writes there. */
export function claimPlace(run: Reconciliation): Problem | undefined {
  const { environment, gitsync, name, branch } = run
  const { metadata, spec } = gitsync
  const place: Place = {
    id: metadata.uid ?? '',
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    createdAt: metadata.creationTimestamp ?? '',
    url: spec.repository.url,
    branch,
    path: spec.repository.path,
  }
  environment.places.set(name, place)
  const older = olderOverlap(place, environment.places.values())
  if (older === undefined) return undefined
  // Another tenant's names are nobody's business.
  const who =
    older.namespace === place.namespace
      ? `GitSync ${older.name} writes ${older.path}`
      : 'a GitSync of another namespace writes there'
  return {
    reason: 'PathOverlap',
    message: `path ${place.path} on branch ${branch} overlaps with an older one: ${who}; choose another path or branch`,
  }
}

/** GitSyncs on the same branch, which may be free to go on when one leaves its place. */
export function neighboursOf(place: Place, places: ReadonlyMap<string, Place>): string[] {
  const key = branchKey(place)
  return [...places].filter(([, other]) => other.id !== place.id && branchKey(other) === key).map(([name]) => name)
}
