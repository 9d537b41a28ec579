import { openRepository } from '@gitsync/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGitea } from '../../kit/gitea/index.ts'
import type { Gitea } from '../../kit/gitea/index.ts'
import { author } from './fixture.ts'

let gitea: Gitea
beforeAll(async () => {
  gitea = await startGitea()
})
afterAll(() => gitea.stop())

const open = (url: string) => openRepository(url, { auth: { username: 'git', password: gitea.token } })

test('branches and tags come, move and go, several at once', async () => {
  const repo = open(await gitea.createRepository('refs', { private: true, autoInit: true }))
  const tip = (await repo.head())?.oid ?? ''
  await repo.createBranch('one', 'main')
  await repo.renameBranch('one', 'two')
  await repo.createTag('v1', 'two', { message: 'First', tagger: author })
  await expect(repo.createTag('v1', 'two')).rejects.toMatchObject({ code: 'RefExists' })
  const results = await repo.push(
    [
      { ref: 'refs/heads/two', old: tip, new: null },
      { ref: 'refs/heads/three', old: null, new: tip },
    ],
    { atomic: true },
  )
  expect(results.map(({ status }) => status)).toEqual(['ok', 'ok'])
  const refs = await repo.refs({ prefix: 'refs/' })
  expect(refs.map(({ name, peeled }) => `${name} ${peeled ?? ''}`.trim())).toEqual([
    'refs/heads/main',
    'refs/heads/three',
    `refs/tags/v1 ${tip}`,
  ])
})

test('a push for review becomes a pull request, and says where', async () => {
  const repo = open(await gitea.createRepository('review', { autoInit: true }))
  const main = await repo.head()
  const edit = await repo.edit('refs/for/main', { create: true, from: 'main' })
  edit.put('proposal', 'x')
  const commit = await edit.commit({ message: 'Propose', author })
  const pushed = await edit.push({ pushOptions: ['topic=proposal', 'title=Please look'] })
  expect(pushed).toMatchObject({ status: 'pushed', options: { refName: 'refs/pull/1/head' } })
  expect(await repo.head()).toEqual(main)
  expect(await repo.refs({ prefix: 'refs/pull/1/head' })).toMatchObject([{ oid: commit }])
})

test('folders move and merges are made as on any server', async () => {
  const repo = open(await gitea.createRepository('moves', { autoInit: true }))
  const edit = await repo.edit('main')
  for (let i = 0; i < 20; i++) edit.put(`from/x${i}/y`, String(i))
  await edit.commit({ message: 'files', author })
  await edit.push()
  const side = await repo.edit('side', { create: true, from: 'main' })
  side.move('from', 'to/there')
  side.put('to/there/x3/y', 'three')
  await side.commit({ message: 'move', author })
  const { commit: merged } = await side.push()
  edit.moveTree('from', 'to/there')
  edit.put('to/there/x3/y', 'three')
  await edit.commit({ message: 'merge', author, mergeParents: ['side'] })
  await edit.push()
  expect((await repo.commit('main')).parents[1]).toBe(merged)
  const files = await repo.tree('main', { path: 'to/there', recursive: true })
  expect(files).toHaveLength(20)
  expect((await repo.file('main', 'to/there/x3/y')).bytes.toString()).toBe('three')
})
