/** What a host says of its own count of requests. */
export interface HostQuota {
  readonly limit?: number
  readonly remaining?: number
  /** When it counts from zero again, milliseconds since the epoch. */
  readonly resetAt?: number
  /** Until when it wants no request, milliseconds since the epoch. */
  readonly waitUntil?: number
}

/** The longest wait that a host is believed: one hour, as in the engine. */
export const MAX_WAIT_MS = 3_600_000
/** Below this a time to reset is a number of seconds from now, from here on a moment in Unix time. */
const FIRST_EPOCH_SECOND = 1_000_000_000

/**
 * Reads `Retry-After` (RFC 9110), `x-ratelimit-*` (GitHub, Gitea behind proxies, Azure DevOps, Bitbucket) and `ratelimit-*`
 * (GitLab, draft-ietf-httpapi-ratelimit-headers up to 07). What is not a number is as if it was absent.
 * @param headers names in lower case
 */
export function readQuota(headers: Readonly<Record<string, string>>, now: number): HostQuota {
  const limit = count(headers['x-ratelimit-limit'] ?? headers['ratelimit-limit'])
  const remaining = count(headers['x-ratelimit-remaining'] ?? headers['ratelimit-remaining'])
  const reset = count(headers['x-ratelimit-reset'] ?? headers['ratelimit-reset'])
  const resetAt = reset === undefined ? undefined : reset < FIRST_EPOCH_SECOND ? now + reset * 1_000 : reset * 1_000
  const retryAt = retryAfter(headers['retry-after'], now)
  const spentUntil = remaining === 0 && resetAt !== undefined && resetAt > now ? resetAt : undefined
  const waitUntil =
    retryAt === undefined && spentUntil === undefined
      ? undefined
      : Math.min(now + MAX_WAIT_MS, Math.max(retryAt ?? 0, spentUntil ?? 0))
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(resetAt === undefined ? {} : { resetAt }),
    ...(waitUntil === undefined ? {} : { waitUntil }),
  }
}

/** A whole number; some hosts write several with words behind, as `100, 100;w=60`. */
function count(text: string | undefined): number | undefined {
  const [, digits] = /^\s*(\d{1,15})(?:\.\d+)?(?:[\s,;]|$)/.exec(text ?? '') ?? []
  return digits === undefined ? undefined : Number(digits)
}

function retryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  if (/^\s*\d{1,10}\s*$/.test(text)) return now + Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) || at <= now ? undefined : at
}
