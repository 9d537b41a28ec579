import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isGitError } from '../format/errors.ts'
import { fromRawName } from '../format/tree.ts'
import { splitPath } from './path.ts'

test.each(['', '.'])('%j is the root', (path) => {
  expect(splitPath(path)).toEqual([])
})

test.each([
  'a',
  'a/b',
  '.gitignore',
  '.github/x',
  'a.git/b',
  '...',
  'git',
  'git~2',
  ' ',
  'a b/ü',
  'a\\b',
  '.gitmodules',
  '.git-x',
  '-n',
])('%j is allowed', (path) => {
  expect(splitPath(path).map(fromRawName).join('/')).toBe(path)
})

test.each([
  ['/a', 'empty part'],
  ['a/', 'empty part'],
  ['a//b', 'empty part'],
  ['a/./b', 'part "."'],
  ['..', 'part ".."'],
  ['a/../b', 'part ".."'],
  ['..\\x', 'part ".."'],
  ['a\0b', 'NUL'],
  ['.git', '.git'],
  ['a/.GIT/config', '.git'],
  ['.Git', '.git'],
  ['.git.', '.git'],
  ['.git . ./x', '.git'],
  ['GIT~1', '.git'],
  ['.git::$INDEX_ALLOCATION/config', '.git'],
  ['.git\\config', '.git'],
  ['a\\.git\\config', '.git'],
  ['.g\u200cit', '.git'],
  ['\u200e.git', '.git'],
  ['.gi\u202et', '.git'],
  ['.git\u206f', '.git'],
  ['\ufeff.git', '.git'],
  ['a/'.repeat(2048) + 'x', '4096'],
  ['ü'.repeat(2049), '4096'],
])('%j is refused and the error says why', (path, why) => {
  expect(() => splitPath(path)).toThrowError(
    expect.objectContaining({
      code: 'InvalidInput',
      message: expect.stringContaining(why),
      details: { field: 'path', path },
    }),
  )
})

test('no accepted path leads out of its folder', () => {
  const piece = fc.constantFrom('..', '.', '/', '\\', '.git', 'a', ' ', '\0', '\u200c', ':', '~1', 'git', 'GIT')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      try {
        const names = splitPath(pieces.join(''))
        expect(
          names.flatMap((name) => name.split('\\')).filter((name) => name === '..' || name.toLowerCase() === '.git'),
        ).toEqual([])
        expect(names.some((name) => name === '' || name === '.' || /[/\0]/.test(name))).toBe(false)
      } catch (error) {
        if (!isGitError(error, 'InvalidInput')) throw error
      }
    }),
    { numRuns: 2000 },
  )
})
