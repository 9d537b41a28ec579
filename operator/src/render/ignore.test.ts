import { expect, test } from 'vitest'
import { keepIgnored, parsePointer, removeIgnored } from './ignore.ts'

const removed = (object: unknown, ...pointers: string[]): unknown =>
  removeIgnored(object as never, pointers.map(parsePointer))

test('pointers name fields, items and any of them', () => {
  const object = { a: { 'b/c': 1, 'd~e': 2, '*': 3, f: 4 }, l: [{ x: 1, y: 2 }, { x: 3 }], k: 1 }
  expect(removed(object, '/a/b~1c', '/a/d~0e')).toEqual({ ...object, a: { '*': 3, f: 4 } })
  expect(removed(object, '/a/~*')).toEqual({ ...object, a: { 'b/c': 1, 'd~e': 2, f: 4 } })
  expect(removed(object, '/a/*')).toEqual({ l: object.l, k: 1 })
  expect(removed(object, '/l/*/x')).toEqual({ ...object, l: [{ y: 2 }, {}] })
  expect(removed(object, '/l/1')).toEqual({ ...object, l: [{ x: 1, y: 2 }] })
  expect(removed(object, '/*/0')).toEqual({ ...object, l: [{ x: 3 }] })
  expect(removed(object, '/none/x', '/k/x', '/l/7')).toBe(object)
})

test.each(['spec', '', '/a~2', '/kind', '/metadata', '/metadata/name', '/*/namespace', '/*', '/*/*'])(
  '%s is refused',
  (text) => {
    expect(() => parsePointer(text)).toThrow(RangeError)
  },
)

test('what a file says at an ignored place stays', () => {
  const keep = (object: unknown, file: unknown, ...pointers: string[]): unknown =>
    keepIgnored(object, file, pointers.map(parsePointer))
  expect(keep({ a: 1 }, { a: 2, b: { c: 3, d: 4 } }, '/b/c')).toEqual({ a: 1, b: { c: 3 } })
  expect(keep({ l: [{ x: 1 }, { x: 2 }] }, { l: [{ i: 8 }, { i: 9 }, { i: 0 }] }, '/l/*/i')).toEqual({
    l: [
      { x: 1, i: 8 },
      { x: 2, i: 9 },
    ],
  })
  expect(keep({ b: 'text' }, { b: { c: 1 } }, '/b/c')).toEqual({ b: 'text' })
  expect(keep({ a: 1 }, { a: 1 }, '/b/c', '/a/x')).toEqual({ a: 1 })
})
