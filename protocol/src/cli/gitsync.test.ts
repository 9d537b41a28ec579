import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { request } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeCertificates } from '../../../test/kit/cluster/certificates.ts'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../test/kit/remote/index.ts'

const NODE = resolve(import.meta.dirname, '../../../node_modules/.bin/node')
const COMMAND = join(import.meta.dirname, 'gitsync.ts')
const AUTHOR = ['--author', 'Ann Example <ann@example.com>']

interface Ran {
  readonly code: number | null
  readonly stdout: Buffer
  readonly out: string
  readonly err: string
}

interface Given {
  readonly env?: Record<string, string>
  readonly input?: string | Uint8Array
  readonly program?: string
}

/** The real command in a process of its own, with an environment that holds nothing but what the test gives. */
async function gitsync(args: readonly string[], { env = {}, input = '', program = COMMAND }: Given = {}): Promise<Ran> {
  const child = spawn(NODE, [program, ...args], {
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...env },
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const ended = new Promise<number | null>((done) => child.once('close', done))
  const [stdout, stderr, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended])
  return { code, stdout, out: stdout.toString(), err: stderr.toString() }
}

let remote: Remote
let scratch: string
let count = 0

beforeAll(async () => {
  remote = await startRemote()
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-cli-'))
})
afterAll(async () => {
  await remote.stop()
  await rm(scratch, { recursive: true, force: true })
})
beforeEach(() => {
  remote.reset()
})

const fresh = (options?: Parameters<Remote['createRepository']>[1]): Promise<TestRepository> =>
  remote.createRepository(`cli-${++count}.git`, options)

async function listening(server: Server): Promise<{ port: number; [Symbol.asyncDispose](): Promise<void> }> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      if ('closeAllConnections' in server) (server.closeAllConnections as () => void)()
      await new Promise((done) => server.close(done))
    },
  }
}

