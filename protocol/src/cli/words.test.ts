import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../test/kit/remote/index.ts'
import type { RequestRecord } from '../client/remote/remote.ts'
import { GitError } from '../format/errors.ts'
import { describeRequest } from './describe-request.ts'
import { inFlags } from './flag-words.ts'
import { gitsync } from './test-command.ts'

let remote: Remote
let store: TestRepository
let scratch: string

beforeAll(async () => {
  remote = await startRemote()
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-words-'))
  store = await remote.createRepository('words.git')
  await store.commitFiles({ a: '1', b: '2', 'docs/index.md': '3' })
})
afterAll(async () => {
  await remote.stop()
  await rm(scratch, { recursive: true, force: true })
})

/** Arguments behind the verb, the address first. */
const at = (verb: string, ...args: string[]) => gitsync([verb, store.url, ...args])

describe('messages name flags, and what to do', () => {
  test('at a folder that is not empty', async () => {
    await mkdir(join(scratch, 'full', 'x'), { recursive: true })
    const ran = await at('clone', join(scratch, 'full'))
    expect(ran).toMatchObject({ code: 5, err: expect.stringContaining('--resume lets') })
    expect(ran.err).not.toContain('resume: true')
  })

  test('at something that is in the way', async () => {
    const ran = await at('mv', 'main', 'a', 'b', '-m', 'm')
    expect(ran).toMatchObject({ code: 5, err: expect.stringContaining('--force lets it make way') })
    expect(ran.err).not.toContain('replace')
  })

  test('at a branch that would lose commits, and a tag that would move', async () => {
    await store.git('tag', 'fixed', 'main')
    await store.commitFiles({ other: '1' }, { branch: 'other' })
    const ran = await at('tag', 'fixed', 'other')
    expect(ran).toMatchObject({ code: 5 })
    expect(ran.err).not.toContain('force: true')
  })

  test.each([
    ['rm', ['main', 'nosuch', '-m', 'm']],
    ['mv', ['main', 'nosuch', 'else', '-m', 'm']],
  ] as const)('%s of what is not there names the branch', async (verb, args) => {
    expect(await at(verb, ...args)).toMatchObject({ code: 4, err: 'gitsync: "nosuch" does not exist in main\n' })
  })

  test('cat-file of a folder', async () => {
    expect(await at('cat-file', 'main', 'docs')).toMatchObject({ code: 1, err: expect.stringContaining('ls-tree') })
  })

  test('a repository that is not there', async () => {
    const ran = await gitsync(['ls-remote', `${remote.url}/nosuch.git`])
    expect(ran).toMatchObject({ code: 4, err: expect.stringMatching(/\(404\): check the address.*--user and --token/) })
  })

  test.each([
    ['put-file', ['main', 'a', '-m', 'm', '--from'], '--from'],
    ['ls-remote', ['--ca-file'], '--ca-file'],
    ['rm', ['main', 'a', '-m', 'm', '--sign'], '--sign'],
  ] as const)('%s %j: files that cannot be read, in words', async (verb, args, flag) => {
    const folder = await at(verb, ...args, scratch)
    expect([folder.code, folder.err]).toEqual([2, `gitsync: ${flag} "${scratch}" cannot be read: it is a folder\n`])
    const none = await at(verb, ...args, join(scratch, 'none'))
    expect(none.err).toMatch(/cannot be read: there is no such file\n$/)
  })

  test('a branch that is there already, at that commit', async () => {
    await store.git('branch', 'same', 'main')
    const tip = await store.resolve('main')
    expect(await at('branch', 'same', 'main')).toEqual({ code: 0, out: `${tip} refs/heads/same\n`, err: '' })
  })

  test('at a host that is silent', () => {
    const error = new GitError('Timeout', 'h has been silent for 9 ms (ssh.timeoutMs)')
    expect(inFlags(error)).toMatchObject({ code: 'Timeout', message: 'h has been silent for 9 ms (--timeout)' })
    const other = new Error('requestTimeoutMs')
    expect(inFlags(other)).toBe(other)
  })
})

