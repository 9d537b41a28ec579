import { writeFile } from 'node:fs/promises'
import { isGitError, Mode, openRepository } from '@gitsync/protocol'
import { describe, expect, test } from 'vitest'
import { startRemote } from '../../kit/remote/index.ts'
import { author, useRemote } from './fixture.ts'
import { overtaken } from './overtaken.ts'
import { scriptedServer } from './scripted-server.ts'

const remote = useRemote({ recordBodies: true })
const { fresh, sent } = remote

describe.each(['sha1', 'sha256'] as const)('in a %s repository', (objectFormat) => {
  test('the first commit of an empty repository creates its default branch', async () => {
    const store = await fresh({}, { objectFormat, defaultBranch: 'trunk' })
    const repo = openRepository(store.url)
    const head = await repo.head()
    expect(head).toEqual({ branch: 'refs/heads/trunk', oid: null })
    const edit = await repo.edit('trunk')
    edit.put('a/b.txt', 'hello\n')
    await edit.commit({ message: 'first', author })
    const outcome = await edit.push()
    expect(outcome).toMatchObject({ status: 'pushed', old: null })
    await store.fsck()
    expect(await store.git('log', '--format=%H %an %ae %ai %s', 'trunk')).toBe(
      `${outcome.commit} Ann Example ann@example.com 2026-01-02 03:04:05 +0000 first`,
    )
    expect((await store.readFile('trunk', 'a/b.txt')).toString()).toBe('hello\n')
  })

  test('what git wrote is read back: modes, symlinks, submodules, odd names', async () => {
    const store = await fresh({}, { objectFormat })
    await store.commitFiles({
      'dir/file': 'x',
      'dir-a': 'y',
      'dir.b': 'z',
      'ünïcode/ñ': 'w',
      run: { content: '#!', mode: '100755' } as never,
    })
    const repo = openRepository(store.url)
    const listed = await repo.tree('main', { recursive: true })
    const expected = (await store.lsTree('main')).map(({ path, oid, type }) => ({ path, oid, type }))
    expect(listed.map(({ path, oid, type }) => ({ path, oid, type }))).toEqual(expected)
    const file = await repo.file('main', 'ünïcode/ñ')
    expect(file.bytes.toString()).toBe('w')
  })
})

test('an empty repository needs two requests', async () => {
  const store = await fresh()
  const edit = await openRepository(store.url).edit('main')
  edit.put('x', '1')
  await edit.commit({ message: 'm', author })
  await edit.push()
  expect(sent()).toEqual(['POST git-upload-pack', 'POST git-receive-pack'])
})

test('an edit with the tip known is one request, below 1.5 kB up in a folder of 5,000 files', async () => {
  const store = await fresh()
  await store.commitFiles(
    Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`data/file-${i}.yaml`, `value: ${i}\n`])),
  )
  const repo = openRepository(store.url)
  const first = await repo.edit('main')
  first.put('data/file-7.yaml', 'value: changed\n')
  await first.commit({ message: 'one', author })
  const { snapshot } = await first.push()

  remote.reset()
  const edit = await repo.edit('main', { base: snapshot })
  edit.put('data/file-4000.yaml', 'value: again\n')
  edit.put('data/new.yaml', 'value: new\n')
  edit.delete('data/file-1.yaml')
  await edit.commit({ message: 'two', author })
  await edit.push()
  expect(sent()).toEqual(['POST git-receive-pack'])
  expect(remote.requests[0]?.bytesIn).toBeLessThan(1000)
  expect(remote.requests[0]?.bytesOut).toBeLessThan(300)
  await store.fsck()
  const files = await store.lsTree('main')
  expect(files).toHaveLength(5000)
  expect((await store.readFile('main', 'data/new.yaml')).toString()).toBe('value: new\n')
})

test('a cold edit d folders deep reads only the trees on its way', async () => {
  const store = await fresh()
  const files: Record<string, string> = { 'a/b/c/d/file': '1' }
  for (let i = 0; i < 300; i++) files[`other-${i}/deep/er/file`] = String(i)
  await store.commitFiles(files)
  const repo = openRepository(store.url)
  const edit = await repo.edit('main')
  edit.put('a/b/c/d/file', '2')
  await edit.commit({ message: 'm', author })
  await edit.push()
  // Refs, commit with root, four levels, push.
  expect(sent()).toHaveLength(7)
  expect(repo.traffic.bytesReceived).toBeLessThan(16_000)
  await store.fsck()
})

