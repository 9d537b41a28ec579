import { expect, test } from 'vitest'
import { branchSchema, resolveBranch } from './branch.ts'
import { InvalidSpecError } from './invalid-spec.ts'

test('placeholders are filled in', () => {
  expect(resolveBranch('tenants/{namespace}/{name}-{name}', { namespace: 'shop', name: 'a' })).toBe('tenants/shop/a-a')
  expect(resolveBranch('main', { namespace: 'shop', name: 'a.lock' })).toBe('main')
})

test('a name that makes no branch is refused', () => {
  expect(() => resolveBranch('{name}', { namespace: 'shop', name: 'a.lock' })).toThrow(InvalidSpecError)
  expect(() => resolveBranch('{namespace}/{name}', { namespace: 'shop', name: 'n'.repeat(253) })).toThrow(
    /spec.repository.branch/,
  )
})

test('a sentence ends with a dot: no rule does, or a branch would seem to have no dots', () => {
  for (const branch of ['a b', 'a..b', 'a~1', '/a', 'a.lock', '{who}', 'refs/heads/a'])
    expect(
      branchSchema
        .safeParse(branch)
        .error?.issues.map(({ message }) => message)
        .join(),
    ).toMatch(/[^.]$/)
  expect(branchSchema.safeParse('release-1.0').success).toBe(true)
})
