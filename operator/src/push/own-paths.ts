import { CLAIM_FILE } from '../plan/compare.ts'
import type { Member, Settlement } from './member.ts'
import type { PushPlan } from './planned-commit.ts'

/** Before the push: paths about to be written are this GitSync's own from now on, whatever happens next. */
export async function recordPaths(member: Member, plan: PushPlan): Promise<void> {
  const paths = plan.commits
    .flatMap(({ writes }) => writes.map(({ path }) => path))
    .filter((path) => path !== CLAIM_FILE)
  await saveInventory(member, member.inventory.add([...paths, ...plan.shared]))
}

/** After the push: what was deleted is nobody's, and what was written is known. */
export async function settle(member: Member, { removed, deleted, confirmed, written }: Settlement): Promise<void> {
  for (const [path, file] of written) {
    if (file !== undefined) member.holdings.learn(file.oid, file.reading)
    member.holdings.wrote(path, file?.oid)
  }
  member.guard.record(deleted.length, member.clock.now(), confirmed !== undefined)
  if (confirmed !== undefined) member.inventory.confirmed = confirmed
  for (const id of deleted) member.held.delete(id)
  // The push has happened, whatever comes now; an inventory that names too much is saved with the next one.
  // Under review a file is gone when it is gone from the base: until then it is this GitSync's, whatever becomes of the head.
  const forgotten = member.settings.review === undefined && member.inventory.delete(removed)
  await saveInventory(member, forgotten || confirmed !== undefined).catch(() => undefined)
}

async function saveInventory(member: Member, changed: boolean): Promise<void> {
  member.isInventoryUnsaved ||= changed
  if (!member.isInventoryUnsaved) return
  await member.port.saveInventory(member.inventory)
  member.isInventoryUnsaved = false
}
