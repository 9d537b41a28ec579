import { createHmac, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository } from '@gitsync/protocol'
import type { Repository, RepositoryOptions, RequestRecord, SshOptions } from '@gitsync/protocol'
import ssh2 from 'ssh2'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { run, startProcess } from '../../kit/process/index.ts'
import type { TestRepository } from '../../kit/remote/index.ts'
import { startSshServer } from '../../kit/ssh/index.ts'
import type { RanCommand, SshServer } from '../../kit/ssh/index.ts'
import { author, changeFile, FILES, useRemote } from './fixture.ts'

/** Machines that do much else. */
const SLOW = { timeout: 30_000 }
const { fresh } = useRemote()
let servers: Record<0 | 2, SshServer>
let dir: string

beforeAll(async () => {
  servers = { 0: await startSshServer({ acceptProtocol: false }), 2: await startSshServer() }
  dir = await mkdtemp(join(tmpdir(), 'gitsync-ssh-client-'))
})
afterAll(async () => {
  await Promise.all(Object.values(servers).map((server) => server.stop()))
  await rm(dir, { recursive: true })
})

function open(
  store: TestRepository,
  version: 0 | 2 = 2,
  ssh: SshOptions = {},
  more: RepositoryOptions = {},
): Repository {
  const { privateKey, knownHosts } = servers[version]
  return openRepository(servers[version].url(store.dir), { ...more, ssh: { privateKey, knownHosts, ...ssh } })
}

/** What ran for this repository. */
async function ran(store: TestRepository, version: 0 | 2 = 2): Promise<RanCommand[]> {
  return (await servers[version].commands()).filter(({ command }) => command.endsWith(`'${store.dir}'`))
}

const names = (commands: readonly RanCommand[]): string[] => commands.map(({ command }) => command.split(' ')[0] ?? '')

const UP = 'git-upload-pack'
const DOWN = 'git-receive-pack'

