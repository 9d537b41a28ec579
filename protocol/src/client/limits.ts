import { GitError } from '../format/errors.ts'
import { MAX_BLOB_BYTES, MAX_DELTA_DEPTH } from '../format/pack-limits.ts'
import { MAX_SPILL_BYTES } from '../format/spill.ts'
import { checkInteger } from './check-option.ts'

/** Caps on what a server can make this client receive or hold. Every one is checked before the memory is allocated. */
export interface Limits {
  /** Bytes of one response, which streams by: what is held has limits of its own. Default 4 GiB. */
  readonly maxResponseBytes: number
  /** Bytes of all responses together, for as long as the repository object lives. Default none. */
  readonly maxTotalBytes: number
  /** Bytes of one object that is held in memory, inflated. Default 64 MiB. */
  readonly maxObjectBytes: number
  /** Bytes of one blob that streams by without being held. Default 10 GiB. */
  readonly maxBlobBytes: number
  /** Objects in one pack. Default 1,000,000. */
  readonly maxObjects: number
  /** Bytes of one pack's objects held as possible bases of deltas. Default 256 MiB. */
  readonly maxHeldBytes: number
  /** Bytes of one operation in a temporary file, where memory has no room. Default 16 GiB. */
  readonly maxSpillBytes: number
  /** Deltas on deltas in one pack. Default 4096, the most that git itself makes. */
  readonly maxDeltaDepth: number
  /** Refs in one listing. Default 500,000. */
  readonly maxRefs: number
  /** Entries, folders included, that one listing of a tree goes through: a few small trees that repeat each other can stand for billions. Default 1,000,000. */
  readonly maxEntries: number
  /** Redirects that one discovery follows; 0 follows none. Default 5. */
  readonly maxRedirects: number
}

export const DEFAULT_LIMITS: Limits = {
  maxResponseBytes: 4 * 2 ** 30,
  maxTotalBytes: Number.MAX_SAFE_INTEGER,
  maxObjectBytes: 64 << 20,
  maxBlobBytes: MAX_BLOB_BYTES,
  maxObjects: 1_000_000,
  maxHeldBytes: 256 << 20,
  maxSpillBytes: MAX_SPILL_BYTES,
  maxDeltaDepth: MAX_DELTA_DEPTH,
  maxRefs: 500_000,
  maxEntries: 1_000_000,
  maxRedirects: 5,
}

/** Bytes of all capabilities in one advertisement; servers send less than a hundredth. */
export const MAX_CAPABILITY_BYTES = 256 << 10

/** @throws GitError `InvalidInput` naming the limit */
export function resolveLimits(given: Partial<Limits> = {}): Limits {
  const limits = { ...DEFAULT_LIMITS, ...given }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(DEFAULT_LIMITS, name))
  if (unknown !== undefined) {
    const names = Object.keys(DEFAULT_LIMITS).join(', ')
    throw new GitError('InvalidInput', `limits.${unknown} is no limit: there are ${names}`, {
      field: `limits.${unknown}`,
    })
  }
  for (const [name, value] of Object.entries(limits)) {
    checkInteger(`limits.${name}`, value, name === 'maxRedirects' ? 0 : 1)
  }
  return limits
}
