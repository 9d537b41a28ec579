import { expect, test } from 'vitest'
import { waitOf } from './rate-limit.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

test.each([
  [429, { 'retry-after': '30' }, 30_000],
  [503, { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60_000],
  [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 90) }, 90_000],
  [429, { 'ratelimit-remaining': '0', 'ratelimit-reset': String(NOW / 1000 + 5) }, 5_000],
  [429, { 'retry-after': '99999999' }, 3_600_000],
  [429, { 'retry-after': '-4' }, 0],
  [429, { 'retry-after': 'soon' }, undefined],
  [403, { 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': String(NOW / 1000 + 90) }, undefined],
  [404, { 'retry-after': '30' }, undefined],
] as const)('%s %j: %s ms', (status, headers, wait) => {
  expect(waitOf(status, headers, NOW)).toBe(wait)
})
