import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GitError, isLfsPointer, openRepository } from '@gitsync/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRemote } from '../../kit/remote/index.ts'
import type { Remote, TestRepository } from '../../kit/remote/index.ts'
import { scriptedServer } from './scripted-server.ts'
import type { Rule } from './scripted-server.ts'
import { run } from '../../kit/process/run.ts'

const ANN = { name: 'Ann', email: 'ann@example.com', date: new Date(0) }

let remote: Remote
let store: TestRepository
let keys: string
let count = 0

const id = async (revision: string): Promise<string> => (await store.resolve(revision)) ?? ''

beforeAll(async () => {
  remote = await startRemote()
  keys = await mkdtemp(join(tmpdir(), 'gitsync-keys-'))
  store = await remote.createRepository('objects.git')
  await store.commitFiles({ a: '1', 'd/e/f': 'deep' })
  await store.commitFiles({ a: '22' }, { message: 'Second\n\nBody', branch: 'side', parents: ['main'] })
  await store.commitFiles({ a: '333' }, { message: 'Third', parents: ['main', 'side'] })
  await store.git('tag', 'light', 'main')
  await store.git('tag', '-a', '-m', 'Release\n\nNotes', 'v1', 'main')
  await store.git('tag', '-a', '-m', 'Again', 'nested', 'v1')
  await store.git('tag', '-a', '-m', 'A tree', 'of-tree', 'main^{tree}')
  await store.git('tag', 'light-tree', 'main^{tree}')
})
afterAll(async () => {
  await remote.stop()
  await rm(keys, { recursive: true, force: true })
})

describe('commits', () => {
  test('by every kind of name, merge parents in order', async () => {
    const repo = openRepository(store.url)
    const oid = await id('main')
    const expected = {
      oid,
      tree: await id('main^{tree}'),
      parents: [await id('main^1'), await id('main^2')],
      author: { name: 'Foreign Writer', email: 'foreign@example.com' },
      message: 'Third',
    }
    for (const revision of ['main', 'HEAD', 'refs/heads/main', 'v1', 'light', 'nested', oid, await id('nested')]) {
      expect(await repo.commit(revision), revision).toMatchObject(expected)
    }
  })

  test('by id one request, by name two', async () => {
    const repo = openRepository(store.url)
    await repo.commit(await id('main'))
    expect(repo.traffic.requests).toBe(1)
    await repo.commit('main')
    expect(repo.traffic.requests).toBe(3)
  })

  test('what is none, or not there', async () => {
    const repo = openRepository(store.url)
    for (const revision of ['of-tree', 'light-tree', await id('main^{tree}')]) {
      await expect(repo.commit(revision)).rejects.toMatchObject({ code: 'UnexpectedType', details: { actual: 'tree' } })
    }
    await expect(repo.commit('none')).rejects.toMatchObject({ code: 'RefNotFound' })
    await expect(repo.commit('f'.repeat(40))).rejects.toMatchObject({ code: 'ObjectMissing' })
    await expect(repo.commit('a..b')).rejects.toMatchObject({ code: 'InvalidInput' })
  })

  test('texts in the encoding that the commit names, or that it should have named', async () => {
    const commit = async (encoding: string | undefined, subject: Buffer): Promise<string> => {
      const head = `tree ${await id('main^{tree}')}\nauthor `
      const who = Buffer.concat([subject, Buffer.from(' <a@b> 1 +0000\n')])
      const parts = [Buffer.from(head), who, Buffer.from('committer '), who]
      if (encoding !== undefined) parts.push(Buffer.from(`encoding ${encoding}\n`))
      const input = Buffer.concat([...parts, Buffer.from('\n'), subject, Buffer.from('\n')])
      const oid = await store.gitWith({ input }, 'hash-object', '-t', 'commit', '-w', '--stdin')
      await store.git('update-ref', `refs/heads/encoded-${++count}`, oid)
      return oid
    }
    const repo = openRepository(store.url)
    const read = async (oid: string): Promise<[string, string, string | undefined]> => {
      const { author, message, encoding } = await repo.commit(oid)
      return [author.name, message, encoding]
    }
    expect(await read(await commit('ISO-8859-1', Buffer.from('Zo\xeb', 'latin1')))).toEqual([
      'Zoë',
      'Zoë\n',
      'ISO-8859-1',
    ])
    expect(await read(await commit('Shift_JIS', Buffer.from([0x83, 0x4d])))).toEqual(['ギ', 'ギ\n', 'Shift_JIS'])
    expect(await read(await commit(undefined, Buffer.from('Zoë')))).toEqual(['Zoë', 'Zoë\n', undefined])
    expect(await read(await commit(undefined, Buffer.from('Zo\xeb', 'latin1')))).toEqual(['Zoë', 'Zoë\n', undefined])
    expect(await read(await commit('no-such-code', Buffer.from('Zoë')))).toEqual(['Zoë', 'Zoë\n', 'no-such-code'])
  })
})