describe.each([0, 2] as const)('version %i over SSH', (version) => {
  test('refs, head, trees, files and a push: a command each, over one connection', async () => {
    const store = await fresh(FILES)
    await store.git('tag', '-a', '-m', 'one', 'v1', 'main')
    await using repo = open(store, version)
    const tip = await store.resolve('main')
    expect(await repo.head()).toEqual({ branch: 'refs/heads/main', oid: tip })
    const tags = await repo.refs({ prefix: 'refs/tags/' })
    expect(tags).toEqual([{ name: 'refs/tags/v1', oid: await store.resolve('v1'), peeled: tip }])
    expect((await repo.capabilities()).version).toBe(version)
    // What an older server says first answers the question that it did not understand.
    expect(names(await ran(store, version))).toEqual([UP, UP])
    expect((await repo.tree('main', { recursive: true })).map(({ path }) => path)).toEqual(Object.keys(FILES).sort())
    const files = await repo.files('main', ['a/b/c/d', 'other/deep/er/file'])
    expect(files.map(({ bytes }) => bytes.toString())).toEqual(['1', FILES['other/deep/er/file']])
    const commit = await changeFile(repo, 'a/b/c/d', '2')
    expect(await store.resolve('main')).toBe(commit)
    expect((await store.readFile('main', 'a/b/c/d')).toString()).toBe('2')
    await store.fsck()
    const commands = await ran(store, version)
    expect(names(commands).filter((name) => name === DOWN)).toHaveLength(1)
    expect(commands).toHaveLength(repo.traffic.requests)
    expect(new Set(commands.map(({ connection }) => connection)).size).toBe(1)
  })

  test('an edit with the tip known is one command, a moved branch costs two more', async () => {
    const store = await fresh(FILES)
    await using repo = open(store, version)
    const first = await repo.edit('main')
    first.put('a/x', '2')
    await first.commit({ message: 'one', author })
    const { snapshot } = await first.push()
    await store.commitFiles({ theirs: '1' })
    const before = (await ran(store, version)).length
    const tip = (await repo.tip('main')) ?? ''
    const edit = await repo.edit('main', { base: await repo.advance(snapshot, tip) })
    edit.put('a/x', '3')
    await edit.commit({ message: 'two', author })
    await edit.push()
    expect(names((await ran(store, version)).slice(before))).toEqual([UP, UP, DOWN])
    expect((await store.readFile('main', 'theirs')).toString()).toBe('1')
    await store.fsck()
  })

  test('an empty repository gets its first commit', async () => {
    const store = await fresh()
    await using repo = open(store, version)
    expect(await repo.refs()).toEqual(version === 2 ? [{ name: 'HEAD', oid: null, symref: 'refs/heads/main' }] : [])
    const commit = await changeFile(repo, 'first', '1')
    expect(await store.resolve('main')).toBe(commit)
    await store.fsck()
  })

  test('a repository of SHA-256 is read and edited', async () => {
    const store = await fresh(FILES, { objectFormat: 'sha256' })
    await using repo = open(store, version)
    const commit = await changeFile(repo, 'a/b/c/d', '2')
    expect(await store.resolve('main')).toBe(commit)
    expect((await repo.file(commit, 'a/b/c/d')).bytes.toString()).toBe('2')
    await store.fsck()
  })

  test('without filters the files are dropped as they come', async () => {
    const store = await fresh(FILES, { config: { 'uploadpack.allowFilter': 'false' } })
    await using repo = open(store, version)
    expect((await repo.tree('main', { path: 'a/b' })).map(({ path }) => path)).toEqual(['a/b/c'])
    expect((await repo.file('main', 'top')).bytes.toString()).toBe('top')
  })

  test('a lost race and a hook that refuses are told apart', async () => {
    const store = await fresh(FILES)
    await using repo = open(store, version)
    const edit = await repo.edit('main')
    edit.put('a/x', '2')
    await edit.commit({ message: 'm', author })
    await store.commitFiles({ theirs: '1' })
    await expect(edit.push()).rejects.toMatchObject({ code: 'StaleRef' })
    await writeFile(join(store.dir, 'hooks', 'pre-receive'), '#!/bin/sh\necho not today >&2\nexit 1\n', { mode: 0o755 })
    await expect(changeFile(repo, 'a/x', '3')).rejects.toMatchObject({
      code: 'Rejected',
      details: { remote: expect.arrayContaining([expect.stringContaining('not today')]) },
    })
  })

  test('a repository that does not exist is told as such, for reading and for pushing', async () => {
    const store = await fresh(FILES)
    const { privateKey, knownHosts } = servers[version]
    await using repo = openRepository(servers[version].url('/nowhere/at all.git'), { ssh: { privateKey, knownHosts } })
    await expect(repo.refs()).rejects.toMatchObject({
      code: 'RepositoryNotFound',
      message: expect.stringContaining('does not appear to be a git repository'),
    })
    await expect(repo.writable()).rejects.toMatchObject({ code: 'RepositoryNotFound' })
    await using other = open(store, version)
    expect(await other.writable()).toBe(true)
  })
})

test('a path reaches git as it is, whatever the shell makes of its characters', async () => {
  const store = await fresh(FILES)
  const odd = join(dir, `it's "odd" $HOME !x \`y\`.git`)
  await run('git', ['clone', '--bare', '--quiet', store.dir, odd])
  const { privateKey, knownHosts } = servers[2]
  await using repo = openRepository(servers[2].url(encodeURI(odd)), { ssh: { privateKey, knownHosts } })
  expect((await repo.head())?.oid).toBe(await store.resolve('main'))
})

test('a large push and a large answer pass in pieces', async () => {
  const store = await fresh(FILES)
  await using repo = open(store)
  const big = Buffer.alloc(6 << 20, 0).map((_, i) => (i * 2_654_435_761) >>> 13)
  const edit = await repo.edit('main')
  edit.put('big', big)
  await edit.commit({ message: 'big', author })
  await edit.push()
  expect((await repo.file('main', 'big')).bytes.equals(big)).toBe(true)
})

