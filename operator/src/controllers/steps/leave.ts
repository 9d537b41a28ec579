import { normalizeUrl } from '../../plan/overlap.ts'
import { isAuthorBranch, isPerAuthor } from '../../plan/author-branch.ts'
import { Inventory } from '../../plan/inventory.ts'
import type { ReviewSettings } from '../../push/review/review-settings.ts'
import { withdraw } from '../../push/review/withdraw.ts'
import { connectRepository } from '../connect-repository.ts'
import { memberSettings } from '../from-spec/member-settings.ts'
import { renderingOf } from '../from-spec/rendering.ts'
import { reviewSettings } from '../from-spec/review-settings.ts'
import { inventoryStore, placeKey } from '../inventory-store.ts'
import type { Location } from '../inventory-store.ts'
import type { Problem, Reconciliation } from '../step.ts'
import { workAt } from '../work-at.ts'
import { placeOf } from './claim-place.ts'

/**
 * With `deletionPolicy: Remove`: takes the files away from where the GitSync wrote before its branch or path was changed. Until
 * that is done nothing is written at the new place. In another repository they stay: it may want other credentials.
 */
export async function leaveFormerPlace(run: Reconciliation): Promise<Problem | undefined> {
  const { environment, gitsync, branch, name } = run
  const { repository, deletionPolicy } = gitsync.spec
  // Under review nothing goes from the base but by a request.
  if (deletionPolicy !== 'Remove' || run.base !== undefined) return undefined
  const url = normalizeUrl(repository.url)
  const current = { url, branch, path: repository.path }
  if (run.runtimes.get(name)?.place === placeKey(current)) return undefined
  const store = inventoryStore(environment.client, gitsync, current)
  const former = await store.loadFormer()
  if (former === undefined || former.location.url !== url) return undefined
  if (await leave(run, former.location, () => Promise.resolve(former.inventory))) {
    // From here on the inventory is about the new place.
    await store.save(new Inventory())
    return undefined
  }
  const { branch: oldBranch, path } = former.location
  return {
    reason: 'Progressing',
    message: `files at ${path} on branch ${oldBranch} are being removed first`,
    keepsWorking: true,
  }
}

/**
 * Takes the files of a GitSync that is being deleted away; under review its request and branch, and what was merged stays.
 * @returns whether that is done
 */
export async function leaveForGood(run: Reconciliation): Promise<boolean> {
  const { environment, gitsync, branch, name } = run
  const review = reviewSettings(run)
  if (review !== undefined) {
    const { committer } = memberSettings(gitsync, environment.clusterId)
    const runtime = run.runtimes.get(name)
    runtime?.close()
    run.runtimes.delete(name)
    const connection = connectRepository(run, undefined)
    try {
      const folder = isShared(run) ? gitsync.spec.repository.path : undefined
      const ending = { settings: review, committer: committer.email, folder }
      for (const head of headsOf(run, review)) await withdraw(connection, head, ending)
    } finally {
      environment.repositories.release(connection)
    }
    return true
  }
  const { url, path } = gitsync.spec.repository
  const location = { url: normalizeUrl(url), branch, path }
  return leave(run, location, () => inventoryStore(environment.client, gitsync, location).load())
}

/** Whether other GitSyncs propose things by branches of the same authors: one may hold nothing of this one. */
function isShared(run: Reconciliation): boolean {
  const place = placeOf(run)
  return (
    isPerAuthor(run.branch) &&
    [...run.environment.places.values()].some(
      ({ id, url, head }) => id !== place.id && head === place.head && normalizeUrl(url) === normalizeUrl(place.url),
    )
  )
}

/** Branches under review: of authors those that the status tells of. */
function headsOf({ branch, gitsync }: Reconciliation, { authorBranches }: ReviewSettings): readonly string[] {
  if (authorBranches === undefined) return [branch]
  const told = gitsync.status?.pullRequests ?? []
  return told.map((request) => request.branch).filter((head) => isAuthorBranch(authorBranches, head))
}

async function leave(run: Reconciliation, location: Location, load: () => Promise<Inventory>): Promise<boolean> {
  const { environment, gitsync, name } = run
  const settings = { ...memberSettings(gitsync, environment.clusterId), path: location.path, isLeaving: true }
  const store = inventoryStore(environment.client, gitsync, location)
  const runtime = await workAt(run, { location, settings, load, store })
  runtime.read([], await renderingOf(gitsync), { isWhole: false, protection: undefined })
  if (!runtime.member.hasLeft) return false
  runtime.close()
  run.runtimes.delete(name)
  return true
}
