import { expect, test } from 'vitest'
import { openRepository } from '@gitsync/protocol'
import { useWorlds } from '../testing/worlds.ts'
import { fakeForge } from './testing/fake-forge.ts'
import { REVIEW } from './testing/reviewed-world.ts'
import { withdraw } from './withdraw.ts'

const worlds = useWorlds()

test.each([
  [undefined, []],
  ['shop', ['review/ben']],
  ['zoo', ['review/ann']],
])('a GitSync of %s that ends takes what it has proposed back, and nothing else', async (folder, left) => {
  const { repository } = await worlds.create()
  await repository.commitFiles({ README: 'hello\n' })
  const forge = fakeForge(repository)
  for (const [branch, path] of [
    ['review/ann', 'shop'],
    ['review/ben', 'zoo'],
  ] as const) {
    await repository.git('branch', branch, 'main')
    await repository.commitFiles({ [`${path}/a.yaml`]: 'a\n', 'shop/.gitsync': 'shop\n' }, { branch })
    await forge.create({ head: branch, base: 'main', title: '', body: '', isDraft: false })
  }
  const connection = { key: '', repository: openRepository(repository.url), forge: () => forge }
  const committer = await repository.git('log', '-1', '--format=%ce', 'review/ann')
  for (const branch of ['review/ann', 'review/ben', 'review/gone'])
    await withdraw(connection, branch, { settings: REVIEW, committer, folder })
  expect(forge.requests.filter(({ state }) => state === 'Open').map(({ head }) => head)).toEqual(left)
  const branches = await repository.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/review/')
  expect(branches.split('\n').filter((branch) => branch !== '')).toEqual(left)
})