test('each request is told of, with what there is over SSH in place of a status', async () => {
  const store = await fresh(FILES)
  const records: RequestRecord[] = []
  await using repo = open(store, 2, {}, { onRequest: (record) => records.push(record) })
  await changeFile(repo, 'a/x', '2')
  expect(
    records.map(({ operation, path, status, transport, exitCode }) => [operation, path, status, transport, exitCode]),
  ).toEqual(
    expect.arrayContaining([
      ['ls-refs', '/git-upload-pack', 0, 'ssh', 0],
      ['fetch', '/git-upload-pack', 0, 'ssh', 0],
      ['push', '/git-receive-pack', 0, 'ssh', undefined],
    ]),
  )
  expect(records).toHaveLength(repo.traffic.requests)
  expect(records.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0)).toBe(repo.traffic.bytesReceived)
  expect(records.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBe(repo.traffic.bytesSent)
  expect(Math.min(...records.map(({ bytesReceived }) => bytesReceived))).toBeGreaterThan(0)
})

test('many requests at once share a connection and wait their turn', async () => {
  const store = await fresh(FILES)
  await using repo = open(store)
  const refs = await Promise.all(Array.from({ length: 30 }, () => repo.refs()))
  expect(new Set(refs.map((list) => list.length))).toEqual(new Set([2]))
  const commands = await ran(store)
  expect(commands).toHaveLength(30)
  expect(new Set(commands.map(({ connection }) => connection)).size).toBe(1)
})

test('a connection that the host has closed, or that was closed here, is opened again', async () => {
  const store = await fresh(FILES)
  await using repo = open(store)
  await repo.refs()
  await servers[2].restart()
  expect(await repo.refs()).toHaveLength(2)
  await repo.close()
  expect(await repo.refs()).toHaveLength(2)
  expect(new Set((await ran(store)).map(({ connection }) => connection)).size).toBe(3)
})

test('an idle connection ends by itself, and keeps no process alive', async () => {
  const store = await fresh(FILES)
  const script = `
    import { openRepository } from '@gitsync/protocol'
    const repo = openRepository(process.env.URL, { ssh: { privateKey: process.env.KEY, knownHosts: process.env.KNOWN } })
    console.log((await repo.refs()).length)`
  const { url, privateKey, knownHosts } = servers[2]
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, URL: url(store.dir), KEY: privateKey, KNOWN: knownHosts },
    timeout: 20_000,
  })
  expect(stdout.toString()).toBe('2\n')
  await using repo = open(store, 2, { idleTimeoutMs: 1 })
  await repo.refs()
  await expect
    .poll(async () => {
      await repo.refs()
      return new Set((await ran(store)).map(({ connection }) => connection)).size
    }, SLOW)
    .toBeGreaterThan(2)
})

