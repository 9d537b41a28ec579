import type { Inventory } from '../../plan/inventory.ts'
import { normalizeUrl } from '../../plan/overlap.ts'
import { memberSettings } from '../from-spec/member-settings.ts'
import { renderingOf } from '../from-spec/rendering.ts'
import { reviewSettings } from '../from-spec/review-settings.ts'
import { inventoryStore } from '../inventory-store.ts'
import type { Problem, Reconciliation } from '../step.ts'
import { workAt } from '../work-at.ts'

/** Puts the GitSync to work: reads what it may, writes where it should. */
export async function follow(run: Reconciliation): Promise<Problem | undefined> {
  const { environment, gitsync, branch } = run
  const { url, path } = gitsync.spec.repository
  // Where files are in the end: whether they take the way of a request is no other place.
  const location = { url: normalizeUrl(url), branch: run.base ?? branch, path }
  const store = inventoryStore(environment.client, gitsync, location)
  const settings = { ...memberSettings(gitsync, environment.clusterId), review: reviewSettings(run) }
  const rendering = await renderingOf(gitsync)
  const load = (): Promise<Inventory> => store.load()
  const runtime = await workAt(run, { location, settings, load, store })
  runtime.read(run.readings, rendering, {
    isWhole: run.problems.length + run.leftOut.length === 0,
    protection: run.protection,
  })
  return undefined
}
