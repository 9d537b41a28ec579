import { openRepository } from '@gitsync/protocol'
import type { Repository } from '@gitsync/protocol'
import { describe, expect, test } from 'vitest'
import type { TestRepository } from '../../kit/remote/index.ts'
import { author, changeFile, FILES, useRemote } from './fixture.ts'
import { speaking } from './old-server.ts'
import { overtaken } from './overtaken.ts'
import { band, FLUSH, packet, scriptedServer } from './scripted-server.ts'

const remote = useRemote()
const { fresh, sent } = remote
const LOOK = 'GET refs'
const ASK = 'POST git-upload-pack'
const PUSH = 'POST git-receive-pack'

describe.each([0, 1] as const)('a server of version %i', (version) => {
  const open = (store: TestRepository): Repository => openRepository(store.url, { transport: speaking(version) })

  test('refs come with peeled tags and symbolic refs; the version is learned once, each listing is fresh', async () => {
    const store = await fresh(FILES)
    await store.git('tag', '-a', '-m', 'one', 'v1', 'main')
    await store.git('branch', 'other', 'main')
    const [tip, tag] = [await store.resolve('main'), await store.resolve('v1')]
    const repo = open(store)
    expect(await repo.refs()).toEqual([
      { name: 'HEAD', oid: tip, symref: 'refs/heads/main' },
      { name: 'refs/heads/main', oid: tip },
      { name: 'refs/heads/other', oid: tip },
      { name: 'refs/tags/v1', oid: tag, peeled: tip },
    ])
    expect(sent()).toEqual([ASK, LOOK])
    expect((await repo.refs({ prefix: 'refs/heads/o' })).map(({ name }) => name)).toEqual(['refs/heads/other'])
    const moved = await store.commitFiles({ new: '1' })
    expect(await repo.head()).toEqual({ branch: 'refs/heads/main', oid: moved })
    expect(sent()).toEqual([ASK, LOOK, LOOK, LOOK])
    expect((await repo.capabilities()).version).toBe(version)
    expect(sent()).toHaveLength(4)
  })

  test.each([
    ['sends what refs lead to', {}],
    ['sends any object', { 'uploadpack.allowAnySHA1InWant': 'true' }],
    ['has no filters', { 'uploadpack.allowFilter': 'false' }],
    [
      'sends any object and has no filters',
      { 'uploadpack.allowAnySHA1InWant': 'true', 'uploadpack.allowFilter': 'false' },
    ],
  ])('that %s is read and edited', async (_what, config: Record<string, string>) => {
    const store = await fresh(FILES, { config })
    const repo = open(store)
    expect((await repo.tree('main', { path: 'a/b' })).map(({ path }) => path)).toEqual(['a/b/c'])
    expect((await repo.tree('main', { recursive: true })).map(({ path }) => path)).toEqual(Object.keys(FILES).sort())
    expect((await repo.file('main', 'a/x')).bytes.toString()).toBe('x')
    const files = await repo.files('main', ['a/b/c/d', 'other/deep/er/file'])
    expect(files.map(({ bytes }) => bytes.toString())).toEqual(['1', FILES['other/deep/er/file']])
    const before = remote.requests.length
    const commit = await changeFile(repo, 'a/b/c/d', '2')
    expect(
      sent()
        .slice(before)
        .filter((line) => line === LOOK),
    ).toHaveLength(1)
    expect(remote.requests.slice(before).map(({ status }) => status)).not.toContain(500)
    expect(await store.resolve('main')).toBe(commit)
    expect((await store.readFile('main', 'a/b/c/d')).toString()).toBe('2')
    await store.fsck()
  })

  test('a first request by commit id learns the version as well, in one look', async () => {
    const store = await fresh(FILES)
    const tip = (await store.resolve('main')) ?? ''
    const repo = open(store)
    expect((await repo.tree(tip)).map(({ path }) => path)).toEqual(['a', 'other', 'top'])
    expect(sent()).toEqual([ASK, LOOK, ASK])
    expect((await repo.tree(tip, { path: 'a' })).map(({ path }) => path)).toEqual(['a/b', 'a/x'])
    expect(sent().filter((line) => line === LOOK)).toHaveLength(1)
  })

  test('several at once look once', async () => {
    const store = await fresh(FILES)
    const tip = (await store.resolve('main')) ?? ''
    const repo = open(store)
    await Promise.all([repo.tree(tip), repo.tree(tip), repo.tree(tip)])
    expect(sent().filter((line) => line === LOOK)).toHaveLength(1)
  })

  test('an empty repository is created by the first push', async () => {
    const store = await fresh()
    const repo = open(store)
    expect(await repo.refs()).toEqual([])
    expect(await repo.head()).toBeNull()
    remote.reset()
    const commit = await changeFile(repo, 'first', '1')
    // Whether there are branches at all, and what only those who push are told: which hash function it is. At the end
    // whether "ok" was true, since a server that says nothing of itself may be any.
    expect(sent()).toEqual([LOOK, LOOK, LOOK, PUSH, LOOK])
    expect(await store.resolve('main')).toBe(commit)
    await store.fsck()
    expect(await repo.head()).toEqual({ branch: 'refs/heads/main', oid: commit })
  })

  test('a warm push is one request, and a moved branch costs what differs', async () => {
    const store = await fresh()
    const repo = open(store)
    const snapshot = await overtaken(store, repo)
    remote.reset()
    const tip = (await repo.tip('main')) ?? ''
    const edit = await repo.edit('main', { base: await repo.advance(snapshot, tip) })
    edit.put('mine/a', '3')
    await edit.commit({ message: 'ours', author })
    await edit.push()
    expect(sent()).toEqual([LOOK, ASK, PUSH])
    expect(remote.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)).toBeLessThan(10_000)
    await store.fsck()
    expect((await store.readFile('main', 'theirs/9')).toString()).toBe('x')
  })

  test('a repository of SHA-256 is read and edited', async () => {
    const store = await fresh(FILES, { objectFormat: 'sha256' })
    const repo = open(store)
    expect((await repo.file('main', 'a/b/c/d')).bytes.toString()).toBe('1')
    const commit = await changeFile(repo, 'a/b/c/d', '2')
    expect(commit).toHaveLength(64)
    expect(await store.resolve('main')).toBe(commit)
    await store.fsck()
  })

  test('an empty repository of SHA-256 gets its first commit', async () => {
    const store = await fresh({}, { objectFormat: 'sha256' })
    const commit = await changeFile(open(store), 'first', '1')
    expect(await store.resolve('main')).toBe(commit)
  })
})

