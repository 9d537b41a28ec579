import { branchKey, olderOverlap, overlap } from '../../plan/overlap.ts'
import type { Place } from '../../plan/overlap.ts'
import type { ClaimedPlace } from '../environment.ts'
import type { Problem, Reconciliation } from '../step.ts'

/**
 * Registers the folder, and refuses it when an older GitSync writes there. Comes after the steps that say whether the
 * GitSync may use the host and has credentials: whoever has not could keep others from their folder.
 */
export function claimPlace(run: Reconciliation): Problem | undefined {
  const { environment, gitsync, name, runtimes } = run
  const { places } = environment
  const place = placeOf(run)
  const hasWritten = ({ id, namespace, name: own }: Place): boolean =>
    runtimes.get(`${namespace}/${own}`)?.member.standing.lastCommit !== undefined ||
    (id === place.id && gitsync.status?.lastCommit !== undefined)
  const older = olderOverlap(
    place,
    places.values().filter(({ isRefused }) => !isRefused),
    hasWritten,
  )
  const before = places.get(name)
  const now: ClaimedPlace = { ...place, isRefused: older !== undefined }
  places.set(name, now)
  if (JSON.stringify(before) !== JSON.stringify(now)) {
    // A newer one has to stop where this one begins, and may go on where it was.
    const left = before === undefined || before.isRefused ? [] : neighboursOf(before, places)
    const taken = now.isRefused ? [] : neighboursOf(now, places)
    for (const neighbour of new Set([...left, ...taken])) environment.enqueue(neighbour)
  }
  return older === undefined ? undefined : overlapProblem(run, older)
}

/** Where a GitSync wants to write, when its spec has been checked. */
export function placeOf({ gitsync: { metadata, spec }, branch, base }: Reconciliation): Place {
  return {
    id: metadata.uid ?? '',
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    createdAt: metadata.creationTimestamp ?? '',
    url: spec.repository.url,
    branch: base ?? branch,
    head: base === undefined ? undefined : branch,
    path: spec.repository.path,
  }
}

/** What is said to a GitSync of the older one that is in its way. */
export function overlapProblem(run: Reconciliation, older: Place): Problem {
  const place = placeOf(run)
  // Another tenant's names are nobody's business.
  const who =
    older.namespace === place.namespace
      ? `GitSync ${older.name} writes ${older.path}`
      : 'a GitSync of another namespace writes there'
  const message =
    branchKey(older) === branchKey(place)
      ? `path ${place.path} on branch ${place.branch} overlaps with an older one: ${who}`
      : `branch ${run.branch} is pushed to for another purpose by an older one: ${who}`
  return { reason: 'PathOverlap', message }
}

/** GitSyncs that a change of this place may stop or free. */
export function neighboursOf(place: Place, places: ReadonlyMap<string, Place>): string[] {
  return [...places].filter(([, other]) => other.id !== place.id && overlap(other, place)).map(([name]) => name)
}
