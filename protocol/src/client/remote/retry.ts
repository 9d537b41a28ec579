import { isGitError } from '../../format/errors.ts'
import type { GitError } from '../../format/errors.ts'
import { checkInteger, MAX_TIMER_MS } from '../check-option.ts'
import { isPermanent, networkError } from './network-error.ts'

/** How often, and after which pauses, a request that changes nothing is made again. Pushes never are. */
export interface RetryOptions {
  /** Tries in all, the first one included. Default 3. */
  readonly attempts?: number
  /** Milliseconds of the longest pause after the first try; doubles with each further one. Default 200. */
  readonly baseMs?: number
  /** Milliseconds that no pause exceeds, `Retry-After` apart. Default 10,000. */
  readonly maxMs?: number
  /** Milliseconds of `Retry-After` that are waited for; a server that asks for more gets no further try. Default 30,000. */
  readonly maxWaitMs?: number
  /** A number from 0 up to 1. Default `Math.random`. */
  readonly random?: () => number
  /** Waits so many milliseconds; rejects with the signal's reason when it is aborted. Default: a timer. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

export type RetryPolicy = Required<RetryOptions>

export const RETRY_DEFAULTS = { attempts: 3, baseMs: 200, maxMs: 10_000, maxWaitMs: 30_000 } as const

/** @throws GitError `InvalidInput` naming the field */
export function resolveRetry(options: RetryOptions | false = {}): RetryPolicy {
  const given = options === false ? { attempts: 1 } : options
  const policy = { ...RETRY_DEFAULTS, random: Math.random, sleep, ...given }
  for (const field of ['attempts', 'baseMs', 'maxMs', 'maxWaitMs'] as const) {
    checkInteger(`retry.${field}`, policy[field], field === 'attempts' ? 1 : 0, MAX_TIMER_MS)
  }
  return policy
}

const PASSING: ReadonlySet<number | undefined> = new Set([502, 503, 504])

/**
 * Milliseconds to wait before the try after this one, with full jitter, on top of what the server asked for; undefined
 * when there is to be none.
 * @param attempt the try that failed; the first is 1
 */
export function retryDelay(policy: RetryPolicy, attempt: number, error: unknown): number | undefined {
  if (attempt >= policy.attempts || !isGitError(error) || !isPassing(error)) return undefined
  const { waitMs = 0 } = error.details
  if (waitMs > policy.maxWaitMs) return undefined
  return waitMs + policy.random() * Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1))
}

export interface RetryingOptions {
  readonly policy: RetryPolicy
  /** Address for errors. */
  readonly url: string
  readonly signal: AbortSignal | undefined
}

/**
 * Tries until there is an answer, or no hope that the next try brings one.
 * @param ask one try; the first is 1
 */
export async function retrying<T>(
  { policy, url, signal }: RetryingOptions,
  ask: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(attempt)
    } catch (error) {
      const delayMs = retryDelay(policy, attempt, error)
      if (delayMs === undefined) throw error
      await policy.sleep(delayMs, signal).catch((reason: unknown) => {
        throw networkError(url, reason, signal)
      })
    }
  }
}

function isPassing(error: GitError): boolean {
  if (error.code === 'RateLimited') return true
  if (error.code === 'ServerError') return PASSING.has(error.details.status)
  if (error.code === 'Network') return !isPermanent(error)
  // The time that the caller gave to a request is no fault of the network.
  return error.code === 'Timeout' && error.details.limit === undefined
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stop = (): void => {
    clearTimeout(timer)
    reject(signal?.reason as Error)
  }
  const timer = setTimeout(() => {
    signal?.removeEventListener('abort', stop)
    resolve()
  }, ms)
  if (signal?.aborted === true) stop()
  else signal?.addEventListener('abort', stop, { once: true })
  return promise
}
