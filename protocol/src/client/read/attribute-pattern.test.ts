import { expect, test } from 'vitest'
import { cpuTime } from '../../../../test/kit/process/index.ts'
import { matchesAttributePattern } from './attribute-pattern.ts'

test('a pattern that would take a backtracking matcher for ever is answered at once', () => {
  const path = 'a'.repeat(1000)
  const taken = cpuTime(() => {
    expect(matchesAttributePattern(`${'*a'.repeat(500)}b`, path)).toBe(false)
    expect(matchesAttributePattern(`${'**/'.repeat(300)}b`, 'a/'.repeat(500))).toBe(false)
  })
  expect(taken).toBeLessThan(2_000)
})
