import { expect, test } from 'vitest'
import { COMMIT, splitRevision } from './revision.ts'

test.each([
  ['configmap/settings', 'configmap/settings', undefined],
  ['configmap/settings@~1', 'configmap/settings', '~1'],
  ['configmap/a@b@v1.0', 'configmap/a@b', 'v1.0'],
  ['@main', '@main', undefined],
])('%s is %s at %s', (text, what, revision) => {
  expect(splitRevision(text)).toEqual({ what, revision })
})

test('the beginning of a commit id has seven digits at least', () => {
  expect(['4f2a9c1', 'a'.repeat(64)].every((text) => COMMIT.test(text))).toBe(true)
  expect(['4f2a9c', 'a'.repeat(65), 'configmap/a', '4F2A9C1'].some((text) => COMMIT.test(text))).toBe(false)
})
