import { describe, expect, test } from 'vitest'
import { selectRefs } from './ref-patterns.ts'

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
