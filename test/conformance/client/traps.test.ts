import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, Mode, openRepository, SHA1 } from '@gitsync/protocol'
import type { CommitInfo, Edit, Repository } from '@gitsync/protocol'
import { describe, expect, test } from 'vitest'
import { DeltaWriter } from '../../../protocol/src/format/delta.ts'
import { objectId } from '../../../protocol/src/format/object-id.ts'
import { writePack } from '../../../protocol/src/format/pack-writer.ts'
import type { PackEntry } from '../../../protocol/src/format/pack-writer.ts'
import type { FileContent, TestRepository } from '../../kit/remote/index.ts'
import { author, change, useRemote } from './fixture.ts'
import { band, FLUSH, packet, scriptedServer } from './scripted-server.ts'

/**
 * Faults that clients without a clone are known for: each has a rule here, and a test that we keep it. Elsewhere: paths that
 * lead out of a checkout, executables and symlinks (checkout), a mode that changes alone (compare), an answer that is lost
 * (editing), parents of a merge (writing), an "ok" that is a lie (refs), credentials and redirects (transport), deltas and
 * packs that are cut (the format's own tests).
 */

const remote = useRemote()
const { sent } = remote

async function place(
  files: Readonly<Record<string, FileContent>>,
): Promise<{ store: TestRepository; repo: Repository }> {
  const store = await remote.fresh(files)
  return { store, repo: openRepository(store.url) }
}

const files = async (store: TestRepository): Promise<Record<string, string>> => {
  const listed = await store.lsTree('main')
  const contents = listed.map(async ({ path, type, oid }) =>
    type === 'commit' ? `submodule ${oid.slice(0, 4)}` : (await store.readFile('main', path)).toString(),
  )
  return Object.fromEntries((await Promise.all(contents)).map((content, index) => [listed[index]?.path ?? '', content]))
}

