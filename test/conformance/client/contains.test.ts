import { openRepository } from '@gitsync/protocol'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { useRemote } from './fixture.ts'
import { speaking } from './old-server.ts'
import { randomHistory, write } from './random-history.ts'

const remote = useRemote()
let count = 0

test('a commit is in the history of another where git says that it is an ancestor; one request', async () => {
  const property = fc.asyncProperty(
    randomHistory(fc.nat(50), 14),
    fc.array(fc.tuple(fc.nat(13), fc.nat(13)), { minLength: 4, maxLength: 4 }),
    async (history, pairs) => {
      const { store, oids } = await write(remote, `contains-${++count}.git`, history)
      const repo = openRepository(store.url)
      for (const pair of pairs) {
        const [from = '', to = ''] = pair.map((index) => oids[index % oids.length] ?? '')
        const isAncestor = await store.git('merge-base', '--is-ancestor', to, from).then(
          () => true,
          () => false,
        )
        const before = repo.traffic.requests
        expect(await repo.contains(from, to)).toBe(isAncestor)
        expect(repo.traffic.requests - before).toBe(from === to ? 0 : 1)
      }
    },
  )
  await fc.assert(property, { numRuns: 15, seed: 9, endOnFailure: true })
})

test.each([0, 1])('servers of version %i answer as well', async (version) => {
  const store = await remote.fresh({ a: '1' })
  const first = await store.commitFiles({ a: '2' })
  const main = await store.commitFiles({ a: '3' })
  const other = await store.commitFiles({ a: '4' }, { branch: 'other', parents: [first] })
  const repo = openRepository(store.url, { transport: speaking(version) })
  expect(await repo.contains('main', first)).toBe(true)
  expect(await repo.contains('main', main)).toBe(true)
  expect(await repo.contains('main', other)).toBe(false)
  expect(await repo.contains('other', main)).toBe(false)
})

test('a commit that nobody has is an error, not an answer', async () => {
  const store = await remote.fresh({ a: '1' })
  await expect(openRepository(store.url).contains('main', '1'.repeat(40))).rejects.toMatchObject({ name: 'GitError' })
})
