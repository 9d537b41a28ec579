/** No host is believed a longer wait, in milliseconds. */
const MAX_WAIT_MS = 3_600_000

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * How long a refused request is to wait, in milliseconds; undefined where the host does not say that it is too many.
 *
 * Sources: RFC 9110 10.2.3 (Retry-After); GitHub's `x-ratelimit-reset` (seconds since the epoch) when `x-ratelimit-remaining`
 * is 0; GitLab's `ratelimit-reset`, the same.
 */
export function waitOf(status: number, headers: Headers, now: number): number | undefined {
  if (status !== 429 && status !== 403 && status !== 503) return undefined
  const after = text(headers, 'retry-after')
  if (after !== undefined) {
    const seconds = Number(after)
    return clamp(Number.isFinite(seconds) ? seconds * 1000 : Date.parse(after) - now)
  }
  for (const prefix of ['x-ratelimit', 'ratelimit']) {
    const reset = Number(text(headers, `${prefix}-reset`))
    if (text(headers, `${prefix}-remaining`) === '0' && reset > 0) return clamp(reset * 1000 - now)
  }
  return undefined
}

function text(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value.trim() : value?.[0]?.trim()
}

const clamp = (ms: number): number | undefined =>
  Number.isFinite(ms) ? Math.min(MAX_WAIT_MS, Math.max(0, Math.ceil(ms))) : undefined