describe('logging in', () => {
  /** A new one that the server lets in, with the passphrase `open sesame`. */
  async function lockedKey(): Promise<Buffer> {
    const file = join(dir, `locked-${randomUUID()}`)
    await run('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', 'open sesame', '-f', file])
    await servers[2].letIn(await readFile(`${file}.pub`, 'utf8'))
    return readFile(file)
  }

  test('a key with a passphrase', async () => {
    const store = await fresh(FILES)
    const privateKey = await lockedKey()
    await using repo = open(store, 2, { privateKey, passphrase: 'open sesame' })
    expect(await repo.refs()).toHaveLength(2)
    await using without = open(store, 2, { privateKey })
    await expect(without.refs()).rejects.toMatchObject({
      code: 'InvalidInput',
      message: expect.stringMatching(/passphrase/),
    })
    await using wrong = open(store, 2, { privateKey, passphrase: 's3cret' })
    const error: Error = await wrong.refs().then(
      () => new Error('no error'),
      (reason: Error) => reason,
    )
    expect(error).toMatchObject({ code: 'InvalidInput' })
    expect(error.message).not.toContain('s3cret')
  })

  test('a passphrase is hashed once, however often the connection is opened', async () => {
    const store = await fresh(FILES)
    const privateKey = await lockedKey()
    const hashed = vi.spyOn(ssh2.utils, 'parseKey')
    try {
      await using repo = open(store, 2, { privateKey, passphrase: 'open sesame', idleTimeoutMs: 1 })
      await expect
        .poll(async () => {
          await repo.refs()
          return new Set((await ran(store)).map(({ connection }) => connection)).size
        }, SLOW)
        .toBeGreaterThan(1)
      expect(hashed.mock.calls.filter(([, passphrase]) => passphrase !== undefined)).toHaveLength(1)
    } finally {
      hashed.mockRestore()
    }
  })

  test('an agent', async () => {
    const store = await fresh(FILES)
    const socket = join(dir, 'agent')
    const probe = async (): Promise<boolean> => {
      await run('ssh-add', ['-q', servers[2].keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
      return true
    }
    const agent = await startProcess('ssh-agent', ['-D', '-a', socket], { ready: { probe } })
    try {
      const { url, knownHosts } = servers[2]
      await using repo = openRepository(url(store.dir), { ssh: { agent: socket, knownHosts } })
      expect(await repo.refs()).toHaveLength(2)
    } finally {
      await agent.stop()
    }
    const { url, knownHosts } = servers[2]
    await using gone = openRepository(url(store.dir), { ssh: { agent: join(dir, 'none'), knownHosts } })
    await expect(gone.refs()).rejects.toMatchObject({ code: 'Unauthorized', message: expect.stringContaining('agent') })
  })

  test('a key that is not let in, no key, and a wrong user', async () => {
    const store = await fresh(FILES)
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'stranger')])
    await using stranger = open(store, 2, { privateKey: await readFile(join(dir, 'stranger')) })
    await expect(stranger.refs()).rejects.toMatchObject({ code: 'Unauthorized' })
    const { port, knownHosts, privateKey } = servers[2]
    const url = `ssh://nobody@127.0.0.1:${port}${store.dir}`
    await using none = openRepository(url, { ssh: { knownHosts } })
    await expect(none.refs()).rejects.toMatchObject({
      code: 'Unauthorized',
      message: expect.stringContaining('none were given'),
    })
    await using user = openRepository(url, { ssh: { knownHosts, privateKey } })
    await expect(user.refs()).rejects.toMatchObject({
      code: 'Unauthorized',
      message: expect.stringContaining('"nobody"'),
    })
    expect(await ran(store)).toEqual([])
  })

  test('what is no key, and credentials that are for HTTP', async () => {
    const store = await fresh(FILES)
    await using repo = open(store, 2, { privateKey: 'no key' })
    await expect(repo.refs()).rejects.toMatchObject({ code: 'InvalidInput' })
    expect(() => open(store, 2, {}, { auth: { bearer: 'x' } })).toThrowError(
      expect.objectContaining({ code: 'InvalidInput' }),
    )
  })
})

