import { resolve } from 'node:path'
import { openRepository } from '@gitsync/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGitea } from '../../kit/gitea/index.ts'
import type { Gitea } from '../../kit/gitea/index.ts'
import { CommandError, run } from '../../kit/process/index.ts'

const author = { name: 'Ann Example', email: 'ann@example.com', date: new Date('2026-01-02T03:04:05Z') }
let gitea: Gitea
beforeAll(async () => {
  gitea = await startGitea()
})
afterAll(() => gitea.stop())

const open = (url: string, password = gitea.token) => openRepository(url, { auth: { username: 'git', password } })

test('the first commit of an empty repository, edits, a lost race, a new branch', async () => {
  const url = await gitea.createRepository('flow', { private: true, defaultBranch: 'trunk' })
  const repo = open(url)
  expect(await repo.head()).toEqual({ branch: 'refs/heads/trunk', oid: null })
  const first = await repo.edit('trunk')
  for (let i = 0; i < 60; i++) first.put(`data/file-${i}.yaml`, `value: ${i}\n`)
  first.put('top', '1')
  await first.commit({ message: 'first', author })
  const { snapshot } = await first.push()

  const before = repo.traffic
  const warm = await repo.edit('trunk', { base: snapshot })
  warm.put('data/file-7.yaml', 'value: seven\n')
  warm.delete('data/file-8.yaml')
  await warm.commit({ message: 'second', author })
  const pushed = await warm.push()
  expect(repo.traffic.requests - before.requests).toBe(1)
  expect(repo.traffic.bytesSent - before.bytesSent).toBeLessThan(1500)

  const late = await repo.edit('trunk', { base: snapshot })
  late.put('top', '2')
  await late.commit({ message: 'late', author })
  await expect(late.push()).rejects.toMatchObject({ code: 'StaleRef', details: { actual: pushed.commit } })
  const again = await repo.edit('trunk', { base: await repo.advance(snapshot, pushed.commit ?? '') })
  again.put('top', '2')
  await again.commit({ message: 'again', author })
  await again.push()

  const topic = await repo.edit('topic', { create: true, from: 'trunk' })
  topic.put('topic/only', 'x')
  await topic.commit({ message: 'topic', author })
  await topic.push()

  const other = open(url)
  expect((await other.refs({ prefix: 'refs/heads/' })).map(({ name }) => name)).toEqual([
    'refs/heads/topic',
    'refs/heads/trunk',
  ])
  const files = await other.files('topic', ['data/file-7.yaml', 'top', 'topic/only'])
  expect(files.map(({ bytes }) => bytes.toString())).toEqual(['value: seven\n', '2', 'x'])
  expect(await other.tree('trunk', { recursive: true })).toHaveLength(60)
})

test('what credentials allow: nothing without, reading a public repository, everything with', async () => {
  const hidden = await gitea.createRepository('hidden', { private: true, autoInit: true })
  const shown = await gitea.createRepository('shown', { autoInit: true })
  expect(await open(hidden).writable()).toBe(true)
  expect((await open(hidden).capabilities()).version).toBe(2)
  await expect(openRepository(hidden).refs()).rejects.toMatchObject({ code: 'Unauthorized' })
  await expect(open(hidden, 'wrong').refs()).rejects.toMatchObject({ code: 'Unauthorized' })
  const anonymous = openRepository(shown)
  expect((await anonymous.head())?.branch).toBe('refs/heads/main')
  expect(await anonymous.writable()).toBe(false)
  const edit = await anonymous.edit('main')
  edit.put('x', '1')
  await edit.commit({ message: 'm', author })
  await expect(edit.push()).rejects.toMatchObject({ code: 'Unauthorized' })
  await expect(open(hidden.replace('hidden', 'nothing')).refs()).rejects.toMatchObject({ code: 'RepositoryNotFound' })
})

test('a protected branch refuses in its own words', async () => {
  const url = await gitea.createRepository('guarded', { autoInit: true })
  await gitea.api('POST', `/repos/${gitea.user}/guarded/branch_protections`, { rule_name: 'main', enable_push: false })
  const edit = await open(url).edit('main')
  edit.put('x', '1')
  await edit.commit({ message: 'm', author })
  const error = await edit.push().catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'Rejected', message: expect.stringContaining('protected branch') })
})

test('the command: the right token writes and reads, a wrong one is code 3', async () => {
  const url = await gitea.createRepository('command', { private: true })
  const root = resolve(import.meta.dirname, '../../..')
  const command = resolve(root, 'protocol/src/cli/gitsync.ts')
  const gitsync = async (token: string, args: string[], input = ''): Promise<{ code: number | null; out: string }> => {
    const env = { PATH: process.env['PATH'], GITSYNC_TOKEN: token }
    try {
      const { stdout } = await run(resolve(root, 'node_modules/.bin/node'), [command, ...args], { env, input })
      return { code: 0, out: stdout.toString() }
    } catch (error) {
      if (error instanceof CommandError) return { code: error.exitCode, out: error.stdout }
      throw error
    }
  }
  const put = ['put-file', url, 'main', 'a/b', '-', '-m', 'm', '--author', 'Ann <ann@example.com>']
  expect(await gitsync('wrong', put, 'hello\n')).toEqual({ code: 3, out: '' })
  expect((await gitsync(gitea.token, put, 'hello\n')).code).toBe(0)
  expect(await gitsync(gitea.token, ['cat-file', url, 'HEAD', 'a/b'])).toEqual({ code: 0, out: 'hello\n' })
  expect((await gitsync('wrong', ['check', url])).code).toBe(3)
  expect(JSON.parse((await gitsync(gitea.token, ['check', '--json', url])).out)).toMatchObject({
    protocol: 2,
    readable: true,
    writable: true,
  })
  expect((await gitsync(gitea.token, ['ls-remote', url.replace('command', 'nothing')])).code).toBe(4)
})
