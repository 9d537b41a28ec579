import type { ClusterPort } from '../member-settings.ts'

/** A cluster of which everything is known, and in which nothing is missing and nothing has to be read again. */
export const QUIET_CLUSTER: ClusterPort = {
  listed: () => true,
  complete: () => true,
  knows: () => true,
  isServed: () => Promise.resolve(true),
  isGone: () => Promise.resolve(false),
  reread: () => Promise.resolve(new Map()),
  saveInventory: () => Promise.resolve(),
}