describe('signatures', () => {
  const ssh = async (): Promise<string[]> => {
    const key = join(keys, `key-${++count}`)
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    return ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${key}.pub`]
  }

  test('of a commit and of a tag are given as git stores them, and are no part of the message', async () => {
    const config = await ssh()
    const oid = await store.git(...config, 'commit-tree', '-S', '-p', 'main', '-m', 'Signed', 'main^{tree}')
    await store.git('update-ref', 'refs/heads/signed', oid)
    await store.git(...config, 'tag', '-s', '-m', 'Signed tag', 'signed-tag', oid)
    const repo = openRepository(store.url)
    const block = /^-----BEGIN SSH SIGNATURE-----\n[\w+/=\n]+\n-----END SSH SIGNATURE-----\n?$/
    const commit = await repo.commit('signed')
    expect(commit.message).toBe('Signed\n')
    expect(commit.signature).toMatch(block)
    const tag = await repo.tag('signed-tag')
    expect(tag.message).toBe('Signed tag\n')
    expect(tag.signature).toMatch(block)
    expect((await store.git('cat-file', 'tag', 'signed-tag')).includes(tag.signature?.trimEnd() ?? '?')).toBe(true)
  })
})

describe('tags', () => {
  test('annotated, of a tag, of a tree, and light', async () => {
    const repo = openRepository(store.url)
    const commit = { oid: await id('main'), type: 'commit' }
    expect(await repo.tag('v1')).toEqual({
      oid: await id('v1'),
      annotated: true,
      object: commit.oid,
      type: 'commit',
      name: 'v1',
      tagger: expect.objectContaining({ name: 'Foreign Writer' }),
      message: 'Release\n\nNotes\n',
      peeled: commit,
    })
    expect(await repo.tag('refs/tags/nested')).toMatchObject({ type: 'tag', object: await id('v1'), peeled: commit })
    expect(await repo.tag(await id('v1'))).toMatchObject({ name: 'v1', peeled: commit })
    expect(await repo.tag('of-tree')).toMatchObject({
      type: 'tree',
      peeled: { oid: await id('main^{tree}'), type: 'tree' },
    })
    expect(await repo.tag('light')).toEqual({
      ...commit,
      annotated: false,
      object: commit.oid,
      name: 'light',
      message: '',
      peeled: commit,
    })
  })

  test('two requests', async () => {
    const repo = openRepository(store.url)
    await repo.tag('nested')
    expect(repo.traffic.requests).toBe(2)
  })

  test('what is none, or not there', async () => {
    const repo = openRepository(store.url)
    await expect(repo.tag('main')).rejects.toMatchObject({ code: 'RefNotFound' })
    await expect(repo.tag(await id('main'))).rejects.toMatchObject({
      code: 'UnexpectedType',
      details: { expected: 'tag' },
    })
  })
})

describe('trees', () => {
  test('of a tree id, of tags, of the empty tree', async () => {
    const repo = openRepository(store.url)
    const tree = await id('main^{tree}')
    for (const revision of [tree, 'of-tree', 'light-tree', await id('of-tree'), 'nested', await id('nested')]) {
      const listed = await repo.tree(revision, { recursive: true })
      expect(
        listed.map(({ path }) => path),
        revision,
      ).toEqual(['a', 'd/e/f'])
      expect((await repo.tree(revision, { path: 'd/e' })).map(({ path }) => path)).toEqual(['d/e/f'])
      expect((await repo.file(revision, 'd/e/f')).bytes.toString()).toBe('deep')
    }
    expect(await repo.tree(await id('main:d'))).toMatchObject([{ path: 'e', type: 'tree' }])
    expect(await repo.tree('4b825dc642cb6eb9a060e54bf8d69288fbee4904')).toEqual([])
  })

  test('a branch is not created from a tree', async () => {
    const repo = openRepository(store.url)
    await expect(repo.edit('new', { create: true, from: 'light-tree' })).rejects.toMatchObject({
      code: 'UnexpectedType',
      details: { expected: 'commit', actual: 'tree' },
    })
  })

  test.each([true, false])('sizes where the server tells (%s), and no error where not', async (offered) => {
    // Older git offers it whatever the configuration says.
    const sized = await remote.createRepository(`sizes-${offered}.git`, {
      config: { 'transfer.advertiseObjectInfo': 'true' },
    })
    await sized.commitFiles({ a: '1', b: '', 'd/e': 'four', m: { mode: '160000', content: '1'.repeat(40) } })
    const without: Rule = async (asked, forward) =>
      asked.method === 'GET'
        ? { body: (await forward()).toString('latin1').replace('0010object-info\n', '') }
        : undefined
    await using server = await scriptedServer(offered ? () => undefined : without, sized.url)
    const repo = openRepository(server.url)
    const listed = await repo.tree('main', { sizes: true, recursive: true })
    expect(listed.map(({ path, size }) => [path, size])).toEqual(
      offered
        ? [
            ['a', 1],
            ['b', 0],
            ['d/e', 4],
            ['m', undefined],
          ]
        : ['a', 'b', 'd/e', 'm'].map((path) => [path, undefined]),
    )
    expect(listed.some((entry) => 'size' in entry)).toBe(offered)
  })
})

test('a pointer of Git LFS is known for one', () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`
  expect(isLfsPointer(Buffer.from(pointer))).toBe(true)
  for (const other of [
    '',
    'version 1',
    pointer.replace('sha256', 'md5'),
    pointer.replace('12345', 'x'),
    pointer + '#'.repeat(1024),
  ]) {
    expect(isLfsPointer(Buffer.from(other))).toBe(false)
  }
})

describe('what an encoding says', () => {
  test.each(['UTF-16LE', 'UTF-16BE', 'replacement', 'nonsense'])(
    'a commit in %s stops nobody from reading and editing its branch',
    async (encoding) => {
      const other = await remote.createRepository(`encoding-${++count}.git`)
      const parent = await other.commitFiles({ a: '1' })
      const tree = await other.git('rev-parse', `${parent}^{tree}`)
      const commit = await other.git(
        '-c',
        `i18n.commitEncoding=${encoding}`,
        'commit-tree',
        tree,
        '-p',
        parent,
        '-m',
        'x',
      )
      await other.git('update-ref', 'refs/heads/main', commit)
      const repo = openRepository(other.url)
      expect(await repo.commit('main')).toMatchObject({ oid: commit, tree, parents: [parent], encoding })
      expect((await repo.edit('main')).tip).toBe(commit)
    },
  )
})

describe('an id of the other hash function', () => {
  test('is refused by name once the repository is known, and changes nothing for later calls', async () => {
    const repo = openRepository(store.url)
    const edit = await repo.edit('main')
    await expect(repo.commit('f'.repeat(64))).rejects.toMatchObject({ code: 'InvalidInput', details: { expected: 40 } })
    edit.put('new', 'new')
    expect(await edit.commit({ message: 'm', author: ANN })).toMatch(/^[0-9a-f]{40}$/)
    expect((await repo.refs()).length).toBeGreaterThan(2)
  })

  test('before that it is not found, and changes nothing either', async () => {
    const repo = openRepository(store.url)
    await expect(repo.commit('f'.repeat(64))).rejects.toBeInstanceOf(GitError)
    expect(await repo.commit('main')).toMatchObject({ oid: await id('main') })
  })
})
