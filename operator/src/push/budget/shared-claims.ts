import type { BudgetLimits } from './limits.ts'

/** What one request takes of something that several operators count together. */
export interface SharedClaim {
  /** What is counted, within the budget. */
  readonly what: string
  /** The most there may be within the time that each counts. */
  readonly limit: number
  /** Default: each counts as one. All claims to one thing have a cost, or none. */
  readonly cost?: number
  /** It counts until so long after it was answered, in milliseconds. */
  readonly countsMs: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** What a request takes of the limits that have a window; how many are under way at once each operator counts alone. */
export function sharedClaims(
  { requests, pushesPerMinute, bytesPerHour }: BudgetLimits,
  { repository, pushedBytes }: { readonly repository: string; readonly pushedBytes?: number | undefined },
): SharedClaim[] {
  const claims: SharedClaim[] = []
  if (requests !== undefined)
    claims.push({ what: 'requests', limit: requests.perMinute + requests.burst, countsMs: MINUTE_MS })
  if (pushedBytes === undefined) return claims
  if (pushesPerMinute !== undefined)
    claims.push({ what: `pushes to ${repository}`, limit: pushesPerMinute, countsMs: MINUTE_MS })
  if (bytesPerHour !== undefined)
    claims.push({ what: 'bytes', limit: bytesPerHour, cost: pushedBytes, countsMs: HOUR_MS })
  return claims
}
