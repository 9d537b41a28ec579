import { GitError } from '../format/errors.ts'
import { MAX_BLOB_BYTES, MAX_DELTA_DEPTH } from '../format/pack-limits.ts'

/** Caps on what a server can make this client receive or hold. Every one is checked before the memory is allocated. */
export interface Limits {
  /** Bytes of one response. Default 256 MiB. */
  readonly maxResponseBytes: number
  /** Bytes of one object that is held in memory, inflated. Default 64 MiB. */
  readonly maxObjectBytes: number
  /** Bytes of one blob that streams by without being held. Default 10 GiB. */
  readonly maxBlobBytes: number
  /** Objects in one pack. Default 1,000,000. */
  readonly maxObjects: number
  /** Bytes of one pack's objects held as possible bases of deltas. Default 256 MiB. */
  readonly maxHeldBytes: number
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
  maxResponseBytes: 256 << 20,
  maxObjectBytes: 64 << 20,
  maxBlobBytes: MAX_BLOB_BYTES,
  maxObjects: 1_000_000,
  maxHeldBytes: 256 << 20,
  maxDeltaDepth: MAX_DELTA_DEPTH,
  maxRefs: 500_000,
  maxEntries: 1_000_000,
  maxRedirects: 5,
}

/** @throws GitError `InvalidInput` naming the limit */
export function resolveLimits(given: Partial<Limits> = {}): Limits {
  const limits = { ...DEFAULT_LIMITS, ...given }
  for (const [name, value] of Object.entries(limits)) {
    const least = name === 'maxRedirects' ? 0 : 1
    if (!Number.isSafeInteger(value) || value < least) {
      throw new GitError('InvalidInput', `limits.${name} must be an integer of at least ${least}, not ${value}`, {
        field: `limits.${name}`,
        actual: value,
      })
    }
  }
  return limits
}

export function overLimit(limit: keyof Limits, expected: number): GitError {
  return new GitError('LimitExceeded', `the server's answer exceeds ${limit} (${expected})`, { limit, expected })
}