test('files of a commit are read in three requests at any depth', async () => {
  const store = await fresh({ 'a/b/c/d/e': 'deep', 'a/x': 'shallow', top: 'top' })
  const repo = openRepository(store.url)
  const files = await repo.files('main', ['a/b/c/d/e', 'a/x', 'top'])
  expect(files.map(({ bytes }) => bytes.toString())).toEqual(['deep', 'shallow', 'top'])
  expect(sent()).toHaveLength(3)
})

test('after a foreign push: stale, two requests more, and nothing of theirs is lost', async () => {
  const store = await fresh()
  const repo = openRepository(store.url)
  const snapshot = await overtaken(store, repo)

  remote.reset()
  let edit = await repo.edit('main', { base: snapshot })
  edit.put('mine/a', '3')
  await edit.commit({ message: 'ours', author })
  const error = await edit.push().catch((e: unknown) => e)
  expect(isGitError(error, 'StaleRef')).toBe(true)
  const tip = isGitError(error) ? String(error.details.actual) : ''
  expect(tip).toBe(await store.resolve('main'))
  const moved = await repo.advance(snapshot, tip)
  edit = await repo.edit('main', { base: moved })
  edit.put('mine/a', '3')
  await edit.commit({ message: 'ours', author })
  await edit.push()
  expect(sent()).toEqual([
    'POST git-receive-pack',
    'POST git-upload-pack',
    'POST git-upload-pack',
    'POST git-receive-pack',
  ])
  expect(remote.requests.slice(1, 3).reduce((sum, { bytesOut }) => sum + bytesOut, 0)).toBeLessThan(10_000)
  await store.fsck()
  expect((await store.readFile('main', 'theirs/9')).toString()).toBe('x')
  expect((await store.readFile('main', 'f3/x3')).toString()).toBe('foreign')
})

test('several commits go in one push, a new branch with its first commit as well', async () => {
  const store = await fresh({ 'a/1': '1', 'a/2': '2', b: 'b' })
  const repo = openRepository(store.url)
  const edit = await repo.edit('feature', { create: true, from: 'main' })
  edit.put('a/1', 'one')
  await edit.commit({ message: 'first', author })
  edit.put('a/3', 'three')
  edit.delete('b')
  await edit.commit({ message: 'second', author })
  edit.put('a/1', 'uno', { mode: Mode.executable })
  await edit.commit({ message: 'third', author })
  remote.reset()
  await edit.push()
  expect(sent()).toEqual(['POST git-receive-pack'])
  await store.fsck()
  expect((await store.git('log', '--format=%s', 'feature')).split('\n').slice(0, 3)).toEqual([
    'third',
    'second',
    'first',
  ])
  expect((await store.lsTree('feature')).map(({ path, mode }) => `${mode} ${path}`)).toEqual([
    '100755 a/1',
    '100644 a/2',
    '100644 a/3',
  ])
})

test('deleting the last file of a folder removes the folder, and of the repository leaves the empty tree', async () => {
  const store = await fresh({ 'a/b/c': '1', d: '2' })
  const repo = openRepository(store.url)
  let edit = await repo.edit('main')
  edit.delete('a/b/c')
  await edit.commit({ message: 'one', author })
  const { snapshot } = await edit.push()
  expect((await store.lsTree('main', '', { recursive: false })).map(({ path }) => path)).toEqual(['d'])
  edit = await repo.edit('main', { base: snapshot })
  edit.delete('d')
  await edit.commit({ message: 'two', author })
  await edit.push()
  expect(await store.lsTree('main')).toEqual([])
  await store.fsck()
})

