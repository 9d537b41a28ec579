import { randomBytes } from 'node:crypto'
import { openRepository } from '@gitsync/protocol'
import type { MirroredRef, MirrorOptions, RequestRecord } from '@gitsync/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isPush, startRemote } from '../../kit/remote/index.ts'
import type { Remote, TestRepository } from '../../kit/remote/index.ts'
import { startSshServer } from '../../kit/ssh/index.ts'
import { speaking } from './old-server.ts'
import { band, FLUSH, packet, scriptedServer } from './scripted-server.ts'

let source: Remote
let target: Remote
let count = 0

beforeAll(async () => {
  ;[source, target] = await Promise.all([startRemote(), startRemote()])
})
afterAll(() => Promise.all([source.stop(), target.stop()]))
beforeEach(() => {
  source.reset()
  target.reset()
})

type Options = Parameters<Remote['createRepository']>[1]

async function pair(
  options: Options = {},
  other: Options = options,
): Promise<{ from: TestRepository; to: TestRepository }> {
  const name = `mirror-${++count}.git`
  const from = await source.createRepository(name, options)
  await from.commitFiles({ a: '1', 'dir/b': '1', run: { mode: '100755', content: '#!' } })
  await from.commitFiles({ a: '2', link: { mode: '120000', content: 'a' } })
  await from.git('branch', 'topic', 'main~1')
  await from.git('tag', 'light', 'main~1')
  await from.git('tag', '-a', '-m', 'a tag', 'v1', 'main')
  return { from, to: await target.createRepository(name, other) }
}

const run = (from: TestRepository, to: TestRepository, options: MirrorOptions = {}) =>
  openRepository(from.url).mirrorTo(openRepository(to.url), options)

const shown = (results: readonly MirroredRef[]): string[] => results.map(({ ref, status }) => `${ref} ${status}`)
const refsOf = (store: TestRepository): Promise<string> => store.git('for-each-ref')
const sent = (remote: Remote): string[] =>
  remote.requests.map(({ method, path }) => `${method} ${path.replace(/^.*\.git\//, '')}`)

async function expectEqual(from: TestRepository, to: TestRepository): Promise<void> {
  expect(await refsOf(to)).toBe(await refsOf(from))
  await to.fsck()
}

describe.each(['sha1', 'sha256'] as const)('in a %s repository', (objectFormat) => {
  test('an empty target becomes what the source is, then only what is new travels, then nothing', async () => {
    const { from, to } = await pair({ objectFormat })
    expect(shown(await run(from, to))).toEqual([
      'refs/heads/main ok',
      'refs/heads/topic ok',
      'refs/tags/light ok',
      'refs/tags/v1 ok',
    ])
    await expectEqual(from, to)
    if (objectFormat === 'sha1') {
      expect([sent(source), sent(target)]).toEqual([
        ['POST git-upload-pack', 'POST git-upload-pack'],
        ['POST git-upload-pack', 'GET info/refs', 'POST git-receive-pack'],
      ])
    }

    await from.commitFiles({ big: randomBytes(20_000) })
    await run(from, to)
    await from.commitFiles({ a: '3' })
    target.reset()
    expect(shown(await run(from, to))).toEqual(['refs/heads/main ok'])
    await expectEqual(from, to)
    const push = target.requests.find(({ path }) => path.endsWith('git-receive-pack'))
    expect(push?.bytesIn).toBeLessThan(1500)

    source.reset()
    target.reset()
    expect(await run(from, to, { prune: true })).toEqual([])
    // In a repository of the newer function a first question is put twice.
    const questions = [...sent(source), ...sent(target)].filter((line) => line.startsWith('POST'))
    expect(questions).toHaveLength(objectFormat === 'sha1' ? 2 : 4)
  })
})

test('refs that the source lacks stay, and go only when asked; nothing is fetched for that', async () => {
  const { from, to } = await pair()
  await run(from, to)
  await from.git('branch', '-D', 'topic')
  await from.git('tag', '-d', 'light')
  expect(await run(from, to)).toEqual([])
  source.reset()
  expect(shown(await run(from, to, { prune: true, dryRun: true }))).toEqual([
    'refs/heads/topic ok',
    'refs/tags/light ok',
  ])
  expect(await to.resolve('topic')).not.toBeNull()
  expect((await run(from, to, { prune: true })).map((result) => result.new)).toEqual([null, null])
  await expectEqual(from, to)
  expect(sent(source)).toEqual(['POST git-upload-pack', 'POST git-upload-pack'])
})

test('a source without any of the refs empties no target', async () => {
  const { from, to } = await pair()
  await run(from, to)
  const empty = await source.createRepository(`mirror-${++count}.git`)
  await expect(run(empty, to, { prune: true })).rejects.toMatchObject({ code: 'RefNotFound' })
  await expectEqual(from, to)
})

