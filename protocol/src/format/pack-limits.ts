/** What one pack may cost its reader. */
export interface PackLimits {
  /** Objects in one pack. */
  readonly maxObjects: number
  /** Bytes of one object that is held in memory, inflated and after deltas. */
  readonly maxObjectBytes: number
  /** Bytes of one blob that streams by. Default 10 GiB. */
  readonly maxBlobBytes?: number
  /** Bytes of one pack's objects held in memory as possible bases of deltas; what exceeds it goes to the spill, where there is one. */
  readonly maxHeldBytes: number
  /** Deltas on deltas, up to an object that is whole. Default 4096, as in git. */
  readonly maxDeltaDepth?: number
}

export const MAX_BLOB_BYTES = 10 * 2 ** 30
export const MAX_DELTA_DEPTH = 4096
