import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import {
  authorBranch,
  branchPart,
  isAuthorBranch,
  isBranchName,
  isPerAuthor,
  shareAuthorBranch,
} from './author-branch.ts'

test.each([
  ['alice', 'alice'],
  ['Alice Example', 'alice-example'],
  ['system:serviceaccount:shop:robot', 'system-serviceaccount-shop-robot'],
  ['alice@example.com', 'alice@example.com'],
  ['a/b', 'a-b'],
  ['..', 'nobody'],
  ['', 'nobody'],
  ['x.lock', 'x'],
  ['x.lock.lock.', 'x'],
  ['Ærø', 'ærø'],
  ['-rf', 'rf'],
])('%s is %s', (name, part) => {
  expect(branchPart(name)).toBe(part)
})

test('two long names do not become one', () => {
  const long = 'a'.repeat(100)
  expect(branchPart(`${long}b`)).not.toBe(branchPart(`${long}c`))
  expect(branchPart(long).length).toBeLessThanOrEqual(60)
})

test('git takes every name', () => {
  const template = 'gitsync/shop/{author}'
  expect(isPerAuthor(template)).toBe(true)
  const names = fc.sample(fc.oneof(fc.string({ unit: 'binary' }), fc.string()), 200)
  for (const name of names) {
    const branch = authorBranch(template, branchPart(name))
    execFileSync('git', ['check-ref-format', `refs/heads/${branch}`])
    expect(isAuthorBranch(template, branch)).toBe(true)
  }
})

test.each([
  ['gitsync/{author}', 'gitsync/shop/sync', false],
  ['gitsync/{author}', 'gitsync/', false],
  ['gitsync/{author}', 'gitsync/alice', true],
  ['{author}/x', 'alice/x', true],
  ['ab{author}ba', 'aba', false],
  ['main', 'main', false],
])('%s stands for %s: %s', (template, branch, expected) => {
  expect(isAuthorBranch(template, branch)).toBe(expected)
})

test.each([
  ['review/{author}-a', 'review/b-{author}', true],
  ['review/{author}', 'review/{author}', true],
  ['review/{author}', 'review/ann', true],
  ['review/{author}', 'review/ann/x', false],
  ['review/{author}', 'other/{author}', false],
  ['review/{author}/a', 'review/{author}/b', false],
  ['review/{author}', 'review/shop/{author}', false],
  ['review/{author}/shop', 'review/{author}', false],
  ['review/x-{author}', 'review/{author}', true],
  ['main', 'main', true],
  ['main', 'other', false],
])('%s and %s can be one branch: %s', (a, b, expected) => {
  expect([shareAuthorBranch(a, b), shareAuthorBranch(b, a)]).toEqual([expected, expected])
})

test('templates that share a branch for some names are seen to', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 3 })
  const template = fc.tuple(part, part).map(([before, after]) => `r/${before}{author}${after}`)
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(template, template, name, name, (a, b, one, other) => {
      if (authorBranch(a, one) === authorBranch(b, other)) expect(shareAuthorBranch(a, b)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('what surrounds a name may make it a name that Git does not take', () => {
  for (const [template, part] of [
    ['review/x.{author}', 'lock'],
    ['review/{author}.', 'ann'],
    ['review/.{author}', 'ann'],
  ] as const)
    expect(isBranchName(authorBranch(template, part))).toBe(false)
  expect(isBranchName(authorBranch('review/{author}', 'ann.b'))).toBe(true)
})
