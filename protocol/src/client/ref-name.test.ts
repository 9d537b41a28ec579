import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { git } from '../../../test/kit/remote/git.ts'
import { checkRefName, fullBranchName } from './ref-name.ts'

const accepts = (name: string): boolean => {
  try {
    checkRefName(name)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'InvalidInput', details: { ref: name } })
    return false
  }
}

test('names under refs/heads/ are judged as git check-ref-format judges them', async () => {
  const unit = fc.constantFrom(
    'a',
    'B',
    '.',
    '..',
    '/',
    '@',
    '{',
    '@{',
    '.lock',
    '~',
    '^',
    ':',
    '?',
    '*',
    '[',
    ']',
    '\\',
    ' ',
    '-',
    '\t',
    '\u007f',
    'ü',
    '\u{1f600}',
  )
  const random = fc
    .sample(fc.array(unit, { minLength: 1, maxLength: 5 }), { numRuns: 300, seed: 11 })
    .map((parts) => parts.join(''))
  const names = [
    '@',
    'a/@',
    'a.lock',
    'a.lock/b',
    'a.lockb',
    '.a',
    'a/.b',
    'a.',
    'a./b',
    'a//b',
    'a/',
    'HEAD',
    '-a',
    ...random,
  ]
  for (const name of new Set(names)) {
    const full = `refs/heads/${name}`
    const verdict = await git('/', '/', ['check-ref-format', full]).then(
      () => true,
      () => false,
    )
    expect([full, accepts(full)]).toEqual([full, verdict])
  }
})

test.each(['', '@', '-x', '/a', 'a\0b', 'a\nb', 'a b', 'x'.repeat(1025), 'refs/heads/'])(
  'the short name %j is refused',
  (name) => {
    expect(accepts(name)).toBe(false)
  },
)

test('a short name is a branch, a full one stays', () => {
  expect(fullBranchName('main')).toBe('refs/heads/main')
  expect(fullBranchName('team/x')).toBe('refs/heads/team/x')
  expect(fullBranchName('refs/for/main')).toBe('refs/for/main')
})
