import { expect, test } from 'vitest'
import { deletionToken, MassDeletionGuard } from './mass-deletion.ts'

const paths = (count: number, prefix = 'p'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
const MINUTE = 60_000

test('ten files may go, whatever they are of', () => {
  expect(new MassDeletionGuard().check(paths(10), 10, 0, undefined)).toBeUndefined()
})

test('eleven files may not, when they are more than half', () => {
  expect(new MassDeletionGuard().check(paths(11), 21, 0, undefined)).toBe(deletionToken(paths(11)))
})

test('exactly half may go', () => {
  expect(new MassDeletionGuard().check(paths(11), 22, 0, undefined)).toBeUndefined()
})

test('no deletion needs no confirmation', () => {
  const guard = new MassDeletionGuard()
  guard.record(50, 0, false)
  expect(guard.check([], 1, 0, undefined)).toBeUndefined()
})

test('deletions of ten minutes count together, in many small steps as well', () => {
  const guard = new MassDeletionGuard()
  let files = 20
  for (let step = 0; step < 10; step++) {
    expect(guard.check(paths(1), files, step * MINUTE, undefined)).toBeUndefined()
    guard.record(1, step * MINUTE, false)
    files--
  }
  // The eleventh of twenty within ten minutes; a moment later the first is forgotten.
  expect(guard.check(paths(1), files, 10 * MINUTE - 1, undefined)).toBeDefined()
  expect(guard.check(paths(1), files, 10 * MINUTE, undefined)).toBeUndefined()
})

test('a confirmation counts for the very same files only', () => {
  const guard = new MassDeletionGuard()
  const token = guard.check(paths(20), 20, 0, undefined)
  expect(guard.check(paths(20).toReversed(), 20, 0, token)).toBeUndefined()
  expect(guard.check(paths(21), 21, 0, token)).toBe(deletionToken(paths(21)))
  expect(guard.check(paths(20, 'q'), 20, 0, token)).toBe(deletionToken(paths(20, 'q')))
  expect(guard.check(paths(20), 20, 0, 'yes')).toBe(token)
})

test('paths that run together are not the same files', () => {
  expect(deletionToken(['ab', 'c'])).not.toBe(deletionToken(['a', 'bc']))
})

test('a confirmed deletion says nothing of the next', () => {
  const guard = new MassDeletionGuard()
  guard.record(40, 0, true)
  expect(guard.check(paths(10), 12, 1, undefined)).toBeUndefined()
  guard.record(10, 1, false)
  expect(guard.check(paths(1), 2, 2, undefined)).toBeDefined()
})
