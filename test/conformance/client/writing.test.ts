import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { blobId, Mode, openRepository, SHA1 } from '@gitsync/protocol'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { objectId } from '../../../protocol/src/format/object-id.ts'
import { writePack } from '../../../protocol/src/format/pack-writer.ts'
import type { PackEntry } from '../../../protocol/src/format/pack-writer.ts'
import { applicable, operations, stage } from '../../kit/edit-model.ts'
import type { Model } from '../../kit/edit-model.ts'
import type { TestRepository } from '../../kit/remote/index.ts'
import { author, useRemote } from './fixture.ts'
import { band, FLUSH, packet, scriptedServer } from './scripted-server.ts'

const remote = useRemote()
const { fresh, sent } = remote

const paths = async (store: TestRepository): Promise<string[]> => (await store.lsTree('main')).map(({ path }) => path)

/** The tree that git itself makes of these files. */
async function writeTree(store: TestRepository, model: Model): Promise<string> {
  const env = { GIT_INDEX_FILE: `${store.dir}/model-index` }
  const lines = [...model].map(([path, { mode, content }]) => {
    const oid = mode === Mode.gitlink ? content : blobId(Buffer.from(content))
    return `${mode.toString(8)} ${oid}\t${path}\0`
  })
  await store.gitWith({ env }, 'read-tree', '--empty')
  await store.gitWith({ env, input: lines.join('') }, 'update-index', '-z', '--index-info')
  return store.gitWith({ env }, 'write-tree')
}

test('any changes to any repository, read only where they lead, give the tree that git makes of the files', async () => {
  const start = fc.array(operations, { minLength: 5, maxLength: 30 }).map((all) => applicable(new Map(), all).model)
  const commits = fc.array(fc.array(operations, { maxLength: 10 }), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(start, commits, async (from, sequences) => {
      const store = await fresh(
        Object.fromEntries(
          [...from].map(([path, { mode, content }]) => [path, { mode: mode.toString(8) as '100644', content }]),
        ),
      )
      const edit = await openRepository(store.url).edit('main')
      let model = from
      for (const sequence of sequences) {
        const applied = applicable(model, sequence)
        model = applied.model
        for (const operation of applied.operations) stage(edit, operation)
        await edit.commit({ message: 'm', author })
      }
      const outcome = await edit.push()
      if (outcome.status === 'pushed' || from.size > 0) {
        expect(await store.git('rev-parse', 'main^{tree}')).toBe(await writeTree(store, model))
      }
      await store.fsck()
    }),
    { numRuns: 40, seed: 1 },
  )
})

describe('a folder', () => {
  const deep = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`from/x${i}/y/z`, `${i}`]))

  test('moves by its id: nothing in it is read', async () => {
    const store = await fresh({ ...deep, keep: 'k' })
    const tree = await store.git('rev-parse', 'main:from')
    const edit = await openRepository(store.url).edit('main')
    edit.moveTree('from', 'to/some/place')
    await edit.commit({ message: 'm', author })
    await edit.push()
    // Refs, commit with root, push.
    expect(sent()).toHaveLength(3)
    expect(remote.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)).toBeLessThan(1500)
    expect(await store.git('rev-parse', 'main:to/some/place')).toBe(tree)
    await store.fsck()
  })

  test('changes on its way and at its new place; only what changes is read', async () => {
    const store = await fresh({ ...deep, keep: 'k' })
    const edit = await openRepository(store.url).edit('main')
    edit.put('from/x1/y/z', 'before')
    edit.move('from', 'to')
    edit.put('to/x2/y/z', 'after')
    edit.put('from/new', 'at the old place')
    edit.move('to/x3/y', 'to/x4/w')
    await edit.commit({ message: 'm', author })
    await edit.push()
    // Refs, commit with root, the folder, four folders in it, two below, push.
    expect(sent()).toHaveLength(6)
    await store.fsck()
    expect(await store.readFile('main', 'to/x1/y/z')).toEqual(Buffer.from('before'))
    expect(await store.readFile('main', 'to/x2/y/z')).toEqual(Buffer.from('after'))
    expect(await store.readFile('main', 'to/x4/w/z')).toEqual(Buffer.from('3'))
    expect(await store.lsTree('main', 'from')).toMatchObject([{ path: 'from/new' }])
    expect(await paths(store)).toHaveLength(62)
  })

  test('takes the place of one around it, unread', async () => {
    const store = await fresh({ 'a/b/c': '1', 'a/d': '2' })
    const edit = await openRepository(store.url).edit('main')
    edit.moveTree('a/b', 'a', { replace: true })
    await edit.commit({ message: 'm', author })
    await edit.push()
    expect(await paths(store)).toEqual(['a/c'])
    await store.fsck()
  })

  test('goes without being read, and so does everything', async () => {
    const store = await fresh({ ...deep, keep: 'k' })
    const edit = await openRepository(store.url).edit('main')
    edit.deleteTree('from')
    await edit.commit({ message: 'm', author })
    edit.deleteTree('')
    edit.put('only', '1')
    await edit.commit({ message: 'm', author })
    await edit.push()
    expect(sent()).toHaveLength(3)
    expect(await paths(store)).toEqual(['only'])
    await store.fsck()
  })
})