describe('writing', () => {
  test('a push of what no commit holds fails, sends nothing, and loses nothing', async () => {
    const { store, repo } = await place({ a: '1' })
    const edit = await repo.edit('main')
    edit.put('a', '2')
    remote.reset()
    await expect(edit.push()).rejects.toMatchObject({
      code: 'InvalidInput',
      message: expect.stringContaining('commit'),
    })
    expect(sent()).toEqual([])
    await edit.commit({ message: 'm', author })
    await edit.push()
    expect(await files(store)).toEqual({ a: '2' })
  })

  test('a push that fails leaves the commits for another', async () => {
    const { store, repo } = await place({ a: '1' })
    const edit = await repo.edit('main')
    edit.put('a', '2')
    await edit.commit({ message: 'm', author })
    remote.faults.status(503, { when: ({ path }) => path.endsWith('receive-pack'), times: Infinity })
    await expect(edit.push()).rejects.toMatchObject({ code: 'ServerError' })
    remote.faults.clear()
    expect((await edit.push()).status).toBe('pushed')
    expect(await files(store)).toEqual({ a: '2' })
  })

  test.each([
    ['of a file in it, to a new folder', 'put a/x edited, moveTree a new', 'b/z:z new/x:edited new/y:y'],
    ['of a file in it, into an existing folder', 'put a/x edited, moveTree a b/a', 'b/a/x:edited b/a/y:y b/z:z'],
    ['that adds a file to it and deletes one', 'put a/new/w w, delete a/x, moveTree a c', 'b/z:z c/new/w:w c/y:y'],
    ['of the file itself', 'put a/x edited, move a/x b/x', 'a/y:y b/x:edited b/z:z'],
    [
      'in a folder that is moved twice',
      'moveTree a c, put c/x edited, moveTree c d/e, put d/e/y too',
      'b/z:z d/e/x:edited d/e/y:too',
    ],
  ])('a move takes along the edit before it: %s', async (_shape, calls, expected) => {
    const { store, repo } = await place({ 'a/x': 'x', 'a/y': 'y', 'b/z': 'z' })
    await change(repo, (edit) => {
      for (const call of calls.split(', ')) {
        const [verb, path = '', value = ''] = call.split(' ')
        if (verb === 'delete') edit.delete(path)
        else edit[verb as 'put' | 'move' | 'moveTree'](path, value)
      }
    })
    expect(await files(store)).toEqual(Object.fromEntries(expected.split(' ').map((file) => file.split(':'))))
    await store.fsck()
  })

  test('an update keeps the mode of an executable, a move any mode, and the neighbours theirs', async () => {
    const { store, repo } = await place({
      'bin/run': { mode: '100755', content: '1' },
      'bin/link': { mode: '120000', content: 'run' },
      'bin/other': { mode: '100755', content: '3' },
    })
    await change(repo, (edit) => {
      edit.put('bin/run', '2')
      edit.move('bin/link', 'link')
      edit.move('bin/other', 'other')
      edit.put('new', 'x', { mode: Mode.executable })
    })
    expect((await store.lsTree('main')).map(({ mode, path }) => `${mode} ${path}`)).toEqual([
      '100755 bin/run',
      '120000 link',
      '100755 new',
      '100755 other',
    ])
  })

  test.each<[string, (edit: Edit) => void]>([
    ['deleted', (edit) => edit.delete('a/b/c/only')],
    ['moved', (edit) => edit.move('a/b/c/only', 'keep2')],
    ['moved with its folder', (edit) => edit.moveTree('a/b/c', 'c')],
    ['deleted with its folder', (edit) => edit.deleteTree('a/b/c')],
  ])('no empty folder stays behind when the last file is %s', async (_how, stage) => {
    const { store, repo } = await place({ 'a/b/c/only': '1', keep: 'k' })
    await change(repo, stage)
    const listed = await store.git('ls-tree', '-r', '-t', '--name-only', 'main')
    expect(listed.split('\n').filter((path) => path.startsWith('a'))).toEqual([])
    await store.fsck()
  })

  test('a file that takes the name of a folder edited and deleted before is that file', async () => {
    const { store, repo } = await place({ 'a/x': 'x', keep: 'k' })
    await change(repo, (edit) => {
      edit.put('a/x', 'edited')
      edit.deleteTree('a')
      edit.put('a', 'file')
    })
    expect(await files(store)).toEqual({ a: 'file', keep: 'k' })
    await store.fsck()
  })

  test('no change is no commit, however often it is asked for', async () => {
    const { store, repo } = await place({ a: '1', b: '2' })
    const edit = await repo.edit('main')
    const commit = (): Promise<string | null> => edit.commit({ message: 'm', author })
    expect(await commit()).toBeNull()
    edit.put('a', '1')
    edit.move('b', 'c')
    edit.move('c', 'b')
    expect(await commit()).toBeNull()
    edit.put('a', '2')
    expect(await commit()).not.toBeNull()
    expect(await commit()).toBeNull()
    await edit.push()
    expect(await store.log('main')).toHaveLength(2)
  })

  test('names that begin alike stand in the order of git, folders as if they ended in a slash', async () => {
    const { store, repo } = await place({ 'name/x': '1' })
    await change(repo, (edit) => {
      for (const path of ['name.a', 'name-a', 'name0', 'name.d/x', 'name-d/x', 'name0d/x']) edit.put(path, path)
    })
    await store.fsck()
    expect(Object.keys(await files(store))).toHaveLength(7)
  })

  const date = author.date
  test.each([
    ['a line break in a name', { name: 'Ann\nparent 1234', email: 'a@example.com', date }],
    ['a line break in an address', { name: 'Ann', email: 'a@example.com\n\nmessage', date }],
    ['angle brackets in a name', { name: 'Ann <root@example.com>', email: 'a@example.com', date }],
    ['NUL in a name', { name: 'Ann\0', email: 'a@example.com', date }],
    ['no name', { name: ' ', email: 'a@example.com', date }],
    ['no address', { name: 'Ann', email: '', date }],
    ['no date', { name: 'Ann', email: 'a@example.com', date: new Date(NaN) }],
  ])('nobody writes headers or leaves them empty: %s', async (_what, who) => {
    const { repo } = await place({ a: '1' })
    const edit = await repo.edit('main')
    edit.put('a', '2')
    const refused = { code: 'InvalidInput', details: { field: expect.stringMatching(/^(author|committer)\./) } }
    await expect(edit.commit({ message: 'm', author: who })).rejects.toMatchObject(refused)
    await expect(edit.commit({ message: 'm', author, committer: who })).rejects.toMatchObject(refused)
    expect(await edit.commit({ message: 'm', author })).not.toBeNull()
  })

  test.each(['', ' \n', 'a\0b'])('a message must not be %j', async (message) => {
    const { repo } = await place({ a: '1' })
    const edit = await repo.edit('main')
    edit.put('a', '2')
    await expect(edit.commit({ message, author })).rejects.toMatchObject({ code: 'InvalidInput' })
  })

  test.each(['../x', '/abs', 'a//b', './c', '.git/config', 'a/.GIT/hooks', 'a\0b', 'x/../y'])(
    'no change of any kind takes the path %j',
    async (path) => {
      const { repo } = await place({ a: '1' })
      const edit = await repo.edit('main')
      const calls: (() => unknown)[] = [
        () => edit.put(path, 'x'),
        () => edit.putSubmodule(path, '1'.repeat(40)),
        () => edit.setMode(path, Mode.file),
        () => edit.delete(path),
        () => edit.deleteTree(path),
        () => edit.move('a', path),
        () => edit.move(path, 'b'),
        () => edit.moveTree('a', path),
      ]
      for (const call of calls) expect(call).toThrowError(expect.objectContaining({ code: 'InvalidInput' }))
    },
  )

  test.each<[string, (edit: Edit) => void, string]>([
    ['a deletion', (edit) => edit.delete('none'), 'PathNotFound'],
    ['a deletion of a folder as a file', (edit) => edit.delete('a'), 'UnexpectedType'],
    ['a deletion of a file as a folder', (edit) => edit.deleteTree('f'), 'UnexpectedType'],
    ['a move from nowhere', (edit) => edit.move('none', 'b'), 'PathNotFound'],
    ['a move onto a file', (edit) => edit.move('f', 'a/x'), 'TargetExists'],
    ['a move onto a folder', (edit) => edit.move('f', 'a'), 'TargetExists'],
    ['a move of a folder onto another', (edit) => edit.moveTree('a', 'b'), 'TargetExists'],
    ['a move of a file as a folder', (edit) => edit.moveTree('f', 'g'), 'UnexpectedType'],
    ['a file in place of a folder', (edit) => edit.put('a', 'x'), 'UnexpectedType'],
    ['a folder in place of a file', (edit) => edit.put('f/x', 'x'), 'UnexpectedType'],
    ['the mode of a folder', (edit) => edit.setMode('a', Mode.executable), 'UnexpectedType'],
  ])('what cannot be meant fails the commit: %s', async (_what, stage, code) => {
    const { repo } = await place({ 'a/x': 'x', 'b/y': 'y', f: 'f' })
    const edit = await repo.edit('main')
    stage(edit)
    await expect(edit.commit({ message: 'm', author })).rejects.toMatchObject({ code })
  })

  describe('a submodule', () => {
    const sub = (digit: string): FileContent => ({ mode: '160000', content: digit.repeat(40) })

    test.each<[string, (edit: Edit) => void, Record<string, string>]>([
      [
        'is kept when a neighbour changes',
        (edit) => edit.put('lib/a', '2'),
        { 'lib/a': '2', 'lib/sub': 'submodule 1111' },
      ],
      ['is kept when a neighbour goes', (edit) => edit.delete('lib/a'), { 'lib/sub': 'submodule 1111' }],
      ['moves with its folder', (edit) => edit.moveTree('lib', 'l'), { 'l/a': '1', 'l/sub': 'submodule 1111' }],
      ['moves alone', (edit) => edit.move('lib/sub', 's'), { 'lib/a': '1', s: 'submodule 1111' }],
      ['goes when it is deleted', (edit) => edit.delete('lib/sub'), { 'lib/a': '1' }],
      [
        'goes to another commit',
        (edit) => edit.putSubmodule('lib/sub', '2'.repeat(40)),
        { 'lib/a': '1', 'lib/sub': 'submodule 2222' },
      ],
      [
        'does not come back after its folder was deleted and made again',
        (edit) => {
          edit.deleteTree('lib')
          edit.put('lib/new', 'n')
        },
        { 'lib/new': 'n' },
      ],
      [
        'does not come back after a file took its name and went',
        (edit) => {
          edit.put('lib/sub', 'file')
          edit.delete('lib/sub')
        },
        { 'lib/a': '1' },
      ],
      [
        'does not come back after its folder became a file and a folder again',
        (edit) => {
          edit.put('lib', 'file', { replace: true })
          edit.put('lib/a', 'again', { replace: true })
        },
        { 'lib/a': 'again' },
      ],
      [
        'does not come back after everything was deleted',
        (edit) => {
          edit.deleteTree('')
          edit.put('lib/b', 'b')
        },
        { 'lib/b': 'b' },
      ],
    ])('%s', async (_rule, stage, expected) => {
      const { store, repo } = await place({ 'lib/a': '1', 'lib/sub': sub('1') })
      await change(repo, stage)
      expect(await files(store)).toEqual(expected)
      await store.fsck()
    })

    test('does not come back in a later push', async () => {
      const { store, repo } = await place({ 'lib/a': '1', 'lib/sub': sub('1'), keep: 'k' })
      const edit = await repo.edit('main')
      for (const stage of [() => edit.deleteTree('lib'), () => edit.put('lib/a', '2')]) {
        stage()
        await edit.commit({ message: 'm', author })
        await edit.push()
      }
      expect(await files(store)).toEqual({ keep: 'k', 'lib/a': '2' })
    })
  })
})

