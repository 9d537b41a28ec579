import type { KeptPack } from '../store/repository-store.ts'

/** How much larger a pack is than all newer ones together, at least, once they are merged. */
const FACTOR = 2

export interface MergeLimits {
  /** Nothing is merged while there are no more packs than these. */
  readonly maxPacks: number
  /** Objects of one pack that is made. */
  readonly maxObjects: number
}

/**
 * The newest packs that become one, so that sizes are a geometric progression: each byte is then copied a number of times that
 * grows with the logarithm of the repository, however small the pushes are. The oldest first; none where it is not worth it.
 */
export function packsToMerge(packs: readonly KeptPack[], { maxPacks, maxObjects }: MergeLimits): readonly KeptPack[] {
  if (packs.length <= maxPacks) return []
  let from = packs.length
  let bytes = 0
  let objects = 0
  for (let at = packs.length - 1; at >= 0; at--) {
    const pack = packs[at] as KeptPack
    objects += pack.objects
    if (objects > maxObjects) break
    if (pack.size < FACTOR * bytes) from = at
    bytes += pack.size
  }
  return packs.slice(from)
}