test.each([
  ['into itself', 'a', 'a/b'],
  ['onto itself', 'a', 'a'],
  ['from the root', '', 'a'],
  ['to the root', 'a', ''],
  ['out of the repository', 'a', '../b'],
])('a move %s is refused at once', async (_what, from, to) => {
  const edit = await openRepository((await fresh()).url).edit('main')
  const refused = expect.objectContaining({ code: 'InvalidInput' })
  expect(() => edit.move(from, to)).toThrowError(refused)
  expect(() => edit.moveTree(from, to)).toThrowError(refused)
})

test('a mode that no file has is refused at once, and so is a submodule at no commit', async () => {
  const edit = await openRepository((await fresh()).url).edit('main')
  const refused = expect.objectContaining({ code: 'InvalidInput' })
  for (const mode of [Mode.tree, Mode.gitlink, 0o644, 0o100600, NaN]) {
    expect(() => edit.put('a', 'x', { mode })).toThrowError(refused)
    expect(() => edit.setMode('a', mode)).toThrowError(refused)
  }
  expect(() => edit.putSubmodule('a', 'main')).toThrowError(refused)
})

describe('a content that the repository has', () => {
  const large = 'x'.repeat(100_000)

  test('is written at another path of another branch without being sent', async () => {
    const store = await fresh({ a: 'one', 'dir/b': large })
    await store.git('branch', 'side', 'main')
    await store.commitFiles({ 'dir/b': null }, { branch: 'side' })
    const repository = openRepository(store.url)
    const main = await repository.read(await repository.snapshot('main'), { folders: ['dir'] })
    const side = await repository.snapshot('side')
    const base = side.withTrees(new Map([...main.trees, ...side.trees]))
    const edit = await repository.edit('side', { base })
    edit.putExisting('again/c', blobId(Buffer.from(large)), { mode: Mode.executable })
    await edit.commit({ message: 'm', author })
    await edit.push()
    expect(await store.git('ls-tree', '-r', 'side')).toBe(
      [`100644 blob ${blobId(Buffer.from('one'))}\ta`, `100755 blob ${blobId(Buffer.from(large))}\tagain/c`].join('\n'),
    )
    expect(Number(remote.requests.at(-1)?.headers['content-length'])).toBeLessThan(1_000)
    await store.fsck()
  })

  test('is not believed in unless a folder that holds it has been read', async () => {
    const store = await fresh({ a: 'one', 'dir/b': 'two' })
    const edit = await openRepository(store.url).edit('main')
    edit.putExisting('c', blobId(Buffer.from('two')))
    await edit.commit({ message: 'm', author })
    await expect(edit.push()).rejects.toMatchObject({ code: 'IncompletePack' })
    expect(await paths(store)).toEqual(['a', 'dir/b'])
  })

  test('is named by its whole id', async () => {
    const edit = await openRepository((await fresh()).url).edit('main')
    const refused = expect.objectContaining({ code: 'InvalidInput' })
    expect(() => edit.putExisting('a', 'abc')).toThrowError(refused)
    expect(() => edit.putExisting('a', blobId(Buffer.from('')), { mode: Mode.gitlink })).toThrowError(refused)
  })
})

