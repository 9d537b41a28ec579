import { expect, test } from 'vitest'
import { MAX_WAIT_MS, readQuota } from './quota-headers.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const EPOCH = NOW / 1_000

test.each([
  ['nothing', {}, {}],
  [
    'GitHub',
    { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999', 'x-ratelimit-reset': `${EPOCH + 60}` },
    { limit: 5_000, remaining: 4_999, resetAt: NOW + 60_000 },
  ],
  [
    'GitLab',
    { 'ratelimit-limit': '60', 'ratelimit-remaining': '0', 'ratelimit-reset': `${EPOCH + 5}` },
    { limit: 60, remaining: 0, resetAt: NOW + 5_000, waitUntil: NOW + 5_000 },
  ],
  [
    'seconds from now',
    { 'ratelimit-limit': '100, 100;w=60', 'ratelimit-remaining': '0', 'ratelimit-reset': '7' },
    { limit: 100, remaining: 0, resetAt: NOW + 7_000, waitUntil: NOW + 7_000 },
  ],
  [
    'Azure DevOps',
    { 'retry-after': '3', 'x-ratelimit-remaining': '12.5', 'x-ratelimit-limit': '200' },
    { limit: 200, remaining: 12, waitUntil: NOW + 3_000 },
  ],
  ['a date', { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, { waitUntil: NOW + 30_000 }],
  ['a date that has passed', { 'retry-after': 'Thu, 01 Jan 2025 00:00:30 GMT' }, {}],
  [
    'the later of both',
    { 'retry-after': '3', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${EPOCH + 9}` },
    { remaining: 0, resetAt: NOW + 9_000, waitUntil: NOW + 9_000 },
  ],
  ['a year', { 'retry-after': '31536000' }, { waitUntil: NOW + MAX_WAIT_MS }],
  [
    'a reset that has passed',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${EPOCH - 9}` },
    { remaining: 0, resetAt: NOW - 9_000 },
  ],
  [
    'nonsense',
    { 'retry-after': 'soon', 'x-ratelimit-limit': '-5', 'x-ratelimit-remaining': 'many', 'x-ratelimit-reset': '1e99' },
    {},
  ],
])('%s', (_name, headers, quota) => {
  expect(readQuota(headers as unknown as Record<string, string>, NOW)).toEqual(quota)
})
