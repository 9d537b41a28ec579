import { expect, test } from 'vitest'
import { deletionToken, MassDeletionGuard } from './mass-deletion.ts'

/** The token that has to be answered, when the guard refuses. */
function check(
  guard: MassDeletionGuard,
  paths: readonly string[],
  files: number,
  now: number,
  confirmation: string | undefined,
): string | undefined {
  const token = deletionToken(paths)
  return guard.refuses(paths, files, now, { token, confirmation }) ? token : undefined
}

const paths = (count: number, prefix = 'p'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
const MINUTE = 60_000

test('ten files may go, whatever they are of', () => {
  expect(check(new MassDeletionGuard(), paths(10), 10, 0, undefined)).toBeUndefined()
})

test('eleven files may not, when they are more than half', () => {
  expect(check(new MassDeletionGuard(), paths(11), 21, 0, undefined)).toBe(deletionToken(paths(11)))
})

test('exactly half may go', () => {
  expect(check(new MassDeletionGuard(), paths(11), 22, 0, undefined)).toBeUndefined()
})

test('no deletion needs no confirmation', () => {
  const guard = new MassDeletionGuard()
  guard.record(50, 0, false)
  expect(check(guard, [], 1, 0, undefined)).toBeUndefined()
})

test('deletions of ten minutes count together, in many small steps as well', () => {
  const guard = new MassDeletionGuard()
  let files = 20
  for (let step = 0; step < 10; step++) {
    expect(check(guard, paths(1), files, step * MINUTE, undefined)).toBeUndefined()
    guard.record(1, step * MINUTE, false)
    files--
  }
  // The eleventh of twenty within ten minutes; a moment later the first is forgotten.
  expect(check(guard, paths(1), files, 10 * MINUTE - 1, undefined)).toBeDefined()
  expect(check(guard, paths(1), files, 10 * MINUTE, undefined)).toBeUndefined()
})

test('a confirmation counts for the very same files only', () => {
  const guard = new MassDeletionGuard()
  const token = check(guard, paths(20), 20, 0, undefined)
  expect(check(guard, paths(20).toReversed(), 20, 0, token)).toBeUndefined()
  expect(check(guard, paths(21), 21, 0, token)).toBe(deletionToken(paths(21)))
  expect(check(guard, paths(20, 'q'), 20, 0, token)).toBe(deletionToken(paths(20, 'q')))
  expect(check(guard, paths(20), 20, 0, 'yes')).toBe(token)
})

test('paths that run together are not the same files', () => {
  expect(deletionToken(['ab', 'c'])).not.toBe(deletionToken(['a', 'bc']))
})

test('a confirmed deletion says nothing of the next', () => {
  const guard = new MassDeletionGuard()
  guard.record(40, 0, true)
  expect(check(guard, paths(10), 12, 1, undefined)).toBeUndefined()
  guard.record(10, 1, false)
  expect(check(guard, paths(1), 2, 2, undefined)).toBeDefined()
})

test('an answer that was used does not confirm the next deletion of the same files', () => {
  const first = deletionToken(paths(20))
  const next = deletionToken(paths(20), first)
  expect(next).not.toBe(first)
  expect(new MassDeletionGuard().refuses(paths(20), 20, 0, { token: next, confirmation: first })).toBe(true)
})