describe('staged reads', () => {
  test('show what the changes so far have made, of commits not yet pushed as well', async () => {
    const store = await fresh({ 'a/b': 'old', 'a/c': 'kept', 'x/y/z': 'deep' })
    const edit = await openRepository(store.url).edit('main')
    expect((await edit.file('a/b')).bytes.toString()).toBe('old')
    edit.put('a/b', 'new', { mode: Mode.executable })
    expect(await edit.file('a/b')).toMatchObject({
      path: 'a/b',
      mode: Mode.executable,
      oid: blobId(Buffer.from('new')),
    })
    await edit.commit({ message: 'm', author })
    expect(Buffer.from((await edit.file('a/b')).bytes).toString()).toBe('new')
    edit.move('x', 'a/x')
    expect(Buffer.from((await edit.file('a/x/y/z')).bytes).toString()).toBe('deep')
    expect((await edit.list('', { recursive: true })).map(({ path }) => path)).toEqual(['a/b', 'a/c', 'a/x/y/z'])
    expect((await edit.list('a')).map(({ path, type }) => `${type} ${path}`)).toEqual([
      'blob a/b',
      'blob a/c',
      'tree a/x',
    ])
    expect(await edit.list('x')).toEqual([])
    expect(
      await Promise.all(['', 'a', 'a/b', 'a/x/y', 'x', 'x/y/z', 'a/b/c'].map((path) => edit.exists(path))),
    ).toEqual([true, true, true, true, false, false, false])
    await expect(edit.file('x/y/z')).rejects.toMatchObject({ code: 'PathNotFound' })
    await expect(edit.file('a')).rejects.toMatchObject({ code: 'UnexpectedType' })
    await expect(edit.list('a/b')).rejects.toMatchObject({ code: 'UnexpectedType' })
  })

  test('cost nothing in an empty repository', async () => {
    const edit = await openRepository((await fresh()).url).edit('main')
    remote.reset()
    edit.put('a/b', '1')
    expect((await edit.file('a/b')).bytes.toString()).toBe('1')
    expect((await edit.list('')).map(({ path }) => path)).toEqual(['a'])
    expect(sent()).toEqual([])
  })
})

test('a commit that changes nothing is made where that is asked for', async () => {
  const store = await fresh({ a: '1' })
  const edit = await openRepository(store.url).edit('main')
  expect(await edit.commit({ message: 'nothing', author })).toBeNull()
  const commit = await edit.commit({ message: 'nothing', author, allowEmpty: true })
  await edit.push()
  expect(await store.resolve('main')).toBe(commit)
  expect(await store.git('diff', '--name-only', 'main~1', 'main')).toBe('')
  await store.fsck()
})

describe('merges', () => {
  test('take branches, tags and commits as further parents, in their order', async () => {
    const store = await fresh({ a: '1' })
    const one = await store.commitFiles({ b: '1' }, { branch: 'one' })
    const two = await store.commitFiles({ c: '1' }, { branch: 'two' })
    await store.git('tag', '-m', 'm', 'v2', two)
    const tip = await store.resolve('main')
    const edit = await openRepository(store.url).edit('main')
    edit.put('b', '1')
    const commit = await edit.commit({ message: 'merge', author, mergeParents: ['one', 'v2'] })
    await edit.push()
    expect(await store.git('log', '-1', '--format=%H %P', 'main')).toBe(`${commit} ${tip} ${one} ${two}`)
    await store.fsck()
  })

  test('of which nothing is taken are commits all the same', async () => {
    const store = await fresh({ a: '1' })
    const one = await store.commitFiles({ b: '1' }, { branch: 'one' })
    const edit = await openRepository(store.url).edit('main')
    expect(await edit.commit({ message: 'ours', author, mergeParents: [one] })).not.toBeNull()
    await edit.push()
    expect(await paths(store)).toEqual(['a'])
    expect(await store.git('rev-parse', 'main^2')).toBe(one)
  })

  test('of what the server does not have, what is no commit, or what is a parent already are refused', async () => {
    const store = await fresh({ a: '1' })
    const tip = (await store.resolve('main')) ?? ''
    const edit = await openRepository(store.url).edit('main')
    const merge = (...mergeParents: string[]): Promise<unknown> => edit.commit({ message: 'm', author, mergeParents })
    await expect(merge('none')).rejects.toMatchObject({ code: 'RefNotFound' })
    await expect(merge('1'.repeat(40))).rejects.toMatchObject({ code: 'ObjectMissing' })
    await expect(merge(await store.git('rev-parse', 'main^{tree}'))).rejects.toMatchObject({ code: 'UnexpectedType' })
    await expect(merge(tip)).rejects.toMatchObject({ code: 'InvalidInput' })
    const other = await store.commitFiles({ a: '2' }, { branch: 'other' })
    await expect(merge('other', other)).rejects.toMatchObject({ code: 'InvalidInput' })
  })
})

