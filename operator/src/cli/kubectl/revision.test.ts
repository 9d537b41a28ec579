import type { Repository } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { COMMIT, findCommit, splitRevision } from './revision.ts'

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

/** Newest first; those with an even number touched the file. */
const COMMITS = ['abcdef00', 'abcdef01', 'abcdef12', '12345678'].map((id) => id.padEnd(40, '9'))

function find(revision: string): Promise<string> {
  const repository = {
    *history(_branch: string, { path, limit }: { readonly path?: string; readonly limit: number }) {
      const found = COMMITS.filter((_, index) => path === undefined || index % 2 === 0)
      for (const oid of found.slice(0, limit)) yield { oid }
    },
    commit: async (name: string) => ({ oid: `commit of ${name}` }),
  } as unknown as Repository
  return findCommit(revision, { repository, branch: 'main', path: 'shop/a.yaml' })
}

test.each([
  ['1234567', COMMITS[3]],
  ['abcdef1', COMMITS[2]],
  ['~0', COMMITS[0]],
  ['~1', COMMITS[2]],
  ['v1.0', 'commit of v1.0'],
  ['a'.repeat(40), `commit of ${'a'.repeat(40)}`],
])('%s is commit %s', async (revision, commit) => {
  expect(await find(revision)).toBe(commit)
})

test.each([
  ['abcdef0', 'begins 2 commit ids: give more of it'],
  ['fffffff', 'no commit fffffff among the newest'],
  ['~2', 'has 2 versions on branch main: ~2 is before the first of them'],
])('%s is refused: %s', async (revision, message) => {
  await expect(find(revision)).rejects.toThrow(message)
})