describe.each([
  ['sha256', 'f'.repeat(40)],
  ['sha1', 'f'.repeat(64)],
] as const)('the hash function of a repository (%s) is learned from what it answers', (objectFormat, other) => {
  test.each([0, 1, 2] as const)('over version %i', async (version) => {
    const store = await fresh(FILES, { objectFormat })
    const tip = (await store.resolve('main')) ?? ''
    const repo = openRepository(store.url, version === 2 ? {} : { transport: speaking(version) })
    // Nothing is known yet: an id that the repository cannot have is missing there, and leaves no trace.
    await expect(repo.commit(other)).rejects.toMatchObject({ code: 'ObjectMissing' })
    expect((await repo.commit(tip)).oid).toBe(tip)
    expect((await repo.refs({ prefix: 'refs/heads/' })).map(({ oid }) => oid)).toEqual([tip])
    await expect(repo.commit(other)).rejects.toMatchObject({ code: 'InvalidInput' })
    const id = await changeFile(repo, 'a/x', '2')
    expect(id).toHaveLength(tip.length)
    expect(await store.resolve('main')).toBe(id)
  })
})

describe('what old servers say', () => {
  const refLines = (...lines: string[]): Buffer =>
    Buffer.concat([packet('# service=git-upload-pack\n'), FLUSH, ...lines.map(packet), FLUSH])
  const oid = 'a'.repeat(40)

  test.each([
    ['400', { status: 400, type: 'text/plain', body: 'bad request' }],
    ['405', { status: 405, type: 'text/html', body: '<html>' }],
    ['500', { status: 500, type: 'text/plain', body: 'Traceback' }],
    ['ERR', { body: packet('ERR upload-pack: expected want\n') }],
    ['NAK', { body: packet('NAK\n') }],
    ['nothing', { body: '' }],
    ['text', { body: 'fatal: protocol error' }],
  ])('a command answered with %s leads to one look', async (_what, reply) => {
    await using server = await scriptedServer(({ method }) =>
      method === 'GET'
        ? { body: refLines(`${oid} HEAD\0ofs-delta symref=HEAD:refs/heads/main\n`, `${oid} refs/heads/main\n`) }
        : reply,
    )
    const repo = openRepository(server.url, { retry: false })
    expect(await repo.head()).toEqual({ branch: 'refs/heads/main', oid })
    await repo.refs()
    const asked = server.asked.map(({ method }) => method)
    expect(asked.slice(asked.indexOf('GET'))).toEqual(['GET', 'GET'])
  })

  test.each([
    [503, 'ServerError'],
    [401, 'Unauthorized'],
    [404, 'RepositoryNotFound'],
    [429, 'RateLimited'],
  ])('%i is no sign of an old server', async (status, code) => {
    await using server = await scriptedServer(() => ({ status, type: 'text/plain', body: 'no' }))
    await expect(openRepository(server.url, { retry: false }).refs()).rejects.toMatchObject({ code })
    expect(server.asked.map(({ method }) => method)).toEqual(['POST'])
  })

  test('a current server that fails is not taken for an old one: its error stands', async () => {
    await using server = await scriptedServer(({ method }) =>
      method === 'GET'
        ? { body: Buffer.concat([packet('version 2\n'), packet('ls-refs\n'), packet('fetch\n'), FLUSH]) }
        : { status: 500, type: 'text/plain', body: 'broken' },
    )
    await expect(openRepository(server.url, { retry: false }).refs()).rejects.toMatchObject({ code: 'ServerError' })
  })

  test('a server that becomes current in between is met as such', async () => {
    const store = await fresh(FILES)
    await using server = await scriptedServer(
      ({ method }) => (method === 'GET' ? { body: refLines(`${oid} HEAD\0ofs-delta\n`) } : { body: '' }),
      store.url,
    )
    const repo = openRepository(server.url)
    expect((await repo.refs()).map((ref) => ref.oid)).toEqual([oid])
    server.rule = () => undefined
    expect((await repo.refs({ prefix: 'refs/heads/' })).map((ref) => ref.oid)).toEqual([await store.resolve('main')])
  })

  test.each([
    ['a line without a name', [`${oid}\n`]],
    ['a line that is no ref', [`${oid} HEAD\0x\n`, 'hello world\n']],
  ])('%s is malformed', async (_what, lines) => {
    await using server = await scriptedServer(({ method }) =>
      method === 'GET' ? { body: refLines(...lines) } : { body: '' },
    )
    await expect(openRepository(server.url).refs()).rejects.toMatchObject({ code: 'Malformed' })
  })

  test('more refs than allowed are refused by name', async () => {
    const lines = Array.from({ length: 20 }, (_, i) => `${oid} refs/heads/b${i}\n`)
    await using server = await scriptedServer(({ method }) =>
      method === 'GET' ? { body: refLines(...lines) } : { body: '' },
    )
    await expect(openRepository(server.url, { limits: { maxRefs: 10 } }).refs()).rejects.toMatchObject({
      code: 'LimitExceeded',
      details: { limit: 'maxRefs' },
    })
  })

  test.each([
    ['without side-band', [] as string[]],
    ['with the older side-band', ['side-band']],
    ['without shallow fetches', ['side-band-64k', 'ofs-delta']],
  ])('a server %s is read: only what it offers is asked for', async (_what, words) => {
    const store = await fresh(FILES)
    const tip = (await store.resolve('main')) ?? ''
    await using server = await scriptedServer(async (asked, forward) => {
      if (asked.method === 'GET')
        return { body: refLines(`${tip} HEAD\0${words.join(' ')}\n`, `${tip} refs/heads/main\n`) }
      return asked.lines[0]?.startsWith('want ') === true ? { body: await forward() } : { body: '' }
    }, store.url)
    const old = openRepository(server.url, { transport: speaking(0) })
    expect((await old.file('main', 'a/b/c/d')).bytes.toString()).toBe('1')
    const wants = server.asked.flatMap(({ lines }) => lines.filter((line) => line.startsWith('want ')))
    for (const want of wants) expect(want.split(' ').slice(2).filter(Boolean)).toEqual(words)
    expect(wants.length).toBeGreaterThan(0)
  })

  const LISTED = packet(`${oid} refs/heads/main\n`)
  test.each([
    ['the first line', refLines().subarray(0, -4)],
    ['a line in the middle', Buffer.concat([refLines(`${oid} HEAD\0ofs-delta\n`).subarray(0, -4), LISTED])],
    ['the capabilities of version 2', Buffer.concat([packet('version 2\n'), packet('ls-refs\n')])],
  ])('an advertisement that ends behind %s tells nothing: refs that it does not list may exist', async (_what, cut) => {
    await using server = await scriptedServer(({ method }) => ({ body: method === 'GET' ? cut : '' }))
    await expect(openRepository(server.url).refs()).rejects.toMatchObject({
      code: 'Malformed',
      message: expect.stringContaining('ends too early'),
    })
  })

  test('capabilities stand behind the first ref only: further ones are none, and are not kept', async () => {
    const words = 'a '.repeat(30_000)
    await using server = await scriptedServer(({ method }) =>
      method === 'GET'
        ? { body: refLines(`${oid} HEAD\0${words}\n`, `${oid} refs/heads/main\0${words}\n`) }
        : { body: '' },
    )
    await expect(openRepository(server.url).refs()).rejects.toMatchObject({ code: 'Malformed' })
  })

  test('a signal for one call ends that alone; what it has learned stays with the repository', async () => {
    let isSilent = false
    await using server = await scriptedServer(async ({ method }) => {
      if (isSilent) await new Promise(() => undefined)
      return { body: method === 'GET' ? refLines(`${oid} HEAD\0ofs-delta\n`) : '' }
    })
    const repo = openRepository(server.url)
    expect(await repo.with({ signal: new AbortController().signal }).refs()).toHaveLength(1)
    await repo.refs()
    // The version was asked about once.
    expect(server.asked.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET'])
    expect(repo.traffic.requests).toBe(3)
    isSilent = true
    const stop = new AbortController()
    const waiting = repo.with({ signal: stop.signal }).refs()
    await expect.poll(() => server.asked.length).toBe(4)
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'Aborted' })
    isSilent = false
    await repo.refs()
  })

  test('whoever gives up leaves a look that others wait for as well: they look again', async () => {
    let isSilent = true
    await using server = await scriptedServer(async () => {
      if (isSilent) await new Promise(() => undefined)
      return { body: refLines(`${oid} HEAD\0ofs-delta\n`) }
    })
    const repo = openRepository(server.url)
    const stop = new AbortController()
    const first = repo.with({ signal: stop.signal }).capabilities()
    const waiting = [repo.capabilities(), repo.capabilities()]
    await expect.poll(() => server.asked.length).toBe(1)
    isSilent = false
    stop.abort()
    await expect(first).rejects.toMatchObject({ code: 'Aborted' })
    for (const { version } of await Promise.all(waiting)) expect(version).toBe(0)
    expect(server.asked).toHaveLength(2)
  })

  test('two first calls at once both go the way of an older server', async () => {
    const second = Promise.withResolvers<void>()
    await using server = await scriptedServer(async ({ method }) => {
      if (method === 'GET') return { body: refLines(`${oid} HEAD\0ofs-delta\n`) }
      // The second question is answered when the first one has been understood.
      if (server.asked.length === 2) await second.promise
      return { body: '' }
    })
    const repo = openRepository(server.url)
    const calls = [repo.refs(), repo.refs()]
    await Promise.race(calls)
    second.resolve()
    expect((await Promise.all(calls)).map((refs) => refs.length)).toEqual([1, 1])
    expect(server.asked.map(({ method }) => method).sort()).toEqual(['GET', 'GET', 'POST', 'POST'])
  })

  test('a refusal in words is told', async () => {
    await using server = await scriptedServer((asked) => {
      if (asked.method === 'GET') return { body: refLines(`${oid} HEAD\0side-band-64k shallow\n`) }
      return { body: asked.lines[0]?.startsWith('want ') === true ? packet('ERR upload-pack: not our ref\n') : '' }
    })
    await expect(openRepository(server.url).tree(oid)).rejects.toMatchObject({
      code: 'ObjectMissing',
      details: { remote: ['upload-pack: not our ref'] },
    })
  })

  test('a server that breaks off in the middle is told as such', async () => {
    await using server = await scriptedServer((asked) => {
      if (asked.method === 'GET') return { body: refLines(`${oid} HEAD\0side-band-64k shallow\n`) }
      return {
        body:
          asked.lines[0]?.startsWith('want ') === true ? Buffer.concat([packet('NAK\n'), band(3, 'disk full\n')]) : '',
      }
    })
    await expect(openRepository(server.url).tree(oid)).rejects.toMatchObject({
      code: 'ServerError',
      message: expect.stringContaining('disk full'),
    })
  })
})
