import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from './clock.ts'

const DAY_MS = 86_400_000

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test('a wait longer than a timer can be does not end early', () => {
  const run = vi.fn()
  systemClock.after(60 * DAY_MS, run)
  vi.advanceTimersByTime(60 * DAY_MS - 1)
  expect(run).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(run).toHaveBeenCalledOnce()
})

test('a long wait can be called off after its first part', () => {
  const run = vi.fn()
  const cancel = systemClock.after(60 * DAY_MS, run)
  vi.advanceTimersByTime(30 * DAY_MS)
  cancel()
  expect(vi.getTimerCount()).toBe(0)
})
