import { expect, test } from 'vitest'
import { InvalidDurationError, parseDuration } from './duration.ts'

test.each([
  ['0s', 0],
  ['250ms', 250],
  ['5s', 5000],
  ['1m30s', 90_000],
  ['10m', 600_000],
  ['24h', 86_400_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each(['', '5', 's', '-5s', '1.5s', '5 s', '5S', '1d', '5s ', '1m30', '9'.repeat(40) + 's'])(
  '%j is refused',
  (text) => {
    expect(() => parseDuration(text)).toThrow(InvalidDurationError)
  },
)