describe('reading', () => {
  const idsOf = async (history: AsyncIterable<CommitInfo>): Promise<string[]> => {
    const ids: string[] = []
    for await (const { oid } of history) ids.push(oid)
    return ids
  }
  const lastPart = (path: string): string => path.split('/').at(-1) ?? ''

  test('an annotated tag is read, listed, compared, gone back from and checked out as what it stands for', async () => {
    const { store, repo } = await place({ a: '1' })
    const tagged = await store.resolve('main')
    await store.git('tag', '-a', '-m', 'one', 'v1', 'main')
    const tag = (await store.resolve('v1')) ?? ''
    await store.commitFiles({ a: '2' })
    const folder = await mkdtemp(join(tmpdir(), 'gitsync-traps-'))
    try {
      for (const name of ['v1', tag]) {
        expect(await repo.tag(name)).toMatchObject({ oid: tag, object: tagged, message: 'one\n' })
        expect((await repo.commit(name)).oid).toBe(tagged)
        expect((await repo.tree(name)).map(({ path }) => path)).toEqual(['a'])
        expect((await repo.file(name, 'a')).bytes.toString()).toBe('1')
        expect(await repo.compare(name, 'main')).toMatchObject([{ status: 'M', path: 'a' }])
        expect(await idsOf(repo.history(name))).toEqual([tagged])
        expect((await repo.checkout(name, join(folder, name))).commit).toBe(tagged)
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('the history of a merge goes on along the branch that was merged into, and along all of them when asked', async () => {
    const { store, repo } = await place({ a: '1' })
    const root = (await store.resolve('main')) ?? ''
    const side = await store.commitFiles({ side: '1' }, { branch: 'side', parents: [root], time: 1_700_000_100 })
    const main = await store.commitFiles({ main: '1' }, { time: 1_700_000_200 })
    const merge = await store.commitFiles({ side: '1' }, { parents: [main, side], time: 1_700_000_300 })
    const ids = (firstParent: boolean): Promise<string[]> => idsOf(repo.history('main', { firstParent }))
    expect((await repo.commit('main')).parents).toEqual([main, side])
    expect(await ids(true)).toEqual([merge, main, root])
    expect(await ids(false)).toEqual([merge, main, side, root])
  })

  test('a commit that is in the cache already does not hide its trees and files', async () => {
    const { store } = await place({ 'a/b': '1' })
    const cache = { store: memoryStore(), scope: 'one' }
    const folder = await mkdtemp(join(tmpdir(), 'gitsync-traps-'))
    try {
      await openRepository(store.url, { cache }).commit('main')
      const repo = openRepository(store.url, { cache })
      expect((await repo.tree('main', { recursive: true })).map(({ path }) => path)).toEqual(['a/b'])
      expect((await repo.checkout('main', folder)).files).toBe(1)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('of several refs with one prefix each is found by its name', async () => {
    const { store, repo } = await place({ a: '1' })
    const first = await store.resolve('main')
    await store.git('branch', 'main-2', 'main')
    await store.git('branch', 'main/3', 'main').catch(() => undefined)
    const second = await store.commitFiles({ a: '2' })
    expect((await repo.commit('main')).oid).toBe(second)
    expect((await repo.commit('main-2')).oid).toBe(first)
    expect(await repo.tip('main')).toBe(second)
    await expect(repo.commit('mai')).rejects.toMatchObject({ code: 'RefNotFound' })
  })

  test('one odd old commit does not spoil the reading of all', async () => {
    const { store, repo } = await place({ a: '1' })
    const tree = await store.git('rev-parse', 'main^{tree}')
    const who = 'Odd <odd@example.com> 1700000000'
    const odd = `tree ${tree}\nauthor ${who} +051800\ncommitter ${who} -9959\n\nodd\n`
    const how = ['hash-object', '-t', 'commit', '-w', '--stdin', '--literally']
    const oid = await store.gitWith({ input: odd }, ...how)
    await store.git('update-ref', 'refs/heads/main', oid)
    const tip = await store.commitFiles({ a: '2' })
    expect(await idsOf(repo.history('main'))).toEqual([tip, oid])
    expect((await repo.commit(oid)).author).toMatchObject({ name: 'Odd', email: 'odd@example.com' })
    expect(await repo.compare(oid, 'main')).toHaveLength(1)
  })

  test.each<[string, number, (repo: Repository) => Promise<unknown>]>([
    ['the refs', 0, (repo) => repo.refs()],
    ['the refs before an edit', 0, (repo) => repo.edit('main')],
    ['a commit', 1, (repo) => repo.commit('main')],
    ['trees', 1, (repo) => repo.tree('main', { recursive: true })],
    ['files', 1, (repo) => repo.file('main', 'a')],
    ['a history', 1, (repo) => idsOf(repo.history('main'))],
    ['a comparison', 1, (repo) => repo.compare('main', 'other')],
    ['the report of a push', 2, (repo) => change(repo, (edit) => edit.put('a', '2'))],
  ])('a silent 200 with an empty body is an error, never a success: in place of %s', async (_what, after, act) => {
    const { store, repo } = await place({ a: '1' })
    await store.commitFiles({ a: '3' }, { branch: 'other' })
    let asked = 0
    remote.faults.empty({ times: Infinity, when: () => ++asked > after })
    await expect(act(repo)).rejects.toMatchObject({ name: 'GitError' })
    expect((await store.readFile('main', 'a')).toString()).toBe('1')
  })

  test('a pack that ends early is an error wherever it is cut, and no file is half', async () => {
    const { repo } = await place({ a: 'x'.repeat(20_000), b: String(Math.random()) })
    for (const after of [0, 1, 30, 60, 100, 150]) {
      remote.faults.cut(after, { times: Infinity, when: ({ path }) => lastPart(path) === 'git-upload-pack' })
      await expect(repo.files('main', ['a', 'b'])).rejects.toMatchObject({ code: 'Network' })
      remote.faults.clear()
    }
  })

  describe('deltas', () => {
    /** A server whose every answer to a fetch is this pack. */
    const answering = (entries: readonly PackEntry[]): ReturnType<typeof scriptedServer> => {
      const pack = [packet('packfile\n'), ...writePack(entries, SHA1).map((part) => band(1, part)), FLUSH]
      return scriptedServer(({ lines }) =>
        lines[0] === 'command=ls-refs'
          ? { body: Buffer.concat([packet(`${'c'.repeat(40)} refs/heads/main\n`), FLUSH]) }
          : { body: Buffer.concat(pack) },
      )
    }

    test('a bomb of them goes off at a limit, in little memory', async () => {
      const base = Buffer.alloc(1 << 20, 'x')
      const delta = new DeltaWriter(base.length)
      // Two hundred bytes of delta that stand for as many times the base.
      for (let i = 0; i < 200; i++) delta.copy(0, base.length)
      const entries: PackEntry[] = [
        { type: 'tree', bytes: base },
        { type: 'ref-delta', base: objectId(SHA1, 'tree', base), bytes: delta.finish() },
      ]
      await using server = await answering(entries)
      const before = process.memoryUsage().arrayBuffers
      await expect(openRepository(server.url).commit('main')).rejects.toMatchObject({
        code: 'LimitExceeded',
        details: { limit: 'maxObjectBytes' },
      })
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20)
    })

    test('one that gives less than it declares is damage, not a shorter object', async () => {
      const base = Buffer.from('a base of some length')
      const whole = new DeltaWriter(base.length)
      whole.copy(0, base.length)
      const lying = Buffer.from(whole.finish())
      // Size of the base, then of the result: one byte each.
      lying[1] = base.length + 5
      const entries: PackEntry[] = [
        { type: 'tree', bytes: base },
        { type: 'ref-delta', base: objectId(SHA1, 'tree', base), bytes: lying },
      ]
      await using server = await answering(entries)
      await expect(openRepository(server.url).commit('main')).rejects.toMatchObject({ code: 'Malformed' })
    })
  })

  test('a read that is answered 429 is made again when the server says, a push is not, and both are told', async () => {
    const { store } = await place({ a: '1' })
    const pauses: number[] = []
    const retry = {
      sleep: (ms: number) => {
        pauses.push(ms)
        return Promise.resolve()
      },
    }
    const repo = openRepository(store.url, { retry })
    remote.faults.status(429, { retryAfter: 7 })
    const edit = await repo.edit('main')
    expect(pauses).toHaveLength(1)
    expect(pauses[0]).toBeGreaterThanOrEqual(7000)
    edit.put('a', '2')
    await edit.commit({ message: 'm', author })
    remote.reset()
    remote.faults.status(429, {
      retryAfter: 7,
      times: Infinity,
      when: ({ path }) => lastPart(path) === 'git-receive-pack',
    })
    await expect(edit.push()).rejects.toMatchObject({ code: 'RateLimited', details: { waitMs: 7000 } })
    expect(sent()).toEqual(['POST git-receive-pack'])
    remote.reset()
    expect((await edit.push()).status).toBe('pushed')
  })
})