test('only the refs that are named travel, and only they are pruned', async () => {
  const { from, to } = await pair()
  await from.git('branch', 'release-1', 'main')
  await from.git('branch', 'old-release-1', 'main')
  await run(from, to, { refs: ['release-*', 'v*'] })
  expect((await refsOf(to)).split('\n').map((line) => line.split('\t')[1])).toEqual([
    'refs/heads/release-1',
    'refs/tags/v1',
  ])
  await from.git('branch', '-D', 'release-1')
  await from.git('branch', 'release-2', 'main')
  await run(from, to, { refs: ['refs/heads/release-*'], prune: true })
  expect((await refsOf(to)).split('\n').map((line) => line.split('\t')[1])).toEqual([
    'refs/heads/release-2',
    'refs/tags/v1',
  ])
})

test('what would lose commits, and a tag that would move, stay without force; the others travel', async () => {
  const { from, to } = await pair()
  await run(from, to)
  const foreign = await to.commitFiles({ theirs: 'x' })
  await from.git('tag', '-f', 'light', 'main')
  const topic = await from.commitFiles({ topical: '1' }, { branch: 'topic' })
  expect(shown(await run(from, to))).toEqual([
    'refs/heads/main diverged',
    'refs/heads/topic ok',
    'refs/tags/light diverged',
  ])
  expect([await to.resolve('main'), await to.resolve('topic')]).toEqual([foreign, topic])
  expect(shown(await run(from, to, { force: true }))).toEqual(['refs/heads/main ok', 'refs/tags/light ok'])
  await expectEqual(from, to)
})

test('a ref that moves meanwhile is left where it is, and with it all others', async () => {
  const { from, to } = await pair()
  await run(from, to)
  await from.commitFiles({ a: '3' })
  await from.git('branch', 'another', 'main')
  target.faults.beforeReceivePack(async () => void (await to.commitFiles({ theirs: 'x' })), { times: 1 })
  const results = await run(from, to)
  expect(results.map(({ ref, status }) => `${ref} ${status}`)).toEqual([
    'refs/heads/another rejected',
    'refs/heads/main stale',
  ])
  expect(await to.resolve('another')).toBeNull()
})

test('each ref by itself when asked: a refused one keeps no other back', async () => {
  const { from, to } = await pair({}, { config: { 'receive.denyDeletes': 'true' } })
  await run(from, to)
  await from.git('branch', '-D', 'topic')
  await from.commitFiles({ a: '3' })
  expect(shown(await run(from, to, { prune: true }))).toEqual(['refs/heads/main rejected', 'refs/heads/topic rejected'])
  expect(shown(await run(from, to, { prune: true, atomic: false }))).toEqual([
    'refs/heads/main ok',
    'refs/heads/topic rejected',
  ])
})

test('another hash function cannot be mirrored', async () => {
  const { from, to } = await pair({ objectFormat: 'sha1' }, { objectFormat: 'sha256' })
  await expect(run(from, to)).rejects.toMatchObject({ code: 'Unsupported' })
  await to.commitFiles({ x: '1' })
  await expect(run(from, to)).rejects.toMatchObject({ code: 'Unsupported' })
})

test('a source that breaks off in the middle changes nothing, and is what the error speaks of', async () => {
  const { from, to } = await pair()
  await from.commitFiles({ big: randomBytes(400_000) })
  // The first request lists the refs.
  const cut = source.faults.cut(100_000, { when: () => source.requests.length === 2 })
  await expect(run(from, to)).rejects.toMatchObject({
    code: 'Network',
    message: expect.stringContaining(new URL(source.url).host),
  })
  expect(cut.fired).toBe(1)
  expect(await refsOf(to)).toBe('')
  await run(from, to)
  await expectEqual(from, to)
})

test('a lost answer is followed by a look, not by another push', async () => {
  const { from, to } = await pair()
  target.faults.loseAnswer()
  expect((await run(from, to)).every(({ status }) => status === 'ok')).toBe(true)
  expect(sent(target).filter((line) => line.endsWith('receive-pack'))).toHaveLength(1)
  await expectEqual(from, to)
})

test('where the target offers no atomic push each ref goes by itself; who insists on it is refused', async () => {
  const { from, to } = await pair({}, { config: { 'receive.advertiseAtomic': 'false' } })
  await expect(run(from, to, { atomic: true })).rejects.toMatchObject({ code: 'Unsupported' })
  await run(from, to)
  await expectEqual(from, to)
})

