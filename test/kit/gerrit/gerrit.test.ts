import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { git } from '../remote/git.ts'
import { run } from '../process/index.ts'
import { startGerrit } from './index.ts'
import type { Gerrit } from './index.ts'

let gerrit: Gerrit
let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gerrit-test-'))
  gerrit = await startGerrit()
}, 180_000)
afterAll(async () => {
  await gerrit?.stop()
  await rm(scratch, { recursive: true, force: true })
})

test('the bot may push for review, and not to the branch', async () => {
  const url = new URL(await gerrit.createProject('audit'))
  url.username = gerrit.bot.name
  url.password = gerrit.bot.password
  const dir = join(scratch, 'work')
  await git(scratch, scratch, ['clone', '--quiet', url.href, dir])
  const message = `One\n\nChange-Id: I${'1'.repeat(40)}`
  const commit = ['commit', '--quiet', '--allow-empty', '-m', message]
  // Of others' commits it takes none.
  await git(dir, scratch, commit)
  await expect(git(dir, scratch, ['push', url.href, 'HEAD:refs/for/main'])).rejects.toThrow('invalid committer')
  const { name, email } = gerrit.bot
  const env = { ...process.env, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email }
  const who = ['-c', 'user.name=Bot', '-c', `user.email=${email}`]
  await run('git', [...who, ...commit, '--amend'], { cwd: dir, env })
  await expect(git(dir, scratch, ['push', url.href, 'HEAD:refs/heads/main'])).rejects.toThrow(
    /prohibited|not permitted/,
  )
  await git(dir, scratch, ['push', '--quiet', url.href, 'HEAD:refs/for/main'])
  const changes = (await gerrit.api('GET', '/changes/?q=project:audit')) as { readonly subject: string }[]
  expect(changes.map(({ subject }) => subject)).toEqual(['One'])
})