test('commits that return to an earlier tree are one request, and deltas stay on', async () => {
  const store = await fresh({}, { config: { 'receive.unpackLimit': '1' } })
  // Names of no pattern: whole, the folder would cost more than the deltas may.
  const names = Array.from({ length: 500 }, (_, i) => `folder/${((i * 2_654_435_761) % 4_294_967_296).toString(36)}`)
  await store.commitFiles(Object.fromEntries(names.map((name, i) => [name, `${i}`])))
  const repo = openRepository(store.url)
  const edit = await repo.edit('main')
  const commit = async (message: string): Promise<void> => {
    expect(await edit.commit({ message, author })).not.toBeNull()
  }
  edit.put('folder/new', '1')
  await commit('create')
  edit.delete('folder/new')
  await commit('delete')
  edit.put('folder/new', '1')
  await commit('create again')
  edit.put('folder/new', '2')
  await commit('change')
  edit.put('folder/new', '1')
  await commit('change back')
  remote.reset()
  const { snapshot } = await edit.push()
  expect(sent()).toEqual(['POST git-receive-pack'])
  await store.fsck()
  expect((await store.readFile('main', 'folder/new')).toString()).toBe('1')
  expect(await store.lsTree('main~3')).toEqual(await store.lsTree('main~5'))

  remote.reset()
  const next = await repo.edit('main', { base: snapshot })
  next.put('folder/other', '1')
  await next.commit({ message: 'next', author })
  await next.push()
  expect(sent()).toEqual(['POST git-receive-pack'])
  expect(remote.requests[0]?.bytesIn).toBeLessThan(1000)
  await store.fsck()
})

test('a commit without a change is none, and the push sends nothing', async () => {
  const store = await fresh({ a: '1' })
  const edit = await openRepository(store.url).edit('main')
  edit.put('a', '1')
  expect(await edit.commit({ message: 'm', author })).toBeNull()
  remote.reset()
  expect((await edit.push()).status).toBe('up-to-date')
  expect(sent()).toEqual([])
})

test('an executable stays one, a file becomes a folder and a folder a file', async () => {
  const store = await fresh({ thing: 'file', 'folder/x': 'y', keep: 'k' })
  const repo = openRepository(store.url)
  const edit = await repo.edit('main')
  edit.put('thing/now/deep', '1')
  await expect(edit.commit({ message: 'm', author })).rejects.toMatchObject({ code: 'UnexpectedType' })

  const second = await repo.edit('main')
  second.delete('thing')
  second.put('thing/now/deep', '1')
  await second.commit({ message: 'm', author })
  await second.push()
  await store.fsck()
  expect((await store.readFile('main', 'thing/now/deep')).toString()).toBe('1')
})

test('with replace, a folder at the path and a file on the way make way', async () => {
  const store = await fresh({ 'a/b': '1', 'a/c': '2', d: 'file', keep: 'k' })
  const repo = openRepository(store.url)
  const strict = await repo.edit('main')
  strict.put('a', 'x')
  await expect(strict.commit({ message: 'm', author })).rejects.toMatchObject({ code: 'UnexpectedType' })
  const edit = await repo.edit('main')
  edit.put('a', 'now a file', { replace: true })
  edit.put('d/e/f', 'now deep', { replace: true })
  await edit.commit({ message: 'm', author })
  await edit.push()
  await store.fsck()
  expect((await store.lsTree('main')).map(({ path }) => path)).toEqual(['a', 'd/e/f', 'keep'])
})

test.each(['../x', '/abs', 'a//b', 'a/', '.git/config', 'a/.GIT/x', './c', 'a/\0b', 'git~1/x', '.g\u200cit/x'])(
  'the path %j is refused before anything is sent',
  async (path) => {
    const edit = await openRepository((await fresh()).url).edit('main')
    expect(() => edit.put(path, 'x')).toThrowError(expect.objectContaining({ code: 'InvalidInput' }))
  },
)