test('a target that cannot unpack a thin pack gets a whole one; one that can unpack neither is refused', async () => {
  const { from, to } = await pair()
  await run(from, to)
  await from.commitFiles({ a: '3' })
  const headers = { 'content-type': 'application/x-git-receive-pack-result' }
  const body = [packet('unpack cannot\n'), packet('ng refs/heads/main unpacker error\n'), FLUSH].join('')
  const refusing = target.faults.status(200, { when: isPush, headers, body })
  await run(from, to)
  expect(refusing.fired).toBe(1)
  await expectEqual(from, to)

  await from.commitFiles({ a: '4' })
  target.faults.status(200, { when: isPush, headers, body, times: Infinity })
  await expect(run(from, to)).rejects.toMatchObject({ code: 'Rejected', details: { remote: ['cannot'] } })
})

test('a push that cannot be repeated is not: neither after a redirect nor after a login', async () => {
  const { from, to } = await pair()
  target.faults.status(401, { when: isPush, times: Infinity })
  let asked = 0
  const auth = async () => ({ username: 'ann', password: String(asked++) })
  await expect(openRepository(from.url).mirrorTo(openRepository(to.url, { auth }))).rejects.toMatchObject({
    code: 'Unauthorized',
  })
  target.faults.clear()
  target.faults.redirect(`${target.url}/elsewhere.git/git-receive-pack`, { when: isPush, times: Infinity, status: 307 })
  await expect(run(from, to)).rejects.toMatchObject({ code: 'Redirected' })
  expect(sent(target).filter((line) => line === 'POST git-receive-pack')).toHaveLength(2)
  expect(await refsOf(to)).toBe('')
})

test('bytes of a body of unknown length are counted once they are sent', async () => {
  const { from, to } = await pair()
  const records: RequestRecord[] = []
  const repo = openRepository(to.url, { onRequest: (record) => records.push(record) })
  const told: number[] = []
  await openRepository(from.url).mirrorTo(repo, { onProgress: ({ bytes }) => told.push(bytes) })
  const push = records.find(({ operation }) => operation === 'push')
  const arrived = target.requests.find((request) => isPush(request))
  expect(push?.bytesSent).toBe(arrived?.bytesIn)
  expect(push?.bytesSent).toBeGreaterThan(told.at(-1) ?? Infinity)
  expect(repo.traffic.bytesSent).toBe(target.requests.reduce((sum, { bytesIn }) => sum + bytesIn, 0))
})

test.each([0, 1])('a source and a target of protocol version %i', async (version) => {
  const { from, to } = await pair()
  const open = (store: TestRepository) => openRepository(store.url, { transport: speaking(version) })
  await open(from).mirrorTo(open(to))
  await from.commitFiles({ a: '3' })
  await open(from).mirrorTo(open(to))
  await expectEqual(from, to)
})

test('over SSH, from there and to there', async () => {
  await using server = await startSshServer().then((ssh) => ({ ...ssh, [Symbol.asyncDispose]: () => ssh.stop() }))
  const { from, to } = await pair()
  await from.commitFiles({ big: randomBytes(3_000_000) })
  const { privateKey, knownHosts } = server
  const open = (store: TestRepository) => openRepository(server.url(store.dir), { ssh: { privateKey, knownHosts } })
  await using source = open(from)
  await using repo = open(to)
  await source.mirrorTo(repo)
  await expectEqual(from, to)
  expect(repo.traffic.bytesSent).toBeGreaterThan(3_000_000)
})

test('a target that says ok and does nothing is found out by a look', async () => {
  const { from } = await pair()
  const listing = packet(`${'0'.repeat(40)} capabilities^{}\0report-status side-band-64k\n`)
  const report = Buffer.concat([packet('unpack ok\n'), packet('ok refs/heads/main\n'), FLUSH])
  await using liar = await scriptedServer(({ method, service }) => {
    if (method === 'GET') return { body: Buffer.concat([listing, FLUSH]) }
    return { body: service === 'receive-pack' ? Buffer.concat([band(1, report), FLUSH]) : '' }
  })
  const results = await openRepository(from.url).mirrorTo(openRepository(liar.url), { refs: ['main'] })
  expect(results).toMatchObject([{ status: 'rejected', reason: 'it says ok and does nothing', actual: null }])
})

test.each([
  ['holds more than a name', 'refs/heads/evil\0delete-refs x-release'],
  ['Git forbids', 'refs/heads/../x-release'],
])('a source with a ref whose name %s reaches no target', async (_what, name) => {
  const { from, to } = await pair()
  const tip = await from.resolve('main')
  await using hostile = await scriptedServer(({ lines }) => {
    if (lines[0] !== 'command=ls-refs') return undefined
    return { body: Buffer.concat([packet(`${tip} ${name}\n`), FLUSH]) }
  }, from.url)
  const mirrored = openRepository(hostile.url).mirrorTo(openRepository(to.url), { refs: ['refs/heads/*-release'] })
  await expect(mirrored).rejects.toMatchObject({ code: 'Malformed' })
  expect(target.requests.filter((request) => isPush(request))).toEqual([])
  expect(await refsOf(to)).toBe('')
})
