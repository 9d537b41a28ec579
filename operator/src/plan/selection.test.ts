import fc from 'fast-check'
import { expect, test } from 'vitest'
import { INTERNAL_LABEL, matchesGlob, matchesLabels, selects } from './selection.ts'

test('globs match as the regular expression does', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), maxLength: 10 })
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-', '*'), maxLength: 8 })
  fc.assert(
    fc.property(glob, text, (glob, text) => {
      const pattern = glob
        .split('*')
        .map((part) => part.replaceAll('.', String.raw`\.`))
        .join('.*')
      expect(matchesGlob(glob, text)).toBe(new RegExp(`^${pattern}$`).test(text))
    }),
    { numRuns: 5_000 },
  )
})

test.each([
  ['*', '', true],
  ['a*a', 'a', false],
  ['a*b*c', 'abc', true],
  ['*ab*b', 'ab', false],
  ['web-*', 'web-1', true],
  ['web-*', 'web', false],
])('%s and %s: %s', (glob, text, matches) => {
  expect(matchesGlob(glob, text)).toBe(matches)
})

test('a glob of many stars is no work', () => {
  expect(matchesGlob(`${'*a'.repeat(120)}*b`, 'a'.repeat(253))).toBe(false)
})

test('label selectors follow the rules of Kubernetes', () => {
  const labels = { app: 'web', tier: '' }
  const one = (key: string, operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', values?: string[]) =>
    matchesLabels({ matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }] }, labels)
  expect(matchesLabels(undefined, labels)).toBe(true)
  expect(matchesLabels({}, {})).toBe(true)
  expect(matchesLabels({ matchLabels: { app: 'web' } }, labels)).toBe(true)
  expect(matchesLabels({ matchLabels: { app: 'web', tier: 'x' } }, labels)).toBe(false)
  expect(matchesLabels({ matchLabels: { none: '' } }, labels)).toBe(false)
  expect(one('app', 'In', ['db', 'web'])).toBe(true)
  expect(one('none', 'In', ['web'])).toBe(false)
  expect(one('app', 'NotIn', ['web'])).toBe(false)
  // As in the API: what is not there is not in the list.
  expect(one('none', 'NotIn', ['web'])).toBe(true)
  expect(one('tier', 'Exists')).toBe(true)
  expect(one('none', 'Exists')).toBe(false)
  expect(one('tier', 'DoesNotExist')).toBe(false)
  expect(one('none', 'DoesNotExist')).toBe(true)
  const both = { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' as const }] }
  expect(matchesLabels(both, labels)).toBe(false)
})

test('a key that every JavaScript object has is not a label', () => {
  expect(matchesLabels({ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, {})).toBe(false)
  expect(matchesLabels({ matchExpressions: [{ key: 'toString', operator: 'DoesNotExist' }] }, {})).toBe(true)
})

test('names, labels and the mark of the operator decide together', () => {
  const object = (name: string, labels?: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
  })
  const selector = {
    group: '',
    kind: 'ConfigMap',
    names: ['web-*', 'db'],
    labelSelector: { matchLabels: { app: 'x' } },
  }
  expect(selects(selector, object('web-1', { app: 'x' }))).toBe(true)
  expect(selects(selector, object('db', { app: 'x' }))).toBe(true)
  expect(selects(selector, object('db2', { app: 'x' }))).toBe(false)
  expect(selects(selector, object('web-1'))).toBe(false)
  expect(selects({ group: '', kind: 'ConfigMap' }, object('any'))).toBe(true)
  expect(selects({ group: '', kind: 'ConfigMap' }, object('any', { [INTERNAL_LABEL]: 'true' }))).toBe(false)
})
