import { isGitError } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { NO_LIMITS } from './budget/limits.ts'
import { ReadAllowance } from './read-allowance.ts'

const taken = (allowance: ReadAllowance): number => {
  for (let count = 0; ; count++) {
    try {
      allowance.take()
    } catch (error) {
      if (isGitError(error, 'RateLimited')) return count
      throw error
    }
  }
}

test.each([
  [{ perMinute: 900, burst: 60 }, 225],
  [{ perMinute: 10, burst: 0 }, 2],
  [{ perMinute: 1, burst: 0 }, 1],
  [undefined, 240],
])('of %j pages have %i requests in any minute', (requests, expected) => {
  const clock = manualClock()
  const allowance = new ReadAllowance(clock, { host: 'git.example.com', limits: { ...NO_LIMITS, requests } })
  expect(taken(allowance)).toBe(expected)
  clock.advance(59_999)
  expect(taken(allowance)).toBe(0)
  clock.advance(1)
  expect(taken(allowance)).toBe(expected)
})

test('a read does not begin when there is nothing left, and says when there is', async () => {
  const clock = manualClock()
  const limits = { ...NO_LIMITS, requests: { perMinute: 4, burst: 0 } }
  const allowance = new ReadAllowance(clock, { host: 'git.example.com', limits })
  allowance.take()
  clock.advance(15_000)
  let ran = false
  const failed: unknown = await allowance
    .run(() => Promise.resolve((ran = true)))
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  expect([ran, failed]).toEqual([
    false,
    expect.objectContaining({ code: 'RateLimited', message: expect.stringContaining('again in 45 s') }),
  ])
})

test('two reads at once, the others in their turn', async () => {
  const allowance = new ReadAllowance(manualClock())
  let [running, most] = [0, 0]
  const gates: (() => void)[] = []
  const reads = Array.from({ length: 5 }, () =>
    allowance.run(async () => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => gates.push(resolve))
      running--
    }),
  )
  for (let done = 0; done < 5; done++) {
    await expect.poll(() => gates.length).toBeGreaterThan(0)
    gates.shift()?.()
  }
  await Promise.all(reads)
  expect(most).toBe(2)
})
