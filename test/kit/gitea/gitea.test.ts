import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { git } from '../remote/git.ts'
import { startGitea } from './index.ts'
import type { Gitea } from './index.ts'

let gitea: Gitea
let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gitea-test-'))
  gitea = await startGitea()
})
afterAll(async () => {
  await gitea.stop()
  await rm(scratch, { recursive: true, force: true })
})

const withLogin = (url: string, user: string, secret: string) => url.replace('://', `://${user}:${secret}@`)

test('git pushes a first commit with the token, and reads it back with the password', async () => {
  const url = await gitea.createRepository('first')
  const dir = join(scratch, 'work')
  await git(scratch, scratch, ['init', '--quiet', '--initial-branch=main', dir])
  await writeFile(join(dir, 'a.txt'), 'hello\n')
  await git(dir, scratch, ['add', '.'])
  await git(dir, scratch, ['commit', '--quiet', '-m', 'first'])
  await expect(git(dir, scratch, ['push', url, 'main'])).rejects.toThrow(/could not read Username|Authentication/)
  await git(dir, scratch, ['push', '--quiet', withLogin(url, 'anyone', gitea.token), 'main'])
  const listed = await git(scratch, scratch, ['ls-remote', withLogin(url, gitea.user, gitea.password), 'main'])
  expect(listed.split('\t')[0]).toBe(await git(dir, scratch, ['rev-parse', 'HEAD']))
  // The page side learns of a push from a queue; until then its API answers as for an empty repository, or not at all.
  const contents = () => gitea.api('GET', `/repos/${gitea.user}/first/contents/a.txt`).catch(() => null)
  await expect.poll(contents, { timeout: 10_000 }).toMatchObject({ size: 6 })
})

test('private repositories are hidden, public ones are not', async () => {
  const hidden = await gitea.createRepository('hidden', { private: true, autoInit: true, defaultBranch: 'trunk' })
  const open = await gitea.createRepository('open', { autoInit: true })
  await expect(git(scratch, scratch, ['ls-remote', hidden])).rejects.toThrow(/could not read Username|Authentication/)
  expect(await git(scratch, scratch, ['ls-remote', withLogin(hidden, 'x', gitea.token)])).toContain('refs/heads/trunk')
  expect(await git(scratch, scratch, ['ls-remote', open])).toMatch(/^[0-9a-f]{40}\tHEAD/)
})

test('the API says why it refuses', async () => {
  await expect(gitea.api('GET', '/repos/gitsync/nothing')).rejects.toThrow(/404 to GET \/repos\/gitsync\/nothing/)
})

test('pages render and nobody can register', async () => {
  const page = await fetch(`${gitea.url}/${gitea.user}`)
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(gitea.user)])
  const form = await (await fetch(`${gitea.url}/user/sign_up`)).text()
  expect(form).not.toContain('name="password"')
})
