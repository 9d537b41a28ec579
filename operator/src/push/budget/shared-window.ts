import { createHmac, randomUUID, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import type { Redis } from 'ioredis'
import type { SharedClaim } from './shared-claims.ts'

/** What a request holds among those of all operators, until a while after it was answered. */
export interface SharedPlace {
  /** It was answered, or given up. */
  answered(): void
}

/** Counts requests of several operators together. */
export interface SharedWindow {
  /**
   * Takes all that a request claims, if there is so much of everything; otherwise nothing.
   * @param budget equal for equal hosts and credentials, in every operator
   * @returns the place, or how long it will take at most until there is one if nobody else takes it, in milliseconds
   * @throws Error where nobody answers: then nothing may be sent
   */
  take(budget: string, claims: readonly SharedClaim[]): Promise<SharedPlace | number>
  close(): Promise<void>
}

/** The longest that a request may be under way, in milliseconds: for so long it counts besides where nobody says that it was answered. */
const LOST_MS = 300_000
/** For so long an answer of the server is waited for, in milliseconds. */
const TIMEOUT_MS = 2_000
/** Budgets whose secrets are remembered. */
const MAX_SECRETS = 10_000
/** In place of a cost: each counts as one, and none is read to count them. */
const EACH = 'each'
/** Arguments of the scripts for each claim, after the request's own id. */
const ARGUMENTS = 3

/**
 * What is held are members of sorted sets, one for each thing that is counted, as `cost id`; the score is when each becomes
 * free, by the server's own clock. One script, so that nobody comes between the look and the taking.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait = 0
for i, key in ipairs(KEYS) do
  local at = 1 + (i - 1) * ${ARGUMENTS}
  local limit, cost, counts = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  local leaves = nil
  if cost == nil then
    local over = redis.call('ZCARD', key) + 1 - limit
    if over > 0 then leaves = tonumber(redis.call('ZRANGE', key, over - 1, over - 1, 'WITHSCORES')[2]) end
  else
    local held = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    local over = cost - limit
    for n = 1, #held, 2 do over = over + tonumber(string.match(held[n], '^%d+')) end
    for n = 1, #held, 2 do
      if over <= 0 then break end
      over = over - tonumber(string.match(held[n], '^%d+'))
      leaves = tonumber(held[n + 1])
    end
  end
  if leaves ~= nil then wait = math.max(wait, 1, math.min(leaves - now, counts)) end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  local at = 1 + (i - 1) * ${ARGUMENTS}
  local hold = ${LOST_MS} + tonumber(ARGV[at + 3])
  redis.call('ZADD', key, now + hold, ARGV[at + 2] .. ' ' .. ARGV[1])
  redis.call('PEXPIRE', key, hold)
end
return 0
`
const ANSWERED = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i, key in ipairs(KEYS) do
  local at = 1 + (i - 1) * ${ARGUMENTS}
  redis.call('ZADD', key, 'XX', now + tonumber(ARGV[at + 3]), ARGV[at + 2] .. ' ' .. ARGV[1])
end
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
 * @throws RangeError for what is no such URL
 */
export async function connectSharedWindow(url: string): Promise<SharedWindow> {
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
  return sharedWindow(redis)
}

const derive = promisify<string, string, number, Buffer>(scrypt)

function sharedWindow(redis: Redis): SharedWindow {
  const secrets = new Map<string, Promise<Buffer>>()
  let last: Promise<unknown> = Promise.resolve()
  // Not the name of the Pod: a container that starts again has the same, and would take the places of the one before.
  const name = randomUUID()
  let count = 0
  /** Whoever may read the keys of the server must not be able to try passwords on them. */
  const secretOf = (budget: string): Promise<Buffer> => {
    const known = secrets.get(budget)
    if (known !== undefined) return known
    if (secrets.size >= MAX_SECRETS) secrets.clear()
    // Beside everything else, and one at a time: tenants choose hosts and credentials, and each takes a twentieth of a second.
    const secret = last.then(() => derive(budget, 'gitsync-budget', 16))
    last = secret
    secrets.set(budget, secret)
    return secret
  }
  /** In braces is what a cluster of servers shares keys out by: one script needs all of them in one place. */
  const keyOf = (secret: Buffer, what: string): string => {
    const hash = createHmac('sha256', secret).update(what).digest('hex').slice(0, 32)
    return `gitsync:budget:{${secret.toString('hex')}}:${hash}`
  }
  return {
    async take(budget, claims) {
      const secret = await secretOf(budget)
      const keys = claims.map(({ what }) => keyOf(secret, what))
      const id = `${name} ${count++}`
      const args = [id, ...claims.flatMap(({ limit, cost = EACH, countsMs }) => [limit, cost, countsMs])]
      const waitMs = Number(await redis.eval(TAKE, keys.length, ...keys, ...args))
      if (waitMs > 0) return waitMs
      return {
        answered: () => {
          // Without an answer the place is held for longer.
          redis.eval(ANSWERED, keys.length, ...keys, ...args).catch(() => undefined)
        },
      }
    },
    async close() {
      redis.disconnect()
      await Promise.resolve()
    },
  }
}
