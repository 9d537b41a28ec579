import fc from 'fast-check'
import { expect, test } from 'vitest'
import { branchKey, normalizeUrl, olderOverlap } from './overlap.ts'
import type { Place } from './overlap.ts'

const place = (id: string, path: string, more: Partial<Place> = {}): Place => ({
  id,
  namespace: 'shop',
  name: id,
  createdAt: '2026-01-01T00:00:00Z',
  url: 'https://git.example.com/a/b.git',
  branch: 'main',
  path,
  ...more,
})

test.each([
  'https://git.example.com/a/b',
  'https://git.example.com/a/b.git',
  'https://git.example.com/a/b.git/',
  'https://git.example.com/a/b//',
  'https://Git.Example.COM:443/a/b.git',
  'https://git.example.com//a//b.GIT',
  'https://git.example.com/a/%62.git',
  'https://git.example.com/a/x/../b.git',
  'https://user:secret@git.example.com/a/b.git?x=1#y',
])('%s is one repository', (url) => {
  expect(normalizeUrl(url)).toBe('https://git.example.com/a/b')
})

test.each([
  'http://git.example.com/a/b',
  'https://git.example.com:8443/a/b',
  'https://git.example.com/a/c',
  'https://git.example.com/a/b/c',
  'https://git.example.com/a/b.gitx',
  'https://git.example.com/a/%zz',
])('%s is another repository', (url) => {
  expect(normalizeUrl(url)).not.toBe('https://git.example.com/a/b')
})

test("SSH's path in the home of the user is the one from the root; a folder ~ of the web is not", () => {
  const fromRoot = normalizeUrl('ssh://git@git.example.com/a/b.git')
  expect(normalizeUrl('ssh://git@git.example.com/~/a/b.git')).toBe(fromRoot)
  expect(normalizeUrl('https://git.example.com/~/a/b')).not.toBe(normalizeUrl('https://git.example.com/a/b'))
})

test('different branches have different keys, whatever is in the URL', () => {
  const key = (url: string, branch: string) => branchKey({ url, branch })
  expect(key('https://h.example/a', 'x')).not.toBe(key('https://h.example/a', 'y'))
  expect(key('https://h.example/a%23x', 'm')).not.toBe(key('https://h.example/a', 'x#m'))
  expect(key('https://h.example/a%20m', 'x')).not.toBe(key('https://h.example/m', 'x https://h.example/a'))
})

test.each([
  ['a', 'a', true],
  ['.', 'a', true],
  ['a/b', 'a', true],
  ['a', 'a/b/c', true],
  ['A/b', 'a', true],
  ['.', '.', true],
  ['a', 'ab', false],
  ['a/b', 'a/c', false],
])('%s and %s: overlap %s', (one, two, overlap) => {
  const [older, newer] = [place('1', one), place('2', two)]
  expect(olderOverlap(newer, [older, newer])).toBe(overlap ? older : undefined)
  expect(olderOverlap(older, [older, newer])).toBeUndefined()
})

test('of two that came in the same second who has written there goes on', () => {
  const [first, second] = [place('1', 'a'), place('2', 'a')]
  const hasWritten = ({ id }: Place): boolean => id === '2'
  expect(olderOverlap(first, [second], hasWritten)).toBe(second)
  expect(olderOverlap(second, [first], hasWritten)).toBeUndefined()
  const earlier = place('3', 'a', { createdAt: '2025-01-01T00:00:00Z' })
  expect(olderOverlap(second, [earlier], hasWritten)).toBe(earlier)
})

test('another branch or repository is free', () => {
  const older = place('1', 'a')
  expect(olderOverlap(place('2', 'a', { branch: 'other' }), [older])).toBeUndefined()
  expect(olderOverlap(place('2', 'a', { url: 'https://git.example.com/a/c' }), [older])).toBeUndefined()
  expect(olderOverlap(place('2', 'a', { url: 'https://GIT.example.com/a/b/' }), [older])).toBe(older)
})

test('of any two that overlap exactly one goes on, in whatever order they are told', () => {
  const arbitrary = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom('1', '2', '3', '4', '5'),
      path: fc.constantFrom('.', 'a', 'a/b', 'b', 'A'),
      createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'),
    }),
    { selector: ({ id }) => id },
  )
  fc.assert(
    fc.property(arbitrary, (described) => {
      const places = described.map(({ id, path, createdAt }) => place(id, path, { createdAt }))
      for (const one of places) {
        for (const two of places) {
          if (one === two) continue
          const lost = [olderOverlap(one, [two]), olderOverlap(two, [one])].filter((each) => each !== undefined)
          expect(lost.length).toBeLessThanOrEqual(1)
          expect(olderOverlap(one, places) === undefined).toBe(olderOverlap(one, places.toReversed()) === undefined)
        }
      }
      // Somebody always goes on.
      if (places.length > 0) expect(places.some((one) => olderOverlap(one, places) === undefined)).toBe(true)
    }),
  )
})