describe('where the branch must be', () => {
  test('is where the edit began, or as the caller says', async () => {
    const store = await fresh({ a: '1' })
    const tip = await store.commitFiles({ a: '2' })
    const repo = openRepository(store.url)
    const edit = await repo.edit('main')
    edit.put('a', '3')
    const commit = await edit.commit({ message: 'm', author })
    await expect(edit.push({ expect: null })).rejects.toMatchObject({ code: 'StaleRef' })
    await expect(edit.push({ expect: '1'.repeat(40) })).rejects.toMatchObject({
      code: 'StaleRef',
      details: { actual: tip },
    })
    expect(sent()).not.toContain('POST git-receive-pack')
    await edit.push({ expect: tip })
    expect(await store.resolve('main')).toBe(commit)
  })

  test('with force is anywhere, or where the caller says and nowhere else', async () => {
    const store = await fresh({ a: '1' })
    const repo = openRepository(store.url)
    const edit = await repo.edit('main')
    edit.put('a', 'ours')
    const commit = await edit.commit({ message: 'm', author })
    const theirs = await store.commitFiles({ a: 'theirs' })
    await expect(edit.push()).rejects.toMatchObject({ code: 'StaleRef', details: { actual: theirs } })
    await expect(edit.push({ expect: '1'.repeat(40), force: true })).rejects.toMatchObject({ code: 'StaleRef' })
    expect(await edit.push({ force: true })).toMatchObject({ status: 'pushed', old: theirs, commit })
    expect(await store.resolve('main')).toBe(commit)

    const again = await repo.edit('main')
    again.put('a', 'ours again')
    const second = await again.commit({ message: 'm', author })
    const more = await store.commitFiles({ a: 'theirs again' })
    await again.push({ expect: more, force: true })
    expect(await store.resolve('main')).toBe(second)
    await store.fsck()
  })
})

test('an edit goes on after its push, a request for each', async () => {
  const store = await fresh({ 'a/b': '0' })
  const edit = await openRepository(store.url).edit('main')
  for (let i = 1; i <= 5; i++) {
    edit.put('a/b', String(i))
    await edit.commit({ message: `${i}`, author })
    if (i === 1) remote.reset()
    expect(await edit.push()).toMatchObject({ status: 'pushed' })
  }
  expect(sent()).toEqual(Array.from({ length: 5 }, () => 'POST git-receive-pack'))
  expect(await store.log('main')).toHaveLength(6)
  await store.fsck()
})

test('commits that nobody waits for are made one after the other, each of what was asked for before it', async () => {
  const store = await fresh({ a: '0' })
  const edit = await openRepository(store.url).edit('main')
  const made: Promise<unknown>[] = []
  for (let i = 1; i <= 3; i++) {
    edit.put('a', String(i))
    made.push(edit.commit({ message: `${i}`, author }))
  }
  await Promise.all([...made, edit.push()])
  for (const [index, value] of ['3', '2', '1', '0'].entries()) {
    expect((await store.readFile(`main~${index}`, 'a')).toString()).toBe(value)
  }
  await store.fsck()
})

