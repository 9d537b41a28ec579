import { afterEach, expect, test, vi } from 'vitest'
import { GitError } from '../../format/errors.ts'
import { resolveRetry, retryDelay } from './retry.ts'

const policy = resolveRetry({ attempts: 5, random: () => 0.5 })
const cause = (code: string): Error => Object.assign(new Error(code), { code })

test.each([
  ['a connection cut', new GitError('Network', '', { cause: cause('ECONNRESET') }), 100],
  ['silence', new GitError('Timeout', '', { cause: cause('UND_ERR_HEADERS_TIMEOUT') }), 100],
  ['502', new GitError('ServerError', '', { status: 502 }), 100],
  ['503', new GitError('ServerError', '', { status: 503 }), 100],
  ['504', new GitError('ServerError', '', { status: 504 }), 100],
  ['503 with Retry-After', new GitError('ServerError', '', { status: 503, waitMs: 4000 }), 4100],
  ['429', new GitError('RateLimited', '', { status: 429, waitMs: 30_000 }), 30_100],
  ['429 with too long a wait', new GitError('RateLimited', '', { status: 429, waitMs: 30_001 }), undefined],
  ['500', new GitError('ServerError', '', { status: 500 }), undefined],
  ['an ERR packet', new GitError('ServerError', ''), undefined],
  ['a certificate', new GitError('Network', '', { cause: cause('CERT_HAS_EXPIRED') }), undefined],
  ['a name that does not exist', new GitError('Network', '', { cause: cause('ENOTFOUND') }), undefined],
  ['the time of the whole request', new GitError('Timeout', '', { limit: 'requestTimeoutMs' }), undefined],
  ['an abort', new GitError('Aborted', ''), undefined],
  ['401', new GitError('Unauthorized', '', { status: 401 }), undefined],
  ['something else', new Error('bug'), undefined],
])('%s', (_what, error, delay) => {
  expect(retryDelay(policy, 1, error)).toBe(delay)
})

test('pauses double up to a limit, jitter takes all of them, and tries come to an end', () => {
  const error = new GitError('Network', '')
  const delays = (random: number): (number | undefined)[] => {
    const policy = resolveRetry({ attempts: 5, baseMs: 200, maxMs: 700, random: () => random })
    return [1, 2, 3, 4, 5].map((attempt) => retryDelay(policy, attempt, error))
  }
  expect(delays(1)).toEqual([200, 400, 700, 700, undefined])
  expect(delays(0)).toEqual([0, 0, 0, 0, undefined])
  expect(retryDelay(resolveRetry(false), 1, error)).toBeUndefined()
})

test.each([
  ['attempts', 0],
  ['attempts', 1.5],
  ['baseMs', -1],
  ['maxWaitMs', Number.NaN],
])('%s: %d is refused', (field, value) => {
  expect(() => resolveRetry({ [field]: value })).toThrowError(
    expect.objectContaining({ code: 'InvalidInput', details: { field: `retry.${field}`, actual: value } }),
  )
})

afterEach(() => {
  vi.useRealTimers()
})

test('the pause is as long as was asked for, and ends with the signal', async () => {
  vi.useFakeTimers()
  const { sleep } = resolveRetry()
  let isOver = false
  const sleeping = sleep(1000, undefined).then(() => (isOver = true))
  await vi.advanceTimersByTimeAsync(999)
  expect(isOver).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await sleeping

  const stop = new AbortController()
  const stopped = sleep(60_000, stop.signal)
  stop.abort(new Error('enough'))
  await expect(stopped).rejects.toThrow('enough')
  await expect(sleep(60_000, stop.signal)).rejects.toThrow('enough')
  expect(vi.getTimerCount()).toBe(0)
})
