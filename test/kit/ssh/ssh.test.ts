import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../process/index.ts'
import { startRemote } from '../remote/index.ts'
import type { Remote } from '../remote/index.ts'
import { startSshServer } from './index.ts'
import type { SshServer } from './index.ts'

let remote: Remote
let server: SshServer
let dir: string

beforeAll(async () => {
  remote = await startRemote()
  server = await startSshServer()
  dir = await mkdtemp(join(tmpdir(), 'gitsync-ssh-test-'))
})
afterAll(async () => {
  await Promise.all([remote.stop(), server.stop(), rm(dir, { recursive: true })])
})

test('git itself reads a repository through it, in version 2, before and after a restart', async () => {
  const store = await remote.createRepository('kit.git')
  const commit = await store.commitFiles({ a: '1' })
  await writeFile(join(dir, 'known'), server.knownHosts)
  const ssh = `ssh -F none -i ${server.keyFile} -o UserKnownHostsFile=${dir}/known -o IdentitiesOnly=yes`
  const list = async (): Promise<string> => {
    const { stdout } = await run('git', ['ls-remote', server.url(store.dir), 'HEAD'], {
      env: { PATH: process.env['PATH'], HOME: dir, GIT_SSH_COMMAND: ssh },
    })
    return stdout.toString()
  }
  expect(await list()).toBe(`${commit}\tHEAD\n`)
  await server.restart()
  expect(await list()).toBe(`${commit}\tHEAD\n`)
  const ran = await server.commands()
  expect(ran.map(({ command, protocol }) => [command, protocol])).toEqual(
    Array.from({ length: 2 }, () => [`git-upload-pack '${store.dir}'`, 'version=2']),
  )
  expect(new Set(ran.map(({ connection }) => connection)).size).toBe(2)
})
