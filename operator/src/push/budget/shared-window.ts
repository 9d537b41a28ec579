import { randomUUID, scryptSync } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Rate } from './rate-window.ts'

/** A place that a request holds among those of all operators, until a minute after it was answered. */
export interface SharedPlace {
  /** It was answered, or given up. */
  answered(): void
}

/** Counts requests of several operators together. */
export interface SharedWindow {
  /**
   * Takes a place, if there is one.
   * @param budget equal for equal hosts and credentials, in every operator
   * @returns the place, or how long to wait before asking again, in milliseconds
   * @throws Error where nobody answers: then nothing may be sent
   */
  take(budget: string, rate: Rate): Promise<SharedPlace | number>
  close(): Promise<void>
}

/** A request that was never reported as answered holds its place for so long, in milliseconds: longer than any may take. */
const LOST_MS = 360_000
const MINUTE_MS = 60_000
/** For so long an answer of the server is waited for, in milliseconds. */
const TIMEOUT_MS = 2_000
/** The longest wait before a place is asked for again, in milliseconds: others may have ended sooner. */
const MAX_POLL_MS = 1_000

/**
 * Places are members of a sorted set; the score is when each becomes free, by the server's own clock. One script, so that
 * nobody comes between the look and the taking.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return 0
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return math.max(1, tonumber(first[2]) - now)
`
const ANSWERED = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], 'XX', now + tonumber(ARGV[2]), ARGV[1])
return 0
`

/** What a URL has to be; the URL itself is not shown, since it may hold a password. */
export const SHARED_WINDOW_FORM = 'must be redis://host:port or rediss://host:port'

export function isSharedWindowUrl(url: string): boolean {
  const { protocol } = URL.parse(url) ?? {}
  return protocol === 'redis:' || protocol === 'rediss:'
}

/**
 * Counts in a Redis or Valkey that several operators share. Its client is loaded when it is first wanted.
 * @param url `redis://` or `rediss://`, with user and password if it wants them
 * @param options.windowMs for which a place is held after the answer. Default a minute
 * @throws RangeError for what is no such URL
 */
export async function connectSharedWindow(
  url: string,
  options: { readonly windowMs?: number } = {},
): Promise<SharedWindow> {
  if (!isSharedWindowUrl(url)) throw new RangeError(SHARED_WINDOW_FORM)
  const { Redis } = await import('ioredis')
  const redis = new Redis(url, {
    lazyConnect: true,
    // A command that was not answered may have been carried out; a place too many only costs time.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: true,
    commandTimeout: TIMEOUT_MS,
    connectTimeout: TIMEOUT_MS,
    retryStrategy: (times) => Math.min(times * 200, 2_000),
  })
  // Told to whoever asks; without a listener it would end the process.
  redis.on('error', () => undefined)
  return sharedWindow(redis, options.windowMs ?? MINUTE_MS)
}

function sharedWindow(redis: Redis, windowMs: number): SharedWindow {
  const keys = new Map<string, string>()
  // Not the name of the Pod: a container that starts again has the same, and would take the places of the one before.
  const name = randomUUID()
  let count = 0
  /** Whoever may read the keys of the server must not be able to try passwords on them. */
  const keyOf = (budget: string): string => {
    const known = keys.get(budget)
    if (known !== undefined) return known
    const key = `gitsync:budget:${scryptSync(budget, 'gitsync-budget', 16).toString('hex')}`
    keys.set(budget, key)
    return key
  }
  return {
    async take(budget, { perMinute, burst }) {
      const key = keyOf(budget)
      const id = `${name} ${count++}`
      const waitMs = Number(await redis.eval(TAKE, 1, key, perMinute + burst, id, LOST_MS))
      if (waitMs > 0) return Math.min(waitMs, MAX_POLL_MS)
      return {
        answered: () => {
          // Without an answer the place is held for longer.
          redis.eval(ANSWERED, 1, key, id, windowMs).catch(() => undefined)
        },
      }
    },
    async close() {
      redis.disconnect()
      await Promise.resolve()
    },
  }
}
