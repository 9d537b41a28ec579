import { describe, expect, test } from 'vitest'
import { planMirror } from './plan.ts'
import { selectRefs } from './ref-patterns.ts'

const id = (digit: string): string => digit.repeat(40)
const ref = (name: string, digit: string, peeled?: string) => ({
  name,
  oid: id(digit),
  ...(peeled === undefined ? {} : { peeled: id(peeled) }),
})

describe('what is to be done', () => {
  test('new, moved and equal refs; those that the source lacks only when pruning', () => {
    const source = [ref('refs/heads/new', 'a'), ref('refs/heads/moved', 'b'), ref('refs/heads/same', 'c')]
    const target = [ref('refs/heads/moved', 'd'), ref('refs/heads/same', 'c'), ref('refs/heads/extra', 'e')]
    const created = { ref: 'refs/heads/new', old: null, new: id('a') }
    const moved = { ref: 'refs/heads/moved', old: id('d'), new: id('b') }
    expect(planMirror(source, target, false).updates).toEqual([moved, created])
    expect(planMirror(source, target, true).updates).toEqual([
      { ref: 'refs/heads/extra', old: id('e'), new: null },
      moved,
      created,
    ])
  })

  test('what the target has under another name, or behind a tag, is not asked for', () => {
    const source = [ref('refs/heads/a', 'a'), ref('refs/heads/b', 'b'), ref('refs/heads/c', 'c')]
    const target = [ref('refs/heads/x', 'a'), ref('refs/tags/t', 'f', 'b')]
    expect(planMirror(source, target, false).wants).toEqual([id('c')])
  })

  test('first of what the target has stands what moves; tags by their commits', () => {
    const source = [ref('refs/heads/main', 'a'), ref('refs/heads/same', 'c')]
    const target = [
      ref('refs/heads/extra', 'e'),
      ref('refs/heads/main', 'd'),
      ref('refs/heads/same', 'c'),
      ref('refs/tags/t', '1', '2'),
    ]
    expect(planMirror(source, target, false).haves).toEqual([id('d'), id('c'), id('e'), id('2')])
  })

  test('of many refs not all are told', () => {
    const many = Array.from({ length: 5000 }, (_, index) => ({
      name: `refs/heads/b${index}`,
      oid: index.toString(16).padStart(40, '0'),
    }))
    expect(planMirror([ref('refs/heads/main', 'a')], many, false).haves).toHaveLength(2000)
  })
})

describe('which refs are meant', () => {
  test.each([
    ['refs/heads/*', 'refs/heads/a/b', true],
    ['refs/heads/*', 'refs/tags/a', false],
    ['refs/heads/release-*', 'refs/heads/release-', true],
    ['release-*', 'refs/heads/release-1', true],
    ['release-*', 'refs/tags/release-1', true],
    ['release-*', 'refs/notes/release-1', false],
    ['main', 'refs/heads/main', true],
    ['main', 'refs/heads/main2', false],
    ['*-x-*', 'refs/heads/a-x-b', true],
    ['*-x-*', 'refs/heads/a-y-b', false],
    ['refs/heads/a*b*c', 'refs/heads/abc', true],
    ['refs/heads/a*b*c', 'refs/heads/ac', false],
    ['refs/heads/ab*ba', 'refs/heads/aba', false],
  ])('%s has %s: %s', (pattern, name, expected) => {
    expect(selectRefs([pattern]).has(name)).toBe(expected)
  })

  test('a server is asked for no more than needed', () => {
    expect(selectRefs(['refs/heads/release-*', 'main']).prefixes).toEqual([
      'refs/heads/release-',
      'refs/heads/main',
      'refs/tags/main',
    ])
  })

  test.each([[[]], [['']], [['a b']], [['../x']]])('%j is refused', (patterns) => {
    expect(() => selectRefs(patterns)).toThrow(expect.objectContaining({ code: 'InvalidInput' }))
  })
})
