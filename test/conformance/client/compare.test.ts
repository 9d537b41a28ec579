import { openRepository } from '@gitsync/protocol'
import type { Change, Repository } from '@gitsync/protocol'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { serializeCommit } from '../../../protocol/src/format/commit.ts'
import { objectId, SHA1 } from '../../../protocol/src/format/object-id.ts'
import { writePack } from '../../../protocol/src/format/pack-writer.ts'
import type { PackEntry } from '../../../protocol/src/format/pack-writer.ts'
import { Mode, serializeTree } from '../../../protocol/src/format/tree.ts'
import type { FileContent, TestRepository } from '../../kit/remote/index.ts'
import { useRemote } from './fixture.ts'
import { PATHS, randomHistory, write } from './random-history.ts'
import { speaking } from './old-server.ts'
import { band, FLUSH, packet, scriptedServer } from './scripted-server.ts'
import type { Asked, Rule } from './scripted-server.ts'

const remote = useRemote()
let count = 0

const newName = (): string => `compare-${++count}.git`

/** What `git diff-tree -r --raw` prints, in the engine's terms. */
async function gitDiff(store: TestRepository, base: string, head: string, ...args: string[]): Promise<Change[]> {
  const printed = await store.git(
    'diff-tree',
    '-r',
    '--raw',
    '-z',
    '--no-abbrev',
    ...args.slice(0, 1),
    base,
    head,
    ...args.slice(1),
  )
  const fields = printed.split('\0')
  const changes: Change[] = []
  for (let at = 0; at + 1 < fields.length;) {
    const [oldMode = '', mode = '', oldOid = '', oid = '', letter = ''] = (fields[at++] ?? '').slice(1).split(' ')
    const status = letter.slice(0, 1) as Change['status']
    const oldPath = status === 'R' ? fields[at++] : undefined
    changes.push({
      status,
      path: fields[at++] ?? '',
      ...(oldPath === undefined ? {} : { oldPath }),
      ...(status === 'A' ? {} : { oldMode: Number.parseInt(oldMode, 8), oldOid }),
      ...(status === 'D' ? {} : { mode: Number.parseInt(mode, 8), oid }),
    })
  }
  return changes
}

async function expectSame(repo: Repository, store: TestRepository, base: string, head: string): Promise<void> {
  expect(await repo.compare(base, head)).toEqual(await gitDiff(store, base, head))
}