describe('a commit that fails', () => {
  const signer = { sign: () => Promise.reject(new Error('the key service is down')) }

  test('takes those with it that were asked for meanwhile: no author gets the changes of another', async () => {
    const store = await fresh({ a: '0' })
    const edit = await openRepository(store.url).edit('main')
    edit.put('ann', '1')
    const ann = edit.commit({ message: 'ann', author, sign: signer })
    edit.put('bob', '1')
    const bob = edit.commit({ message: 'bob', author: { ...author, name: 'Bob' } })
    const pushed = edit.push()
    for (const one of await Promise.allSettled([ann, bob, pushed])) {
      expect(one).toMatchObject({ status: 'rejected', reason: { message: 'the key service is down' } })
    }
    expect(sent()).not.toContain('POST git-receive-pack')
    // Who asks again knows what is staged.
    expect(await edit.commit({ message: 'both', author })).not.toBeNull()
    await edit.push()
    expect(await paths(store)).toEqual(['a', 'ann', 'bob'])
  })

  test('fails no more once what is wrong with it has been given up', async () => {
    const store = await fresh({ a: '0' })
    const edit = await openRepository(store.url).edit('main')
    edit.put('b', '1')
    await edit.commit({ message: 'm', author })
    edit.put('c', '1')
    edit.delete('nope')
    for (let i = 0; i < 2; i++) {
      await expect(edit.commit({ message: 'm', author })).rejects.toMatchObject({ code: 'PathNotFound' })
    }
    await edit.reset()
    edit.put('d', '1')
    await edit.commit({ message: 'm', author })
    await edit.push()
    expect(await paths(store)).toEqual(['a', 'b', 'd'])
    await store.fsck()
  })

  test('leaves alone what was asked for after a reset that nobody waited for', async () => {
    const store = await fresh({ a: '0' })
    const edit = await openRepository(store.url).edit('main')
    edit.put('b', '1')
    const first = edit.commit({ message: 'first', author })
    edit.put('c', '1')
    const failing = edit.commit({ message: 'failing', author, sign: signer })
    const reset = edit.reset()
    edit.put('d', '1')
    await Promise.allSettled([first, failing, reset, edit.commit({ message: 'last', author }), edit.push()])
    expect(await store.git('log', '--format=%s', '-2', 'main')).toBe('last\nfirst')
    expect(await paths(store)).toEqual(['a', 'b', 'd'])
  })
})

test('a push sends what was committed before it was asked for: what is staged since waits for a commit', async () => {
  const store = await fresh({ a: '0' })
  const edit = await openRepository(store.url).edit('main')
  edit.put('b', '1')
  await edit.commit({ message: 'm', author })
  const pushing = edit.push()
  edit.put('c', '1')
  expect(await pushing).toMatchObject({ status: 'pushed' })
  expect(await paths(store)).toEqual(['a', 'b'])
  await expect(edit.push()).rejects.toMatchObject({ code: 'InvalidInput' })
  await edit.commit({ message: 'm', author })
  await edit.push()
  expect(await paths(store)).toEqual(['a', 'b', 'c'])
})

test.each([
  ['of more than 1 MiB', 'x'.repeat((1 << 20) + 1)],
  ['of fewer characters, and more bytes than that', 'é'.repeat((1 << 19) + 1)],
  ['without a word', ' \n'],
  ['with NUL', 'a\0b'],
])('a message %s is refused', async (_what, message) => {
  const edit = await openRepository((await fresh()).url).edit('main')
  edit.put('a', '1')
  await expect(edit.commit({ message, author })).rejects.toMatchObject({
    code: 'InvalidInput',
    details: { field: 'message' },
  })
})

test('an id of another hash function changes nothing for an edit that goes on', async () => {
  const store = await fresh({ 'a/b': '0' })
  const repo = openRepository(store.url)
  const edit = await repo.edit('main')
  await expect(repo.commit('f'.repeat(64))).rejects.toMatchObject({ code: 'InvalidInput' })
  edit.put('a/c', '1')
  await edit.commit({ message: 'm', author })
  await edit.push()
  expect((await store.readFile('main', 'a/c')).toString()).toBe('1')
  await store.fsck()
})