describe('knowing the host', () => {
  const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
  const hashed = (name: string): string => {
    const salt = Buffer.alloc(20, 7)
    return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
  }
  const place = (): string => `[127.0.0.1]:${servers[2].port}`

  test.each<[string, () => SshOptions | Promise<SshOptions>]>([
    [
      'its fingerprint',
      () => ({ hostKeys: ['SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', servers[2].fingerprint] }),
    ],
    ['a hashed line', () => ({ knownHosts: `${hashed(place())} ${servers[2].hostKey}` })],
    ['a pattern', () => ({ knownHosts: `[127.0.0.?]:* ${servers[2].hostKey}` })],
    ['one of several keys', () => ({ knownHosts: `${place()} ${other}\n${place()} ${servers[2].hostKey}` })],
    [
      'a file among others',
      async () => {
        await writeFile(join(dir, 'known'), servers[2].knownHosts)
        await writeFile(join(dir, 'empty'), '')
        return { knownHostsFiles: [join(dir, 'empty'), join(dir, 'known')] }
      },
    ],
  ])('by %s', async (_what, options) => {
    const store = await fresh(FILES)
    await using repo = open(store, 2, await options())
    expect(await repo.refs()).toHaveLength(2)
  })

  test.each<[string, () => SshOptions, RegExp]>([
    ['nobody knows', () => ({ knownHosts: '' }), /not among the known hosts/],
    ['the user does not know', () => ({ knownHosts: undefined as never }), /not among the known hosts/],
    ['is known at another port', () => ({ knownHosts: `127.0.0.1 ${servers[2].hostKey}` }), /not among/],
    ['is excepted', () => ({ knownHosts: `${place()},!${place()} ${servers[2].hostKey}` }), /not among/],
    ['has another key', () => ({ knownHosts: `${place()} ${other}` }), /not the one it is known by/],
    [
      'has another fingerprint',
      () => ({ hostKeys: ['SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'] }),
      /none of ssh.hostKeys/,
    ],
    [
      'has a revoked key',
      () => ({ knownHosts: `${servers[2].knownHosts}\n@revoked * ${servers[2].hostKey}` }),
      /revoked/,
    ],
    [
      'an authority vouches for',
      () => ({ knownHosts: `@cert-authority * ${servers[2].hostKey}` }),
      /certificates are not supported/,
    ],
  ])('a host that %s is refused, before anything is said to it', async (_what, options, message) => {
    const store = await fresh(FILES)
    await using repo = open(store, 2, options())
    await expect(repo.refs()).rejects.toMatchObject({
      code: 'UntrustedHost',
      message: expect.stringMatching(message),
      details: { actual: servers[2].fingerprint },
    })
    expect(await ran(store)).toEqual([])
  })

  test('a file that cannot be read is no permission', async () => {
    await using repo = open(await fresh(FILES), 2, { knownHosts: '', knownHostsFiles: [join(dir, 'missing')] })
    await expect(repo.refs()).rejects.toMatchObject({ code: 'InvalidInput', details: { field: 'ssh.knownHostsFiles' } })
  })
})

describe('ends', () => {
  test('an abort ends the request, and the connection serves the next', async () => {
    const store = await fresh(FILES)
    const stop = new AbortController()
    await using repo = open(store, 2, {}, { signal: stop.signal })
    await repo.refs()
    const waiting = repo.refs()
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'Aborted' })
    await expect(repo.refs()).rejects.toMatchObject({ code: 'Aborted' })
  })

  test('a signal for one call ends that alone, over the connection of all', async () => {
    const store = await fresh(FILES)
    await using repo = open(store, 2)
    await repo.refs()
    await expect(repo.with({ signal: AbortSignal.abort() }).refs()).rejects.toMatchObject({ code: 'Aborted' })
    expect(await repo.with({ signal: new AbortController().signal }).refs()).toHaveLength(2)
    expect(new Set((await ran(store)).map(({ connection }) => connection)).size).toBe(1)
  })

  test('a command that takes too long, and the next one that does not', async () => {
    const store = await fresh(FILES)
    await using repo = open(store, 2, {}, { requestTimeoutMs: 2000 })
    // Longer than anybody waits; it ends by itself, as nobody tells a hook that its client is gone.
    await writeFile(join(store.dir, 'hooks', 'pre-receive'), '#!/bin/sh\nsleep 30\n', { mode: 0o755 })
    await expect(changeFile(repo, 'a/x', '2')).rejects.toMatchObject({
      code: 'Timeout',
      details: { limit: 'requestTimeoutMs' },
    })
    expect(await repo.refs()).toHaveLength(2)
  })

  test('an answer that exceeds the limit', async () => {
    const store = await fresh({ big: 'x'.repeat(10) + Array.from({ length: 20_000 }, (_, i) => i * 7919).join('') })
    await using repo = open(store, 2, {}, { limits: { maxResponseBytes: 20_000 } })
    await expect(repo.file('main', 'big')).rejects.toMatchObject({
      code: 'LimitExceeded',
      details: { limit: 'maxResponseBytes' },
    })
    expect(await repo.refs()).toHaveLength(2)
  })

  test('nobody listens', async () => {
    const { privateKey, knownHosts } = servers[2]
    await using repo = openRepository('ssh://git@127.0.0.1:1/x.git', { ssh: { privateKey, knownHosts } })
    await expect(repo.refs()).rejects.toMatchObject({
      code: 'Network',
      message: expect.stringContaining('nothing listens'),
    })
  })
})