describe('the changes are those of git diff-tree', () => {
  test('between any two commits, of a path, and with renames', async () => {
    const property = fc.asyncProperty(
      randomHistory(fc.constant(0), 12),
      fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { minLength: 2, maxLength: 3 }),
      fc.constantFrom(...PATHS, 'd', 'd/e'),
      async (history, pairs, path) => {
        const { store, oids } = await write(remote, newName(), history)
        const repo = openRepository(store.url)
        for (const pair of pairs) {
          const [base = '', head = ''] = pair.map((index) => oids[index % oids.length] ?? '')
          await expectSame(repo, store, base, head)
          expect(await repo.compare(base, head, { renames: true })).toEqual(await gitDiff(store, base, head, '-M100%'))
          expect(await repo.compare(base, head, { path })).toEqual(await gitDiff(store, base, head, '-r', '--', path))
          expect(await repo.compare(base, head, { far: true })).toEqual(await gitDiff(store, base, head))
        }
      },
    )
    await fc.assert(property, { numRuns: 15, seed: 3, endOnFailure: true })
  })

  test('with one side, or both, at hand', async () => {
    const property = fc.asyncProperty(
      randomHistory(fc.constant(0), 10),
      fc.nat(9),
      fc.nat(9),
      fc.boolean(),
      async (history, from, to, recursive) => {
        const { store, oids } = await write(remote, newName(), history)
        const repo = openRepository(store.url)
        const [base = '', head = ''] = [from, to].map((index) => oids[index % oids.length] ?? '')
        const held = await repo.read(await repo.snapshotAt(base), { folders: [''], recursive })
        expect(await repo.compare(held, head)).toEqual(await gitDiff(store, base, head))
        expect(await repo.compare(head, held)).toEqual(await gitDiff(store, head, base))
        expect(await repo.compare(held, await repo.snapshotAt(head))).toEqual(await gitDiff(store, base, head))
      },
    )
    await fc.assert(property, { numRuns: 15, seed: 8, endOnFailure: true })
  })

  test('in a SHA-256 repository', async () => {
    for (const history of fc.sample(randomHistory(fc.constant(0), 8), { numRuns: 4, seed: 2 })) {
      const { store, oids } = await write(remote, newName(), history, 'sha256')
      await expectSame(openRepository(store.url), store, oids[0] ?? '', oids.at(-1) ?? '')
    }
  })

  const link: FileContent = { mode: '120000', content: 'b' }
  const module = (digit: string): FileContent => ({ mode: '160000', content: digit.repeat(40) })
  const steps: Record<string, [Record<string, FileContent | null>, Record<string, FileContent | null>, string[]]> = {
    'a mode that changes alone': [{ f: '1' }, { f: { mode: '100755', content: '1' } }, ['M f']],
    'a file that becomes a symlink, and a submodule': [{ f: 'b', g: 'c' }, { f: link, g: module('1') }, ['T f', 'T g']],
    'a submodule that moves on, comes and goes': [
      { m: module('1'), gone: module('2'), x: '' },
      { m: module('3'), gone: null, come: module('4') },
      ['A come', 'D gone', 'M m'],
    ],
    'a file that becomes a folder': [{ f: '1', 'f.x': '' }, { f: null, 'f/in/side': '1' }, ['D f', 'A f/in/side']],
    'a folder that becomes a file': [{ 'f/a': '1', 'f/b/c': '2', x: '' }, { f: '1' }, ['A f', 'D f/a', 'D f/b/c']],
    'a folder that is deleted with all below': [{ 'f/a/b/c': '1', x: '' }, { f: null }, ['D f/a/b/c']],
  }
  test.each(Object.keys(steps))('%s', async (name) => {
    const [before, after, expected] = steps[name] as (typeof steps)[string]
    const store = await remote.fresh()
    await store.commitFiles(before)
    await store.commitFiles(after)
    const repo = openRepository(store.url)
    const [base = '', head = ''] = [await store.resolve('main~1'), await store.resolve('main')].map(String)
    const changes = await repo.compare(base, head)
    expect(changes).toEqual(await gitDiff(store, base, head))
    expect(changes.map(({ status, path }) => `${status} ${path}`)).toEqual(expected)
  })

  test('renames: one to one, the own base name first, modes may change, symlinks stay symlinks', async () => {
    const store = await remote.fresh()
    await store.commitFiles({
      'a/one': 'same',
      'a/two': 'same',
      'b/x': 'other',
      link: { mode: '120000', content: 'same' },
    })
    await store.commitFiles({
      a: null,
      'b/x': null,
      link: null,
      'c/a-two/two': 'same',
      'c/first': 'same',
      'c/zoo': 'same',
      x: { mode: '100755', content: 'other' },
    })
    const repo = openRepository(store.url)
    const found = await repo.compare('main', 'main', { renames: true })
    expect(found).toEqual([])
    const [base = '', head = ''] = [await store.resolve('main~1'), await store.resolve('main')].map(String)
    const renamed = await repo.compare(base, head, { renames: true })
    expect(renamed).toEqual(await gitDiff(store, base, head, '-M100%'))
    expect(renamed.map(({ status, oldPath = '', path }) => `${status} ${oldPath} ${path}`)).toEqual([
      'R a/two c/a-two/two',
      'R a/one c/first',
      'A  c/zoo',
      'D  link',
      'R b/x x',
    ])
  })

  test('names that are no UTF-8 keep their bytes', async () => {
    const store = await remote.fresh()
    const who = 'A <a@b> 1 +0000'
    const script = (number: number, path: string): string =>
      `commit refs/heads/main\ncommitter ${who}\ndata 1\n${number}\nM 100644 inline ${path}\ndata 1\n${number}\n`
    await store.gitWith(
      { input: script(1, 'x') + script(2, String.raw`"d\377/caf\351"`) },
      'fast-import',
      '--quiet',
      '--date-format=raw',
    )
    const [base = '', head = ''] = [await store.resolve('main~1'), await store.resolve('main')].map(String)
    expect(await openRepository(store.url).compare(base, head)).toMatchObject([
      { status: 'A', path: 'd\ufffd/caf\ufffd', rawPath: 'd\xff/caf\xe9' },
    ])
  })
})