describe('usage', () => {
  test.each([
    [[], /Usage: gitsync/],
    [['ls-tree'], /missing required argument 'url'/],
    [['ls-tree', 'http://127.0.0.1:1/x', 'main', 'a', 'b'], /too many arguments/],
    [['ls-tree', '--nonsense', 'http://127.0.0.1:1/x', 'main'], /unknown option '--nonsense'/],
    [['check', '--timeout', 'soon', 'http://127.0.0.1:1/x'], /seconds/],
    [['check', '--max-bytes', '0', 'http://127.0.0.1:1/x'], /positive number of bytes/],
    [
      ['check', '--ca-file', '/nonexistent/ca.pem', 'https://127.0.0.1:1/x'],
      /--ca-file ".*" cannot be read: there is no such file/,
    ],
    [['check', '--user', 'ann', 'http://127.0.0.1:1/x'], /--user needs --token/],
    [['check', '--bearer', 'http://127.0.0.1:1/x'], /--bearer needs --token/],
    [['check', 'ftp://host/x'], /must be https:.*ssh:.*not "ftp/],
    [['ls-tree', 'http://127.0.0.1:1/x', 'a..b'], /no name that Git allows/],
    [['cat-file', 'http://127.0.0.1:1/x', 'main', '../x'], /has a part "\.\."/],
  ])('%j is refused with code 2 and says why', async (args, message) => {
    const { code, err, out } = await gitsync(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(message)
  })

  test('help and version are no errors', async () => {
    const help = await gitsync(['--help'])
    expect([help.code, help.out]).toEqual([0, expect.stringContaining('put-file')])
    expect((await gitsync(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect((await gitsync(['ls-tree', '--help'])).out).toContain('--name-only')
  })

  test('credentials in a URL are refused, the remedy is named, and they are not repeated', async () => {
    for (const url of [
      'https://ann:s3cret@git.example/x',
      'ssh://ann:s3cret@git.example/x',
      'ann:s3cret@git.example/x',
    ]) {
      const { code, err } = await gitsync(['ls-remote', url])
      expect(code).toBe(2)
      expect(err).not.toContain('s3cret')
    }
    expect((await gitsync(['ls-remote', 'https://ann:s3cret@git.example/x'])).err).toMatch(/--token.*GITSYNC_TOKEN/)
  })
})

describe('verbs of other packages', () => {
  test('run the executable beside the command, with its arguments, input, environment and exit code', async () => {
    const bin = join(scratch, 'bin')
    await mkdir(bin)
    await symlink(COMMAND, join(bin, 'gitsync'))
    await writeFile(join(bin, 'gitsync-hello'), '#!/bin/sh\nread line\necho "$line:$*:$GIVEN"\necho oops >&2\nexit 9\n')
    await chmod(join(bin, 'gitsync-hello'), 0o755)
    const ran = await gitsync(['hello', '-v', '--json', 'a b'], {
      program: join(bin, 'gitsync'),
      env: { GIVEN: 'env' },
      input: 'input\n',
    })
    expect(ran).toMatchObject({ code: 9, out: 'input:-v --json a b:env\n', err: 'oops\n' })
  })

  test('are found on PATH, run on the same Node, and tell how they were killed', async () => {
    const bin = join(scratch, 'path')
    await mkdir(bin)
    await writeFile(
      join(bin, 'gitsync-version-of-node'),
      '#!/usr/bin/env node\nprocess.stdout.write(process.version)\n',
      { mode: 0o755 },
    )
    await writeFile(join(bin, 'gitsync-dies'), '#!/bin/sh\nkill -TERM $$\n', { mode: 0o755 })
    await writeFile(join(bin, 'gitsync-plain-file'), 'not executable')
    const env = { PATH: `${bin}:${process.env['PATH']}` }
    expect((await gitsync(['version-of-node'], { env })).out).toMatch(/^v24\./)
    expect((await gitsync(['dies'], { env })).code).toBe(143)
    expect((await gitsync(['plain-file'], { env })).code).toBe(2)
  })

  test('get the signals that are sent to the command', async () => {
    const bin = join(scratch, 'signals')
    await mkdir(bin)
    // It ends by itself, should the signal never come.
    const loop = 'for i in $(seq 300); do sleep 0.05; done'
    const script = `#!/bin/sh\ntrap "echo stopped; exit 5" TERM\necho ready\n${loop}\n`
    await writeFile(join(bin, 'gitsync-waits'), script, { mode: 0o755 })
    const child = spawn(NODE, [COMMAND, 'waits'], { env: { PATH: `${bin}:${process.env['PATH']}` } })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      if (out === 'ready\n') child.kill('SIGTERM')
    })
    expect(await new Promise((done) => child.once('close', done))).toBe(5)
    expect(out).toBe('ready\nstopped\n')
  })

  test('unknown everywhere: code 2 and the list of verbs', async () => {
    for (const verb of ['nonsense', '../check', 'ls_tree']) {
      const { code, err } = await gitsync([verb])
      expect(code).toBe(2)
      expect(err).toMatch(/no verb.*check, ls-remote, ls-tree, cat-file, .*put-file/)
    }
  })
})

describe('reading', () => {
  let store: TestRepository
  beforeAll(async () => {
    store = await fresh()
    await store.commitFiles({
      'dir/file': 'x',
      'dir-a': 'y',
      'dir.b': 'z',
      'dir/sub/deep/file': 'deep',
      'tab\there': '1',
      'quote"d': '2',
      'back\\slash': '3',
      'ünïcode/ñ': '4',
      'line\nbreak/x': '5',
      'sp ace': '6',
      'bell\u0007': '7',
      run: { mode: '100755', content: '#!' },
      link: { mode: '120000', content: 'dir/file' },
      module: { mode: '160000', content: 'a'.repeat(40) },
      binary: Buffer.from([0, 255, 10, 13, 0]),
    })
    const blob = await store.gitWith({ input: 'latin' }, 'hash-object', '-w', '--stdin')
    const tree = await store.gitWith({ input: Buffer.from(`100644 blob ${blob}\tcaf\xe9\0`, 'latin1') }, 'mktree', '-z')
    const listing = await store.git('ls-tree', 'main')
    const root = await store.gitWith({ input: `${listing}\n040000 tree ${tree}\tlatin\n` }, 'mktree')
    const commit = await store.git('commit-tree', '-p', 'main', '-m', 'odd', root)
    await store.git('update-ref', 'refs/heads/main', commit)
    await store.git('tag', 'light', 'main~1')
    await store.git('tag', '-a', '-m', 'a tag', 'v1', 'main')
    await store.git('update-ref', 'refs/pull/1/head', 'main')
  })
  const gitLines = async (...args: string[]): Promise<string> => `${await store.git(...args)}\n`

  test.each([
    [['main'], ['main']],
    [
      ['-r', 'main'],
      ['-r', 'main'],
    ],
    [
      ['main', 'dir'],
      ['main', 'dir/'],
    ],
    [
      ['main', 'dir/'],
      ['main', 'dir/'],
    ],
    [
      ['-r', 'main', 'dir'],
      ['-r', 'main', 'dir/'],
    ],
    [
      ['main', 'dir/sub/deep'],
      ['main', 'dir/sub/deep/'],
    ],
    [
      ['main', 'dir/file'],
      ['main', 'dir/file'],
    ],
    [
      ['main', 'run'],
      ['main', 'run'],
    ],
    [
      ['main', 'latin'],
      ['main', 'latin/'],
    ],
    [
      ['--name-only', 'main'],
      ['--name-only', 'main'],
    ],
    [
      ['-r', '--name-only', 'refs/tags/v1'],
      ['-r', '--name-only', 'v1'],
    ],
    [
      ['-rz', 'v1'],
      ['-rz', 'v1'],
    ],
    [['light'], ['light']],
    [
      ['HEAD', 'ünïcode'],
      ['HEAD', 'ünïcode/'],
    ],
  ])('ls-tree %j prints what git ls-tree %j prints, byte for byte', async (ours, theirs) => {
    const flags = ours.filter((arg) => arg.startsWith('-'))
    const rest = ours.filter((arg) => !arg.startsWith('-'))
    const { code, stdout, err } = await gitsync(['ls-tree', ...flags, store.url, ...rest])
    expect([code, err]).toEqual([0, ''])
    const expected = await store.git('ls-tree', ...theirs)
    expect(stdout.toString('latin1')).toBe(
      flags.includes('-rz') ? Buffer.from(await raw(theirs)).toString('latin1') : `${expected}\n`,
    )
  })
  const raw = async (args: string[]): Promise<Buffer> => {
    const child = spawn('git', ['ls-tree', ...args], { cwd: store.dir })
    return await buffer(child.stdout)
  }

  test('ls-tree of a full commit id, as JSON', async () => {
    const commit = await store.resolve('main')
    const { out } = await gitsync(['ls-tree', '--json', store.url, commit ?? '', 'dir'])
    expect(JSON.parse(out)).toEqual([
      { path: 'dir/file', mode: '100644', type: 'blob', size: 1, oid: await store.resolve('main:dir/file') },
      { path: 'dir/sub', mode: '040000', type: 'tree', oid: await store.resolve('main:dir/sub') },
    ])
    const modules = JSON.parse((await gitsync(['ls-tree', '--json', store.url, 'main'])).out)
    expect(modules).toContainEqual({ path: 'module', mode: '160000', type: 'commit', oid: 'a'.repeat(40) })
  })

  test('cat-file prints bytes as they are, and as JSON', async () => {
    const { stdout, code } = await gitsync(['cat-file', store.url, 'main', 'binary'])
    expect([code, [...stdout]]).toEqual([0, [0, 255, 10, 13, 0]])
    expect(JSON.parse((await gitsync(['cat-file', '--json', store.url, 'v1', 'run'])).out)).toEqual({
      path: 'run',
      oid: await store.resolve('main:run'),
      mode: '100755',
      size: 2,
      base64: 'IyE=',
    })
  })

  test('ls-remote prints what git ls-remote prints', async () => {
    expect((await gitsync(['ls-remote', store.url])).out).toBe(await gitLines('ls-remote', '.'))
    expect((await gitsync(['ls-remote', '--heads', store.url])).out).toBe(await gitLines('ls-remote', '--heads', '.'))
    expect((await gitsync(['ls-remote', '--tags', store.url])).out).toBe(await gitLines('ls-remote', '--tags', '.'))
    expect((await gitsync(['ls-remote', store.url, 'refs/pull/'])).out).toMatch(/^[0-9a-f]{40}\trefs\/pull\/1\/head\n$/)
    expect((await gitsync(['ls-remote', store.url, 'v'])).out.split('\n')[0]).toMatch(/\trefs\/tags\/v1$/)
    expect(await gitsync(['ls-remote', '--heads', store.url, 'refs/tags/v1'])).toMatchObject({ code: 0, out: '' })
    const json = JSON.parse((await gitsync(['ls-remote', '--json', store.url])).out)
    const commit = await store.resolve('main')
    expect(json).toContainEqual({ name: 'HEAD', oid: commit, symref: 'refs/heads/main' })
    expect(json).toContainEqual({ name: 'refs/tags/v1', oid: await store.resolve('refs/tags/v1'), peeled: commit })
  })

  test('ls-remote of an empty repository lists nothing', async () => {
    const empty = await fresh()
    expect(await gitsync(['ls-remote', '--json', empty.url])).toMatchObject({ code: 0, out: '[]\n' })
  })

  test('a 64-digit commit id of a SHA-256 repository is read without a look at its refs', async () => {
    const wide = await fresh({ objectFormat: 'sha256' })
    const commit = await wide.commitFiles({ a: '1' })
    expect(await gitsync(['cat-file', wide.url, commit, 'a'])).toMatchObject({ code: 0, out: '1' })
  })

  test.each([
    [['ls-tree', 'nowhere'], 4],
    [['ls-tree', 'main', 'no/such'], 4],
    [['ls-tree', 'f'.repeat(40)], 4],
    [['cat-file', 'main', 'no/such'], 4],
    [['cat-file', 'main', 'dir'], 1],
    [['cat-file', 'main', 'module'], 1],
  ])('%j ends with code %i and one line', async ([verb = '', ...rest], code) => {
    const ran = await gitsync([verb, store.url, ...rest])
    expect([ran.code, ran.out]).toEqual([code, ''])
    expect(ran.err).toMatch(/^gitsync: [^\n]+\n$/)
  })

  test('a reader that leaves early is no error', async () => {
    const big = await fresh()
    await big.commitFiles({ big: Buffer.alloc(3 << 20, 'x') })
    const child = spawn(NODE, [COMMAND, 'cat-file', big.url, 'main', 'big'], { env: { PATH: process.env['PATH'] } })
    child.stdout.once('data', () => child.stdout.destroy())
    const [err, code] = await Promise.all([buffer(child.stderr), new Promise((done) => child.once('close', done))])
    expect([err.toString(), code]).toEqual(['', 0])
  })
})

describe('put-file', () => {
  test('commits standard input and tells what it did', async () => {
    const store = await fresh()
    const old = await store.commitFiles({ keep: '1', 'a/b': { mode: '100755', content: 'old' } })
    const args = ['put-file', store.url, 'main', 'a/b', '-', '-m', 'Change it', ...AUTHOR, '--json']
    const { code, out, err } = await gitsync([...args, '--committer', 'Bot <bot@example.com>'], {
      input: Buffer.from([0, 1, 255]),
    })
    expect([code, err]).toEqual([0, ''])
    const commit = await store.resolve('main')
    expect(JSON.parse(out)).toEqual({
      ref: 'refs/heads/main',
      old,
      commit,
      requests: remote.requests.length,
      bytesSent: remote.requests.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
      bytesReceived: remote.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
    })
    expect(await store.git('log', '-1', '--format=%an|%ae|%cn|%ce|%B', 'main')).toBe(
      'Ann Example|ann@example.com|Bot|bot@example.com|Change it\n',
    )
    expect([...(await store.readFile('main', 'a/b'))]).toEqual([0, 1, 255])
    expect((await store.lsTree('main')).map(({ mode, path }) => `${mode} ${path}`)).toEqual([
      '100755 a/b',
      '100644 keep',
    ])
    await store.fsck()
  })

  test('the first commit of an empty repository, from a file, by the identity of the environment', async () => {
    const store = await fresh()
    const file = join(scratch, 'content')
    await writeFile(file, 'from a file\n')
    const env = { GIT_AUTHOR_NAME: 'Env Person', GIT_AUTHOR_EMAIL: 'env@example.com', GITSYNC_MESSAGE: 'by twin' }
    const ran = await gitsync(['put-file', store.url, 'main', 'x', '--from', file, '--json'], { env })
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(ran.out).old).toBeNull()
    expect(await store.git('log', '--format=%an %ae %cn %s', 'main')).toBe(
      'Env Person env@example.com Env Person by twin',
    )
  })

  test('a new branch is created with its first commit; one that exists is a conflict', async () => {
    const store = await fresh()
    const start = await store.commitFiles({ a: '1' })
    const args = ['put-file', store.url, 'topic', 'a', '-', '-m', 'm', ...AUTHOR, '--create-branch', 'main', '--json']
    const first = await gitsync(args, { input: '2' })
    expect(first.code).toBe(0)
    expect(JSON.parse(first.out)).toMatchObject({
      ref: 'refs/heads/topic',
      old: null,
      commit: await store.resolve('topic'),
    })
    expect(await store.resolve('topic~1')).toBe(start)
    expect(await gitsync(args, { input: '3' })).toMatchObject({ code: 5, out: '' })
  })

  test('nothing to change sends nothing and is no error', async () => {
    const store = await fresh()
    const tip = await store.commitFiles({ a: 'same' })
    const ran = await gitsync(['put-file', store.url, 'main', 'a', '-', '-m', 'm', ...AUTHOR, '--json'], {
      input: 'same',
    })
    expect(ran).toMatchObject({ code: 0, err: 'nothing to change\n' })
    expect(JSON.parse(ran.out)).toMatchObject({ old: tip, commit: tip })
    expect(await store.resolve('main')).toBe(tip)
  })

  test('a lost race is run again on the new tip, three times, then it is a conflict', async () => {
    const store = await fresh()
    await store.commitFiles({ a: '1' })
    let foreign = 0
    const race = async (): Promise<void> => {
      await store.commitFiles({ [`theirs-${++foreign}`]: 'x' })
    }
    const args = ['put-file', store.url, 'main', 'a', '-', '-m', 'm', ...AUTHOR]
    remote.faults.beforeReceivePack(race, { times: 3 })
    expect((await gitsync(args, { input: '2' })).code).toBe(0)
    expect((await store.lsTree('main')).map(({ path }) => path)).toEqual(['a', 'theirs-1', 'theirs-2', 'theirs-3'])
    expect(await store.log('main')).toHaveLength(5)

    remote.reset()
    remote.faults.beforeReceivePack(race, { times: Infinity })
    expect((await gitsync(args, { input: '3' })).code).toBe(5)
    expect(foreign).toBe(7)
    expect((await store.readFile('main', 'a')).toString()).toBe('2')
  })

  test.each([
    [['-m', 'm', ...AUTHOR], /either - \(standard input\) or --from/],
    [['-', '--from', 'x', '-m', 'm', ...AUTHOR], /either - \(standard input\) or --from/],
    [['content', '-m', 'm', ...AUTHOR], /not "content"/],
    [['--from', '/nonexistent/x', '-m', 'm', ...AUTHOR], /--from ".*" cannot be read: there is no such file/],
    [['-', ...AUTHOR], /-m <message> is needed/],
    [['-', '-m', 'm'], /--author "Name <mail@example.com>" is needed/],
    [['-', '-m', 'm', '--author', 'Ann'], /must look like/],
    [['-', '-m', 'm', '--author', 'Ann <>'], /must not be empty/],
    [['-', '-m', 'm', '--author', 'Ann <a@b>\nparent 1 <x@y>'], /must look like/],
    [['-', '-m', ' \n', ...AUTHOR], /message must not be empty/],
  ])('%j is refused with code 2, and nothing is pushed', async (args, message) => {
    const store = await fresh()
    const ran = await gitsync(['put-file', store.url, 'main', 'a', ...args], { input: 'x' })
    expect([ran.code, ran.out]).toEqual([2, ''])
    expect(ran.err).toMatch(message)
    expect(await store.resolve('main')).toBeNull()
  })

  test('a branch that does not exist beside others is not made up', async () => {
    const store = await fresh()
    await store.commitFiles({ a: '1' })
    const args = ['put-file', store.url, 'typo', 'a', '-', '-m', 'm', ...AUTHOR]
    expect((await gitsync(args, { input: 'x' })).code).toBe(4)
    await store.git('symbolic-ref', 'HEAD', 'refs/heads/gone')
    expect((await gitsync(args, { input: 'x' })).code).toBe(4)
    expect(await store.resolve('typo')).toBeNull()
  })
})

describe('check', () => {
  test('tells protocol, capabilities and rights', async () => {
    const store = await fresh()
    const { code, out } = await gitsync(['check', '--json', store.url])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      protocol: 2,
      capabilities: { 'ls-refs': 'unborn', 'object-format': 'sha1' },
      readable: true,
      writable: true,
    })
    expect((await gitsync(['check', store.url])).out).toMatch(
      /^protocol: 2\nreadable: yes\nwritable: yes\ncapability: /,
    )
  })

  test('a repository that may not be written is no error', async () => {
    const store = await fresh({ config: { 'http.receivepack': 'false' } })
    const { code, out } = await gitsync(['check', '--json', store.url])
    expect([code, JSON.parse(out)]).toMatchObject([0, { readable: true, writable: false }])
  })

  test.each([
    [401, 3],
    [403, 3],
    [404, 4],
    [503, 7],
  ])('unreadable (%i): code %i, and the findings all the same', async (status, expected) => {
    const store = await fresh()
    remote.faults.status(status, { times: Infinity })
    const { code, out } = await gitsync(['check', '--json', store.url])
    expect(JSON.parse(out)).toEqual({ protocol: null, capabilities: {}, readable: false, writable: false })
    expect(code).toBe(expected)
  })

  test('an older protocol is told, and no error', async () => {
    const line = `${'a'.repeat(40)} HEAD\0multi_ack ofs-delta agent=old/1\n`
    const packet = (text: string): string => (text.length + 4).toString(16).padStart(4, '0') + text
    await using server = await listening(
      createServer((incoming, response) => {
        const service = new URL(incoming.url ?? '', 'http://x').searchParams.get('service') ?? ''
        response.writeHead(200, { 'content-type': `application/x-${service}-advertisement` })
        response.end(`${packet(`# service=${service}\n`)}0000${packet(line)}0000`)
      }),
    )
    const { code, out } = await gitsync(['check', '--json', `http://127.0.0.1:${server.port}/x.git`])
    expect(JSON.parse(out)).toMatchObject({ protocol: 0, capabilities: { agent: 'old/1' }, readable: true })
    expect(code).toBe(0)
  })
})

describe('connection', () => {
  test('Basic with user git, a given user, or Bearer; flags win over their twins', async () => {
    const open = async (auth: { user: string; password: string } | { bearer: string }) => {
      const guarded = await startRemote({ auth })
      await (await guarded.createRepository('r.git')).commitFiles({ a: '1' })
      return { url: `${guarded.url}/r.git`, [Symbol.asyncDispose]: () => guarded.stop() }
    }
    await using basic = await open({ user: 'git', password: 's3cret' })
    const read = ['cat-file', basic.url, 'main', 'a']
    expect(await gitsync([...read, '--token', 's3cret'])).toMatchObject({ code: 0, out: '1' })
    expect(await gitsync(read, { env: { GITSYNC_TOKEN: 's3cret' } })).toMatchObject({ code: 0, out: '1' })
    expect((await gitsync([...read, '--token', 'wr0ng'], { env: { GITSYNC_TOKEN: 's3cret' } })).code).toBe(3)
    expect((await gitsync([...read, '--user', 'ann', '--token', 's3cret'])).code).toBe(3)
    expect((await gitsync([...read, '--token', 's3cret'], { env: { GITSYNC_BEARER: 'false' } })).code).toBe(0)
    expect((await gitsync(read)).code).toBe(3)

    await using bearer = await open({ bearer: 't0ken' })
    const other = ['cat-file', bearer.url, 'main', 'a', '--token', 't0ken']
    expect((await gitsync([...other, '--bearer'])).code).toBe(0)
    expect((await gitsync(other, { env: { GITSYNC_BEARER: '1' } })).code).toBe(0)
    expect((await gitsync(other)).code).toBe(3)
  })

  test('a token that the server sends back is blotted out, in every spelling', async () => {
    const store = await fresh()
    const basic = Buffer.from('git:s3cret').toString('base64')
    for (const given of [['--token', 's3cret'], ['--token=s3cret'], []]) {
      remote.faults.status(403, { body: `you sent s3cret as Basic ${basic}` })
      const { code, err } = await gitsync(['ls-remote', '-v', store.url, ...given], {
        env: { GITSYNC_TOKEN: 's3cret' },
      })
      expect(code).toBe(3)
      expect(err).toContain('you sent *** as Basic ***')
      expect(err).not.toMatch(new RegExp(`s3cret|${basic}`))
    }
  })

  test('-v prints one line per request', async () => {
    const store = await fresh()
    await store.commitFiles({ a: '1' })
    const { err } = await gitsync(['cat-file', '-v', store.url, 'main', 'a'])
    expect(err).toMatch(/^(POST \/git-upload-pack 200, \d+ bytes up, \d+ down, \d+ ms\n){3}$/)
  })

  test('--max-bytes counts all answers together', async () => {
    const store = await fresh()
    await store.commitFiles({ a: Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * i * 31) >> 3)) })
    const used = async (flags: string[]): Promise<Ran> => gitsync(['cat-file', store.url, 'main', 'a', ...flags])
    expect((await used(['--max-bytes', '100k'])).code).toBe(0)
    const largest = Math.max(...remote.requests.map(({ bytesOut }) => bytesOut))
    const ran = await used(['--max-bytes', String(largest)])
    expect(ran).toMatchObject({ code: 6, out: '' })
    expect(ran.err).toContain('--max-bytes')
  })

  test('--timeout ends silence, and a server that never quite falls silent', async () => {
    const store = await fresh()
    remote.faults.hold({ times: Infinity })
    expect((await gitsync(['ls-remote', '--timeout', '0.3', store.url])).code).toBe(7)
    await using drip = await listening(
      createServer((_incoming, response) => {
        response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
        const timer = setInterval(() => response.write('1'), 50)
        response.once('close', () => {
          clearInterval(timer)
        })
      }),
    )
    const ran = await gitsync(['ls-remote', '--timeout', '0.5', `http://127.0.0.1:${drip.port}/x.git`])
    expect([ran.code, ran.err]).toEqual([7, expect.stringContaining('does not answer in time')])
  })

  test('--ca-file adds an authority', async () => {
    const store = await fresh()
    await store.commitFiles({ a: '1' })
    const dir = join(scratch, 'tls')
    await mkdir(dir)
    const { ca, serving } = await makeCertificates(dir)
    const server = createTlsServer(
      { cert: await readFile(serving.cert), key: await readFile(serving.key) },
      (incoming, outgoing) => {
        const { method, url = '', headers } = incoming
        const onward = request(new URL(url, remote.url), { method, headers } as never, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
          answer.pipe(outgoing)
        })
        incoming.pipe(onward)
      },
    )
    await using tls = await listening(server)
    const url = `https://127.0.0.1:${tls.port}/${store.name}`
    expect((await gitsync(['cat-file', url, 'main', 'a'])).code).toBe(7)
    expect(await gitsync(['cat-file', url, 'main', 'a', '--ca-file', ca])).toMatchObject({ code: 0, out: '1' })
    expect((await gitsync(['cat-file', url, 'main', 'a'], { env: { GITSYNC_CA_FILE: ca } })).code).toBe(0)
    const junk = await gitsync(['cat-file', url, 'main', 'a', '--ca-file', COMMAND])
    expect(junk).toMatchObject({ code: 2, err: expect.stringContaining('no PEM certificate') })
  })

  test('the network down is code 7', async () => {
    expect((await gitsync(['ls-remote', 'http://127.0.0.1:1/x.git'])).code).toBe(7)
  })
})
