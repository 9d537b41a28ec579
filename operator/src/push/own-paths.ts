import { CLAIM_FILE } from '../plan/compare.ts'
import type { Member, Settlement } from './member.ts'
import type { PushPlan } from './plan-push.ts'

/** Before the push: paths about to be written are this GitSync's own from now on, whatever happens next. */
export async function recordPaths(member: Member, plan: PushPlan): Promise<void> {
  const paths = plan.commits
    .flatMap(({ writes }) => writes.map(({ path }) => path))
    .filter((path) => path !== CLAIM_FILE)
  await saveInventory(member, member.inventory.add(paths))
}

/** After the push: what was deleted is nobody's. */
export async function settle(member: Member, { removed, deleted, confirmed }: Settlement): Promise<void> {
  member.guard.record(deleted.length, member.clock.now(), confirmed !== undefined)
  if (confirmed !== undefined) member.inventory.confirmed = confirmed
  for (const path of deleted) member.held.delete(path)
  // The push has happened, whatever comes now; an inventory that names too much is saved with the next one.
  const forgotten = member.inventory.delete(removed)
  await saveInventory(member, forgotten || confirmed !== undefined).catch(() => undefined)
}

async function saveInventory(member: Member, changed: boolean): Promise<void> {
  member.isInventoryUnsaved ||= changed
  if (!member.isInventoryUnsaved) return
  await member.port.saveInventory(member.inventory)
  member.isInventoryUnsaved = false
}