test('what a dry run leaves, or a repository of another hash function, is no base of an edit', async () => {
  const store = await fresh({ a: '0' })
  const repo = openRepository(store.url)
  for (const edit of [await repo.edit('main'), await repo.edit('new', { create: true, from: 'main' })]) {
    edit.put('a', '1')
    await edit.commit({ message: 'm', author })
    const { snapshot } = await edit.push({ dryRun: true })
    const branch = edit.ref
    await expect(repo.edit(branch, { base: snapshot })).rejects.toMatchObject({
      code: 'InvalidInput',
      details: { field: 'base' },
    })
  }
  const other = await fresh({ a: '0' }, { objectFormat: 'sha256' })
  const base = await openRepository(other.url).snapshot('main')
  await expect(repo.edit('main', { base })).rejects.toMatchObject({ code: 'InvalidInput', details: { field: 'base' } })
})

test('a dry run gives the ids that the push then gives, and sends nothing', async () => {
  const store = await fresh({ a: '0' })
  const tip = await store.resolve('main')
  const edit = await openRepository(store.url).edit('main')
  edit.put('a', '1')
  await edit.commit({ message: 'm', author })
  remote.reset()
  const dry = await edit.push({ dryRun: true })
  expect(dry).toMatchObject({ status: 'dry-run', old: tip, snapshot: { tip, commit: null } })
  expect(sent()).toEqual([])
  expect(await store.resolve('main')).toBe(tip)
  expect(await edit.push()).toMatchObject({ commit: dry.commit })
  expect(await store.resolve('main')).toBe(dry.commit)
})

test('a snapshot begins an edit with another connection, in a SHA-256 repository as well', async () => {
  const store = await fresh({ a: '0' }, { objectFormat: 'sha256' })
  const snapshot = await openRepository(store.url).snapshot('main')
  const edit = await openRepository(store.url).edit('main', { base: snapshot })
  edit.put('a', '1')
  await edit.commit({ message: 'm', author })
  await edit.push()
  expect((await store.readFile('main', 'a')).toString()).toBe('1')
  await store.fsck()
})

test('a tree entry that leads to no tree is an error, not an endless question', async () => {
  const other = Buffer.from('no tree')
  const otherId = objectId(SHA1, 'tag', other)
  const tree = Buffer.concat([Buffer.from('40000 folder\0'), Buffer.from(otherId, 'hex')])
  const [treeId, date] = [objectId(SHA1, 'tree', tree), '<> 0 +0000']
  const commit = Buffer.from(`tree ${treeId}\nauthor ${date}\ncommitter ${date}\n\nm\n`)
  const commitId = objectId(SHA1, 'commit', commit)
  const all = new Map<string, PackEntry>([
    [commitId, { type: 'commit', bytes: commit }],
    [treeId, { type: 'tree', bytes: tree }],
    [otherId, { type: 'tag', bytes: other }],
  ])
  await using server = await scriptedServer(({ lines }) => {
    if (lines[0] === 'command=ls-refs') return { body: Buffer.concat([packet(`${commitId} refs/heads/main\n`), FLUSH]) }
    const wanted = lines.filter((line) => line.startsWith('want ')).map((line) => all.get(line.slice(5)) as PackEntry)
    const pack = Buffer.concat(writePack(wanted, SHA1))
    return { body: Buffer.concat([packet('packfile\n'), band(1, pack), FLUSH]) }
  })
  const edit = await openRepository(server.url).edit('main')
  edit.put('folder/x', '1')
  await expect(edit.commit({ message: 'm', author })).rejects.toMatchObject({ code: 'Malformed' })
})