describe('faults', () => {
  test('a lost answer after success is found out by one look, and nothing is pushed twice', async () => {
    const store = await fresh({ a: '1' })
    const edit = await openRepository(store.url).edit('main')
    edit.put('a', '2')
    await edit.commit({ message: 'm', author })
    remote.reset()
    remote.faults.loseAnswer()
    expect((await edit.push()).status).toBe('pushed')
    expect(sent()).toEqual(['POST git-receive-pack', 'POST git-upload-pack'])
    expect(await store.log('main')).toHaveLength(2)
  })

  test('a lost answer is found out as well when somebody has pushed on top since', async () => {
    const store = await fresh({ a: '1' })
    const edit = await openRepository(store.url).edit('main')
    edit.put('a', '2')
    await edit.commit({ message: 'm', author })
    remote.faults.loseAnswer()
    const look = remote.faults.hold({ when: ({ path }) => path.endsWith('git-upload-pack') })
    const pushing = edit.push()
    await look.reached
    await store.commitFiles({ b: 'theirs' })
    look.release()
    expect((await pushing).status).toBe('pushed')
    expect(await store.log('main')).toHaveLength(3)
  })

  test('a lost answer whose look failed is found out by the next push, somebody on top or not', async () => {
    const store = await fresh({ a: '1' })
    const edit = await openRepository(store.url, { retry: false }).edit('main')
    edit.put('a', '2')
    await edit.commit({ message: 'm', author })
    remote.faults.loseAnswer()
    remote.faults.status(503, { when: ({ path }) => path.endsWith('upload-pack') })
    await expect(edit.push()).rejects.toMatchObject({ code: 'Network' })
    await store.commitFiles({ b: 'theirs' })
    remote.reset()
    expect((await edit.push()).status).toBe('pushed')
    expect(sent()).toEqual(['POST git-receive-pack', 'POST git-upload-pack', 'POST git-upload-pack'])
    expect(await store.log('main')).toHaveLength(3)
  })

  test("a gateway's page in place of the answer is followed by a look; a refusal is not", async () => {
    const store = await fresh({ a: '1' })
    let hasLanded = false
    await using server = await scriptedServer(async ({ service }, forward) => {
      if (service !== 'receive-pack') return undefined
      if (hasLanded) await forward()
      return { status: hasLanded ? 200 : 400, type: 'text/html', body: '<html>' }
    }, store.url)
    const edit = await openRepository(server.url).edit('main')
    edit.put('a', '2')
    const commit = await edit.commit({ message: 'm', author })
    server.asked.length = 0
    await expect(edit.push()).rejects.toMatchObject({ code: 'NotGit' })
    expect(server.asked.map(({ service }) => service)).toEqual(['receive-pack'])
    hasLanded = true
    expect(await edit.push()).toMatchObject({ status: 'pushed', commit })
    expect(server.asked.map(({ service }) => service)).toEqual(['receive-pack', 'receive-pack', 'upload-pack'])
  })

  test('hooks that say more than is listened to make no failure of a push that has happened', async () => {
    const store = await fresh({ a: '1' })
    const hook = '#!/bin/sh\nfor i in $(seq 400); do echo "line $i of a long story"; done\n'
    await writeFile(`${store.dir}/hooks/post-receive`, hook, { mode: 0o755 })
    const edit = await openRepository(store.url, { limits: { maxResponseBytes: 4000 } }).edit('main')
    edit.put('a', '2')
    const commit = await edit.commit({ message: 'm', author })
    remote.reset()
    expect(await edit.push()).toMatchObject({ status: 'pushed', commit })
    expect(sent()).toEqual(['POST git-receive-pack', 'POST git-upload-pack'])
  })

  test('a ref that the server keeps to itself is refused, and named', async () => {
    const store = await fresh({ a: '1' }, { config: { 'transfer.hideRefs': 'refs/heads/locked' } })
    const edit = await openRepository(store.url).edit('locked', { create: true, from: 'main' })
    edit.put('a', '2')
    await edit.commit({ message: 'm', author })
    await expect(edit.push()).rejects.toMatchObject({ code: 'Rejected', details: { ref: 'refs/heads/locked' } })
  })

  test.each([
    ['html', 'NotGit'],
    [401, 'Unauthorized'],
    [403, 'RateLimited'],
    [404, 'RepositoryNotFound'],
    [429, 'RateLimited'],
    [503, 'ServerError'],
  ] as const)('an answer %s with Retry-After is %s', async (fault, code) => {
    const store = await fresh()
    if (fault === 'html') remote.faults.html({ times: Infinity })
    else remote.faults.status(fault, { times: Infinity, retryAfter: 7 })
    const error = await openRepository(store.url, { retry: false })
      .head()
      .catch((e: unknown) => e)
    expect(error).toMatchObject({ code })
    const patient = fault === 429 || fault === 403 || fault === 503
    if (patient) expect(error).toMatchObject({ advice: 'wait', details: { waitMs: 7000 } })
  })

  test.each([
    [403, 'Forbidden', 'stall'],
    [429, 'RateLimited', 'wait'],
    [503, 'ServerError', 'retry'],
  ] as const)('an answer %s without Retry-After is %s', async (fault, code, advice) => {
    const store = await fresh()
    remote.faults.status(fault)
    const error = await openRepository(store.url, { retry: false })
      .head()
      .catch((e: unknown) => e)
    expect(error).toMatchObject({ code, advice })
    expect(isGitError(error) && error.details.waitMs).toBeUndefined()
  })

  test.each(['999999999', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'a server that asks to wait %s is believed for an hour',
    async (retryAfter) => {
      const store = await fresh()
      remote.faults.status(429, { retryAfter })
      await expect(openRepository(store.url).head()).rejects.toMatchObject({ details: { waitMs: 3_600_000 } })
    },
  )

  test('a redirect is not followed with credentials; the error names the address', async () => {
    const store = await fresh()
    remote.faults.redirect('https://elsewhere.example/new.git/git-upload-pack')
    const repo = openRepository(store.url, { auth: { bearer: 'secret' } })
    await expect(repo.head()).rejects.toMatchObject({
      code: 'Redirected',
      details: { actual: 'https://elsewhere.example/new.git/git-upload-pack' },
    })
  })

  test('a server without filters is asked in plainer forms, once', async () => {
    const plain = await startRemote({ allowFilter: false })
    try {
      const store = await plain.createRepository('plain.git')
      await store.commitFiles({ 'a/b/c/d': '1', 'x/y': 'big '.repeat(10_000) })
      const repo = openRepository(store.url)
      expect((await repo.tree('main', { path: 'a/b/c' })).map(({ path }) => path)).toEqual(['a/b/c/d'])
      const edit = await repo.edit('main')
      edit.put('a/b/c/d', '2')
      await edit.commit({ message: 'm', author })
      plain.reset()
      await edit.push()
      expect(plain.requests).toHaveLength(1)
      await store.fsck()
    } finally {
      await plain.stop()
    }
  })

  test('an answer cut in the middle of a pack is a network error, never half an object', async () => {
    const store = await fresh({ 'a/b': 'x'.repeat(100_000) })
    remote.faults.cut(500, { when: ({ path }) => path.endsWith('upload-pack'), times: Infinity })
    await expect(openRepository(store.url).file('main', 'a/b')).rejects.toMatchObject({ code: 'Network' })
  })

  test('what exceeds a limit is refused by name', async () => {
    const store = await fresh({ a: 'x'.repeat(100_000) })
    const small = openRepository(store.url, { limits: { maxObjectBytes: 50_000 } })
    await expect(small.file('main', 'a')).rejects.toMatchObject({
      code: 'LimitExceeded',
      details: { limit: 'maxObjectBytes' },
    })
  })
})

describe('where an edit starts', () => {
  test('a base of another branch, or beside create, is refused: it would be written somewhere else', async () => {
    const store = await fresh({ a: '1' })
    await store.git('branch', 'feature', 'main')
    const repo = openRepository(store.url)
    const base = await repo.snapshot('main')
    const wrong = [
      repo.edit('feature', { base }),
      repo.edit('main', { base, create: true }),
      repo.edit('main', { from: 'feature' }),
    ]
    for (const edit of wrong) await expect(edit).rejects.toMatchObject({ code: 'InvalidInput' })
    expect((await repo.edit('refs/heads/main', { base })).ref).toBe('refs/heads/main')
  })
})

describe('requests, however deep the path', () => {
  const DEEP = 'a/b/c/d/e/f/file'

  test('a file six folders deep: refs, trees, content', async () => {
    const store = await fresh({ [DEEP]: 'deep' })
    const repo = openRepository(store.url)
    expect((await repo.file('main', DEEP)).bytes.toString()).toBe('deep')
    expect(repo.traffic.requests).toBe(3)
  })

  test('all files of a commit: refs, trees', async () => {
    const store = await fresh({ [DEEP]: 'deep', other: 'x' })
    const repo = openRepository(store.url)
    expect((await repo.tree('main', { recursive: true })).map(({ path }) => path)).toEqual([DEEP, 'other'])
    expect(repo.traffic.requests).toBe(2)
  })

  test('a new branch and its first commit: refs, trees, push', async () => {
    const store = await fresh({ [DEEP]: 'deep' })
    const repo = openRepository(store.url)
    const edit = await repo.edit('feature', { create: true, from: 'main', depth: 6 })
    edit.put(DEEP, 'changed')
    await edit.commit({ message: 'm', author })
    await edit.push()
    expect(repo.traffic.requests).toBe(3)
    expect((await store.readFile('feature', DEEP)).toString()).toBe('changed')
  })

  test('level by level when told so', async () => {
    const store = await fresh({ [DEEP]: 'deep' })
    const repo = openRepository(store.url, { oneFetchBytes: 0 })
    await repo.file('main', DEEP)
    expect(repo.traffic.requests).toBe(9)
  })
})
