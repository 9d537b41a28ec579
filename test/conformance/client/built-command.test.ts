import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../../../scripts/bundle.ts'
import { CommandError, run } from '../../kit/process/index.ts'
import type { TestRepository } from '../../kit/remote/index.ts'
import { startSshServer } from '../../kit/ssh/index.ts'
import type { SshServer } from '../../kit/ssh/index.ts'
import { FILES, useRemote } from './fixture.ts'

/** Bundled code has no folder of packages beside it, and loads parts of itself when they are needed. */
const { fresh } = useRemote()
let server: SshServer
let home: string
let command: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'gitsync-built-'))
  command = await bundle('gitsync', join(home, 'bin'))
  server = await startSshServer()
  await mkdir(join(home, '.ssh'))
  await writeFile(join(home, '.ssh', 'known_hosts'), server.knownHosts)
})
afterAll(async () => {
  await server.stop()
  await rm(home, { recursive: true, force: true })
})

/** The executable as users run it, in a process of its own. */
async function gitsync(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const own = { HOME: home, PATH: process.env['PATH'] ?? '', ...PERSON, ...env }
  try {
    const { stdout, stderr } = await run(process.execPath, [command, ...args], { env: own })
    return { code: 0, out: stdout.toString(), err: stderr }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { code: error.exitCode, out: error.stdout, err: error.stderr }
  }
}

const PERSON = { GIT_AUTHOR_NAME: 'Ann Example', GIT_AUTHOR_EMAIL: 'ann@example.com' }

/** A verb over SSH. */
const over = (verb: string, store: TestRepository, args: readonly string[] = [], env = {}) =>
  gitsync([verb, server.url(store.dir), ...args, '--key', server.keyFile], env)

describe('the built command over SSH', () => {
  test('lists, and tells of its requests what there is to tell', async () => {
    const store = await fresh(FILES)
    const ran = await over('ls-remote', store, ['-v'], { GITSYNC_TOKEN: 's3cret' })
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.out).toContain(`${await store.resolve('main')}\trefs/heads/main\n`)
    expect(ran.err).toMatch(/^GITSYNC_TOKEN is for HTTP.*\nSSH \/git-upload-pack exit 0, .*\n$/)
  })

  test('--max-bytes holds for all answers together', async () => {
    const store = await fresh(FILES)
    const ran = await over('clone', store, [join(home, 'out'), '--max-bytes', '900'])
    expect(ran).toMatchObject({ code: 6 })
    expect(ran.err).toMatch(/exceeds max(?:Total|Response)Bytes \(900\).*--max-bytes/)
  })

  test('commits with a signature of an OpenSSH key', async () => {
    const store = await fresh(FILES)
    const file = join(home, 'content')
    await writeFile(file, 'new\n')
    const args = ['main', 'top', '--from', file, '-m', 'm', '--sign', server.keyFile]
    expect(await over('put-file', store, args)).toMatchObject({ code: 0 })
    expect((await store.readFile('main', 'top')).toString()).toBe('new\n')
    expect(await store.git('cat-file', 'commit', 'main')).toContain('-----BEGIN SSH SIGNATURE-----')
    await store.fsck()
  })
})

test('the built command shows its help, and signs over HTTP as well', async () => {
  const help = await gitsync(['--help'])
  expect([help.code, help.out]).toEqual([0, expect.stringContaining('Usage: gitsync')])
  const store = await fresh(FILES)
  const ran = await gitsync(['rm', store.url, 'main', 'top', '-m', 'm', '--sign', server.keyFile])
  expect([ran.code, ran.err]).toEqual([0, ''])
  expect(await store.git('cat-file', 'commit', 'main')).toContain('-----BEGIN SSH SIGNATURE-----')
})
