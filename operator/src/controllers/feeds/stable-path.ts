import { identityKey } from '../../objects/object.ts'
import type { ObjectIdentity } from '../../objects/object.ts'
import type { Member } from '../../push/member.ts'
import { dashboardOf } from '../known-resources.ts'

/** Where a file of a Dashboard is that stands for many: it stays where it is, and gives way to another of the same name. */
export function stablePath(
  { desired, inventory }: Pick<Member, 'desired' | 'inventory'>,
  identity: ObjectIdentity,
  { wanted, suffixed }: { readonly wanted: string; readonly suffixed: string },
): string {
  const key = identityKey(identity)
  const last = desired.ofObject(key)?.path ?? inventory.placeOf(key)
  if (last === wanted || last === suffixed) return last
  const dashboard = dashboardOf(identity)?.name
  // A file of the Dashboard itself is of a time when it stood for one.
  const isOthers = (other: ObjectIdentity | undefined): boolean =>
    other !== undefined &&
    other.name !== dashboard &&
    identityKey(other) !== key &&
    dashboardOf(other)?.name === dashboard
  const isTaken =
    isOthers(inventory.ownerOf(wanted)) || desired.objectsAt(wanted).some((file) => isOthers(file.identity))
  return isTaken ? suffixed : wanted
}
