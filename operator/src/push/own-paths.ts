import { CLAIM_FILE } from '../plan/compare.ts'
import { documentId } from '../plan/holdings.ts'
import type { Member } from './member.ts'
import type { Settlement } from './outbox.ts'
import type { PushPlan } from './planned-commit.ts'

/** Before the push: paths about to be written are this GitSync's own from now on, whatever happens next. */
export async function recordPaths(member: Member, plan: PushPlan): Promise<void> {
  const paths = plan.commits
    .flatMap(({ writes }) => writes.map(({ path }) => path))
    .filter((path) => path !== CLAIM_FILE)
  ownPaths(member, paths)
  member.inventory.add(plan.shared)
  await saveInventory(member)
}

/**
 * These paths are this GitSync's; and of files that do not say themselves whose they are that is put down too. Where files hold
 * several objects, what is in them is put down from the first: others may come to it when nobody wants it any more.
 */
export function ownPaths({ desired, inventory, settings }: Member, paths: Iterable<string>): void {
  for (const path of paths) {
    // Of several it is the first: it was written before the others came.
    const [file] = desired.objectsAt(path)
    inventory.add([path])
    if (file?.isOpaque === true) inventory.own(path, file.identity)
    else if (settings.shared === true) inventory.add(desired.objectsAt(path).map(({ key }) => documentId(path, key)))
  }
}

/** After the push: what was deleted is nobody's, and what was written is known. */
export async function settle(member: Member, { removed, deleted, confirmed, written }: Settlement): Promise<void> {
  for (const [path, file] of written) {
    if (file !== undefined) member.holdings.learn(file.oid, file.reading)
    member.holdings.wrote(path, file?.oid)
  }
  member.held.guard.record(deleted.length, member.clock.now(), confirmed !== undefined)
  if (confirmed !== undefined) member.inventory.confirm(confirmed)
  for (const id of deleted) member.held.forget(id)
  // Under review a file is gone when it is gone from the base: until then it is this GitSync's, whatever becomes of the head.
  if (member.settings.review === undefined) member.inventory.delete(removed)
  // The push has happened, whatever comes now; an inventory that names too much is saved with the next one.
  await saveInventory(member).catch(() => undefined)
}

async function saveInventory({ inventory, port }: Member): Promise<void> {
  if (!inventory.isUnsaved) return
  await port.saveInventory(inventory)
  inventory.saved()
}
