import { expect, test } from 'vitest'
import { parseLabelSelector } from './label-selector.ts'

test.each([
  'app=web',
  'app==web',
  'app!=web',
  'app',
  '!app',
  'a.example.com/x=y',
  'env in (a, b),app=web',
  'env notin (a)',
  'app=',
])('%s', (text) => {
  expect(parseLabelSelector(text)).toBe(text)
})

test.each(['', 'a===b', 'a b', 'env in', 'env in (a', '=web', 'app=web,', 'app=-'])('%s is none', (text) => {
  expect(() => parseLabelSelector(text)).toThrow(/must be a label selector/)
})