describe('what it costs', () => {
  /** Twelve folders of folders with forty files each; every commit changes one file. */
  async function wide(): Promise<TestRepository> {
    const store = await remote.fresh()
    const files: Record<string, string> = {}
    for (let number = 0; number < 1440; number++) files[pathOf(number)] = `content ${number}\n`.repeat(5)
    await store.commitFiles(files)
    for (let number = 0; number < 4; number++) await store.commitFiles({ [pathOf(number * 331)]: `new ${number}` })
    await store.git('repack', '-adq')
    return store
  }
  const pathOf = (number: number): string =>
    `group-${Math.floor(number / 120)}/team-${Math.floor(number / 40)}/file-${number}`
  let store: TestRepository
  let ids: readonly string[]
  beforeAll(async () => {
    store = await wide()
    ids = (await store.log('main')).toReversed()
  })

  test('near commits: three requests, and only trees that differ', async () => {
    for (const [base = '', head = ''] of [ids.slice(-2), [ids[1], ids[4]], [ids[4], ids[1]]]) {
      remote.reset()
      const repo = openRepository(store.url)
      await expectSame(repo, store, base, head)
      expect(remote.requests).toHaveLength(3)
      expect(repo.traffic.bytesReceived).toBeLessThan(20_000)
    }
  })

  test('far commits, when that is known: one request', async () => {
    const repo = openRepository(store.url)
    const [base = '', head = ''] = [ids[0], ids[4]]
    expect(await repo.compare(base, head, { far: true })).toEqual(await gitDiff(store, base, head))
    expect(repo.traffic.requests).toBe(1)
  })

  test('with one side at hand: one request, and the difference', async () => {
    const repo = openRepository(store.url)
    const [base = '', head = ''] = [ids[1], ids[4]]
    const held = await repo.read(await repo.snapshotAt(base), { folders: [''], recursive: true })
    const before = repo.traffic
    expect(await repo.compare(held, head)).toEqual(await gitDiff(store, base, head))
    expect(repo.traffic.requests - before.requests).toBe(1)
    expect(repo.traffic.bytesReceived - before.bytesReceived).toBeLessThan(5000)
  })

  test('equal commits, by id: none; names cost one look for both', async () => {
    const repo = openRepository(store.url)
    expect(await repo.compare(ids[0] ?? '', ids[0] ?? '')).toEqual([])
    expect(repo.traffic.requests).toBe(0)
    expect(await repo.compare('main', 'HEAD')).toEqual([])
    expect(repo.traffic.requests).toBe(1)
  })

  test('commits without a tree in common are read in one answer, once it is clear that they are far', async () => {
    const other = await remote.fresh()
    const files = (seed: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`d${i % 100}/f${seed}-${i}`, `${seed} ${i}`]))
    await other.commitFiles(files(1))
    await other.commitFiles(files(2), { branch: 'second' })
    const repo = openRepository(other.url)
    const [base = '', head = ''] = [await other.resolve('main'), await other.resolve('second')].map(String)
    await expectSame(repo, other, base, head)
    expect(repo.traffic.requests).toBe(3)
  })

  test('listings have a bound', async () => {
    const repo = openRepository(store.url, { limits: { maxEntries: 100 } })
    await expect(repo.compare(ids[0] ?? '', SHA1_EMPTY_TREE)).rejects.toMatchObject({
      code: 'LimitExceeded',
      details: { limit: 'maxEntries' },
    })
  })
})

const SHA1_EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

describe('servers that allow less', () => {
  const filterOf = ({ lines }: Asked): string | undefined => lines.find((text) => text.startsWith('filter '))?.slice(7)
  const wantsOf = ({ lines }: Asked): string[] =>
    lines.filter((text) => text.startsWith('want ')).map((text) => text.slice(5))
  const refused = (text: string) => ({ body: Buffer.concat([packet(`ERR ${text}\n`), FLUSH]) })

  const rules: Record<string, (refs: readonly string[]) => Rule> = {
    'tree:0 sends no trees': () => (asked) => (filterOf(asked) === 'tree:0' ? refused('invalid filter') : undefined),
    'no tree filters': () => (asked) => (filterOf(asked)?.includes('tree:') ? refused('invalid filter') : undefined),
    'no filters, said with ERR': () => (asked) => (filterOf(asked) === undefined ? undefined : refused('no filters')),
    'no filters, said with an empty answer': () => (asked) =>
      filterOf(asked) === undefined ? undefined : { body: '' },
    'only what refs point to': (refs) => (asked) =>
      wantsOf(asked).some((oid) => !refs.includes(oid)) ? refused('not our ref') : undefined,
    'neither filters nor other wants': (refs) => (asked) =>
      filterOf(asked) !== undefined || wantsOf(asked).some((oid) => !refs.includes(oid)) ? refused('no') : undefined,
    'no thin packs': () => async (asked, forward) =>
      asked.lines.includes('thin-pack')
        ? { body: await forward(Buffer.from(asked.body.toString('latin1').replace('000ethin-pack\n', ''), 'latin1')) }
        : undefined,
  }
  test.each(Object.keys(rules))('%s: the same changes', async (name) => {
    for (const history of fc.sample(randomHistory(fc.constant(0), 8), { numRuns: 4, seed: 12 })) {
      const { store, oids } = await write(remote, newName(), history)
      await using server = await scriptedServer((rules[name] as (typeof rules)[string])(oids), store.url)
      const repo = openRepository(server.url)
      const [base = '', middle = '', head = ''] = [oids[0], oids[oids.length >> 1], oids.at(-1)]
      await expectSame(repo, store, base, head)
      await expectSame(repo, store, head, middle)
      const held = await repo.read(await repo.snapshotAt(base), { folders: [''], recursive: true })
      expect(await repo.compare(held, middle)).toEqual(await gitDiff(store, base, middle))
    }
  })
})