describe('contents that wait for the push', () => {
  /** Bytes that do not compress. */
  async function* noise(size: number, seed: number): AsyncGenerator<Uint8Array> {
    let state = seed
    for (let sent = 0; sent < size; sent += 1 << 16) {
      const chunk = Buffer.alloc(Math.min(1 << 16, size - sent))
      for (let at = 0; at < chunk.length; at++)
        chunk[at] = (state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0) >>> 24
      yield chunk
    }
  }
  const MiB = 1 << 20

  test.each(['memory', 'disk', 'auto'] as const)(
    'in %s: streams and files, several commits',
    async (writing) => {
      const store = await fresh({ 'a/b': '0' })
      const repo = openRepository(store.url)
      const edit = await repo.edit('main', { writing })
      await Promise.all([
        edit.putStream('big/one', noise(5 * MiB, 1), { size: 5 * MiB, mode: Mode.executable }),
        edit.putStream('big/two', noise(4 * MiB, 2)),
        edit.putStream('big/empty', noise(0, 3)),
      ])
      await edit.commit({ message: 'one', author })
      edit.put('a/b', await buffer(noise(5 * MiB, 4)))
      edit.put('a/c', await buffer(noise(4 * MiB, 5)))
      edit.move('big/two', 'two')
      expect(Buffer.from((await edit.file('two')).bytes).equals(await buffer(noise(4 * MiB, 2)))).toBe(true)
      await edit.commit({ message: 'two', author })
      remote.reset()
      await edit.push()
      expect(sent()).toEqual(['POST git-receive-pack'])
      await store.fsck()
      for (const [path, size, seed] of [
        ['big/one', 5, 1],
        ['two', 4, 2],
        ['a/b', 5, 4],
        ['a/c', 4, 5],
      ] as const) {
        expect((await store.readFile('main', path)).equals(await buffer(noise(size * MiB, seed))), path).toBe(true)
      }
      expect((await store.lsTree('main', 'big')).map(({ mode, path }) => `${mode} ${path}`)).toEqual([
        '100644 big/empty',
        '100755 big/one',
      ])
      edit.put('a/b', 'small again')
      await edit.commit({ message: 'three', author })
      await edit.push()
      expect((await store.readFile('main', 'a/b')).toString()).toBe('small again')
    },
    60_000,
  )

  test('a push that has to be made again sends them again', async () => {
    const store = await fresh({ a: '0' })
    await using edit = await openRepository(store.url).edit('main', { writing: 'disk' })
    await edit.putStream('a', noise(MiB, 1))
    await edit.commit({ message: 'm', author })
    remote.faults.status(500, { when: ({ path }) => path.endsWith('receive-pack'), times: Infinity })
    await expect(edit.push()).rejects.toMatchObject({ code: 'ServerError' })
    remote.faults.clear()
    await edit.push()
    expect((await store.readFile('main', 'a')).equals(await buffer(noise(MiB, 1)))).toBe(true)
  })

  test('a stream that fails changes nothing, and the next one takes its place', async () => {
    const store = await fresh({ a: '0' })
    const edit = await openRepository(store.url).edit('main')
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* noise(MiB, 1)
      throw new Error('the disk is gone')
    }
    await expect(edit.putStream('a', broken())).rejects.toThrow('the disk is gone')
    await expect(edit.putStream('a', noise(MiB, 1), { size: 5 })).rejects.toMatchObject({ code: 'InvalidInput' })
    await expect(edit.putStream('../a', noise(1, 1))).rejects.toMatchObject({ code: 'InvalidInput' })
    expect(await edit.commit({ message: 'm', author })).toBeNull()
    await edit.putStream('a', noise(MiB, 2))
    await edit.commit({ message: 'm', author })
    await edit.push()
    expect((await store.readFile('main', 'a')).equals(await buffer(noise(MiB, 2)))).toBe(true)
  })

  test('are copies: bytes that were read, or given, may be changed and used again', async () => {
    const store = await fresh()
    const text = (await buffer(noise(3000, 1))).toString('hex')
    await store.commitFiles({ 'a/text': text })
    const edit = await openRepository(store.url).edit('main')
    const read = await edit.file('a/text')
    read.bytes[0] = 0x58
    edit.put('a/text', read.bytes)
    const shared = Buffer.from('one')
    edit.put('one', shared)
    shared.write('two')
    edit.put('two', shared)
    ;(await edit.file('two')).bytes[0] = 0x58
    const known = Buffer.from(text)
    edit.put('three', known, { old: known })
    known.fill(0)
    async function* again(): AsyncGenerator<Uint8Array> {
      const chunk = Buffer.alloc(1 << 15)
      for (let i = 0; i < 40; i++) yield chunk.fill(i)
    }
    const size = 40 << 15
    await edit.putStream('sized', again(), { size })
    await edit.commit({ message: 'm', author })
    await edit.push()
    await store.fsck()
    expect((await store.readFile('main', 'a/text')).toString()).toBe(`X${text.slice(1)}`)
    expect((await store.readFile('main', 'one')).toString()).toBe('one')
    expect((await store.readFile('main', 'two')).toString()).toBe('two')
    expect((await store.readFile('main', 'three')).toString()).toBe(text)
    const whole = Buffer.concat(Array.from({ length: 40 }, (_, i) => Buffer.alloc(1 << 15, i)))
    expect((await store.readFile('main', 'sized')).equals(whole)).toBe(true)
  })

  describe('where there is no disk', () => {
    const folder = process.env['TMPDIR']
    beforeEach(async () => {
      const gone = await mkdtemp(join(tmpdir(), 'gone-'))
      await rm(gone, { recursive: true })
      process.env['TMPDIR'] = gone
    })
    afterEach(() => {
      if (folder === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = folder
    })

    test.each(['auto', 'disk'] as const)('stay in memory if they were given whole (%s)', async (writing) => {
      const store = await fresh({ a: '0' })
      const edit = await openRepository(store.url).edit('main', { writing })
      edit.put('a', await buffer(noise(9 * MiB, 1)))
      await edit.commit({ message: 'm', author })
      await edit.push()
      expect((await store.readFile('main', 'a')).equals(await buffer(noise(9 * MiB, 1)))).toBe(true)
    })

    test('fail with a limit if they stream in, and no push that has happened fails for it', async () => {
      const store = await fresh({ a: '0' })
      const edit = await openRepository(store.url).edit('main')
      await expect(edit.putStream('a', noise(9 * MiB, 1))).rejects.toMatchObject({
        code: 'LimitExceeded',
        details: { path: process.env['TMPDIR'] },
        message: expect.stringMatching(/ENOENT.*memory/),
      })
      edit.put('b', '1')
      await edit.commit({ message: 'm', author })
      expect(await edit.push()).toMatchObject({ status: 'pushed' })
      expect(await paths(store)).toEqual(['a', 'b'])
    })
  })

  test('take no more room than maxSpillBytes', async () => {
    const { url } = await fresh({ a: '0' })
    const edit = await openRepository(url, { limits: { maxSpillBytes: MiB } }).edit('main', { writing: 'disk' })
    await expect(edit.putStream('a', noise(2 * MiB, 1))).rejects.toMatchObject({
      code: 'LimitExceeded',
      details: { limit: 'maxSpillBytes' },
    })
  })

  test('what differs alone is sent of a file whose content was read, or is known', async () => {
    const lines = Array.from({ length: 400 }, (_, i) => `line ${Math.imul(i, 2_654_435_761)}\n`)
    // So small a pack would be taken apart otherwise, object by object, and deltas in a circle would not show.
    const files = { 'a/b/c/file': lines.join(''), 'a/b/c/other': lines.toReversed().join('') }
    const store = await fresh(files, { config: { 'receive.unpackLimit': '1' } })
    const edit = await openRepository(store.url).edit('main')
    const { bytes } = await edit.file('a/b/c/file')
    edit.put('a/b/c/file', `${Buffer.from(bytes).toString()}one more\n`)
    await edit.commit({ message: 'read', author })
    remote.reset()
    await edit.push()
    expect(remote.requests[0]?.bytesIn).toBeLessThan(800)
    await store.fsck()

    const other = await store.readFile('main', 'a/b/c/other')
    edit.put('a/b/c/other', `first\n${other.toString()}`, { old: other })
    await edit.commit({ message: 'known', author })
    edit.put('a/b/c/other', other, { old: `first\n${other.toString()}` })
    await edit.commit({ message: 'and back', author })
    edit.put('a/b/c/file', 'x', { old: 'not what it holds' })
    await edit.commit({ message: 'not known', author })
    remote.reset()
    await edit.push()
    expect(sent()).toEqual(['POST git-receive-pack'])
    expect(remote.requests[0]?.bytesIn).toBeLessThan(2500)
    await store.fsck()
    expect(await store.readFile('main', 'a/b/c/other')).toEqual(other)
    expect((await store.readFile('main~2', 'a/b/c/other')).toString()).toBe(`first\n${other.toString()}`)
    expect((await store.readFile('main', 'a/b/c/file')).toString()).toBe('x')
  })
})
