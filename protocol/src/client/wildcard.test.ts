import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesWildcard } from './wildcard.ts'

test('as a regular expression of the same meaning', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.'), maxLength: 8 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 })
  fc.assert(
    fc.property(pattern, text, (wanted, actual) => {
      const source = wanted.replace(/[*?.]/g, (char) => (char === '*' ? '.*' : char === '?' ? '.' : '\\.'))
      expect(matchesWildcard(wanted, actual)).toBe(new RegExp(`^${source}$`, 's').test(actual))
    }),
    { numRuns: 2000 },
  )
})

test('a pattern that almost matches at every place ends soon', () => {
  expect(matchesWildcard('*a'.repeat(200), `${'a'.repeat(20_000)}b`)).toBe(false)
})
