import { branchKey } from '../plan/overlap.ts'
import type { Inventory } from '../plan/inventory.ts'
import type { MemberSettings } from '../push/member-settings.ts'
import { connectRepository, limitsFor } from './connect-repository.ts'
import { placeKey } from './inventory-store.ts'
import type { InventoryStore, Location } from './inventory-store.ts'
import { Runtime } from './runtime.ts'
import type { Reconciliation } from './step.ts'

/** The GitSync's runtime for a place, on its connection; a new one when it works elsewhere. */
export async function workAt(
  run: Reconciliation,
  at: {
    readonly location: Location
    readonly settings: MemberSettings
    readonly load: () => Promise<Inventory>
    readonly store: InventoryStore
  },
): Promise<Runtime> {
  const { environment, gitsync, name, branch, runtimes, signing, authors } = run
  const { location, store } = at
  const settings = { ...at.settings, maxPushBytes: limitsFor(run).bytesPerPush }
  // A former place is left directly, whatever the way to the new one is.
  const isReviewed = settings.review !== undefined
  const written = isReviewed ? branch : location.branch
  const place = isReviewed ? JSON.stringify([placeKey(location), written]) : placeKey(location)
  let runtime = runtimes.get(name)
  if (runtime?.place !== place) {
    runtime?.close()
    runtime = new Runtime(environment, gitsync, { place, branch: written, settings, inventory: await at.load(), store })
    runtimes.set(name, runtime)
  } else if (JSON.stringify(settings) !== JSON.stringify(runtime.member.settings)) runtime.member.settings = settings
  runtime.signing = signing
  runtime.member.signer = signing?.signer
  runtime.authors = authors
  const connection = connectRepository(run, runtime.connection)
  const isOther = runtime.connection !== undefined && runtime.connection !== connection
  runtime.connection = connection
  const key = branchKey({ url: location.url, branch: written })
  environment.writers.attach(key, written, runtime.member, connection, isReviewed ? branchKey(location) : undefined)
  // New credentials are tried at once, whatever went wrong with the old ones.
  if (isOther) runtime.member.unblock()
  return runtime
}