test('flags before the verb are explained', async () => {
  for (const flag of ['-v', '--json', '--token=s3cret']) {
    const ran = await gitsync([flag, 'ls-remote', store.url])
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('flags stand behind the verb') })
    expect(ran.err).not.toContain('s3cret')
  }
  expect((await gitsync(['--version'])).code).toBe(0)
})

test('a word that an argument does not take', async () => {
  const ran = await gitsync(['completion', 'tcsh'])
  expect(ran.err).toMatch(/^gitsync: <shell> must not be 'tcsh'\. Allowed choices are bash, zsh, fish\./)
})

describe('--verbose', () => {
  const record: RequestRecord = {
    operation: 'fetch',
    method: 'POST',
    url: 'https://h/x',
    path: '/git-upload-pack',
    attempt: 1,
    authenticated: false,
    status: 200,
    bytesSent: 1,
    bytesReceived: 2,
    milliseconds: 3.4,
  }
  const ssh = { ...record, status: 0, transport: 'ssh' } as const
  test.each([
    [record, 'POST /git-upload-pack 200, 1 bytes up, 2 down, 3 ms'],
    [
      { ...record, error: 'LimitExceeded' } as const,
      'POST /git-upload-pack 200 LimitExceeded, 1 bytes up, 2 down, 3 ms',
    ],
    [
      { ...record, status: 0, error: 'Network' } as const,
      'POST /git-upload-pack no answer Network, 1 bytes up, 2 down, 3 ms',
    ],
    [{ ...ssh, exitCode: 0 }, 'SSH /git-upload-pack exit 0, 1 bytes up, 2 down, 3 ms'],
    [
      { ...ssh, exitCode: 128, error: 'Forbidden' } as const,
      'SSH /git-upload-pack exit 128 Forbidden, 1 bytes up, 2 down, 3 ms',
    ],
    [ssh, 'SSH /git-upload-pack answered, 1 bytes up, 2 down, 3 ms'],
    [{ ...ssh, error: 'Timeout' } as const, 'SSH /git-upload-pack Timeout, 1 bytes up, 2 down, 3 ms'],
  ])('%#', (given, line) => {
    expect(describeRequest(given)).toBe(line)
  })
})

describe('over SSH', () => {
  const ADDRESS = 'ssh://git@127.0.0.1:1/x.git'

  test.each([
    ['--user', 'ann'],
    ['--token', 's3cret'],
    ['--ca-file', '/nonexistent'],
    ['--cert', '/nonexistent'],
    ['--proxy', 'http://127.0.0.1:1'],
  ])('%s is an error of usage', async (flag, value) => {
    const ran = await gitsync(['ls-remote', ADDRESS, flag, value])
    expect(ran).toMatchObject({ code: 2, err: expect.stringMatching(new RegExp(`${flag} is for HTTP: .*--key`)) })
    expect(ran.err).not.toContain('ssh.')
  })

  test('their twins are left aside, which -v tells', async () => {
    const env = { GITSYNC_TOKEN: 's3cret', GITSYNC_PROXY: 'http://127.0.0.1:1' }
    const ran = await gitsync(['ls-remote', ADDRESS, '-v', '--retries', '0'], { env })
    expect(ran.code).toBe(7)
    expect(ran.err).toContain('GITSYNC_TOKEN is for HTTP')
    expect(ran.err).toContain('GITSYNC_PROXY is for HTTP')
    expect(ran.err).not.toContain('s3cret')
    expect((await gitsync(['ls-remote', ADDRESS, '--retries', '0'], { env })).err).not.toContain('GITSYNC_')
  })

  test('what a mirror needs for the other repository, behind HTTP, is no mistake', async () => {
    await writeFile(join(scratch, 'ca.pem'), '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n')
    const flags = ['--ca-file', join(scratch, 'ca.pem'), '--retries', '0']
    expect((await gitsync(['mirror', store.url, ADDRESS, ...flags])).code).not.toBe(2)
    expect((await gitsync(['mirror', ADDRESS, ADDRESS, ...flags])).code).toBe(2)
  })
})