describe('what may be compared', () => {
  test('branches, tags, ids of tags and trees, the empty tree', async () => {
    const store = await remote.fresh({ a: '1', 'd/e': '1' })
    await store.git('tag', '-a', '-m', 'one', 'v1', 'main')
    await store.git('tag', 'light', 'main')
    await store.commitFiles({ a: '2' })
    const repo = openRepository(store.url)
    const expected = await gitDiff(store, 'main~1', 'main')
    const id = async (revision: string): Promise<string> => (await store.resolve(revision)) ?? ''
    for (const base of ['v1', 'light', 'refs/tags/v1', await id('v1'), await id('main~1^{tree}'), await id('main~1')]) {
      for (const head of ['main', 'HEAD', await id('main^{tree}')]) {
        expect(await repo.compare(base, head), `${base} ${head}`).toEqual(expected)
      }
    }
    expect(await repo.compare(SHA1_EMPTY_TREE, 'main')).toEqual(await gitDiff(store, SHA1_EMPTY_TREE, 'main'))
    expect(await repo.compare('main', SHA1_EMPTY_TREE)).toEqual(await gitDiff(store, 'main', SHA1_EMPTY_TREE))
  })

  test('what is not there', async () => {
    const store = await remote.fresh({ a: '1' })
    const repo = openRepository(store.url)
    await expect(repo.compare('main', 'gone')).rejects.toMatchObject({ code: 'RefNotFound', details: { ref: 'gone' } })
    await expect(repo.compare('main', 'f'.repeat(40))).rejects.toMatchObject({ code: 'ObjectMissing' })
    expect(await repo.compare('main', SHA1_EMPTY_TREE, { path: 'none' })).toEqual([])
  })
})

test('a folder that is no tree ends in an error, not in asking for ever', async () => {
  const who = { name: 'A', email: 'a@b', date: new Date(0) }
  const blank = serializeCommit({ tree: SHA1.emptyTree, parents: [], author: who, committer: who, message: 'm' })
  const decoy = objectId(SHA1, 'commit', blank)
  const root = serializeTree([{ mode: Mode.tree, rawName: 'x', oid: decoy }])
  const tree = objectId(SHA1, 'tree', root)
  const odd = serializeCommit({ tree, parents: [decoy], author: who, committer: who, message: 'odd' })
  // Whatever is asked for, the server sends all it has.
  const entries: PackEntry[] = [
    { type: 'commit', bytes: odd },
    { type: 'commit', bytes: blank },
    { type: 'tree', bytes: root },
  ]
  const body = Buffer.concat([packet('packfile\n'), ...writePack(entries, SHA1).map((part) => band(1, part)), FLUSH])
  await using server = await scriptedServer(() => ({ body }))
  const repo = openRepository(server.url)
  const [tip, error] = [objectId(SHA1, 'commit', odd), { code: 'Malformed', details: { oid: decoy } }]
  await expect(repo.compare(decoy, tip)).rejects.toMatchObject(error)
  await expect(repo.tree(tip, { path: 'x' })).rejects.toMatchObject(error)
  const history = repo.history(tip, { path: 'x/y' })[Symbol.asyncIterator]()
  await expect(history.next()).rejects.toMatchObject({ code: 'ObjectMissing', details: { oid: decoy } })
})

test.each([0, 1])('a server of version %i: the same changes', async (version) => {
  for (const history of fc.sample(randomHistory(fc.constant(0), 8), { numRuns: 3, seed: 12 })) {
    const { store, oids } = await write(remote, newName(), history)
    const repo = openRepository(store.url, { transport: speaking(version) })
    await expectSame(repo, store, oids[0] ?? '', oids.at(-1) ?? '')
    const held = await repo.read(await repo.snapshotAt('HEAD'), { folders: [''], recursive: true })
    expect(await repo.compare(held, oids[0] ?? '')).toEqual(await gitDiff(store, oids.at(-1) ?? '', oids[0] ?? ''))
  }
})
