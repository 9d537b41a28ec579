import { openRepository } from '@gitsync/protocol'
import type { CommitInfo, HistoryOptions, Limits, Repository } from '@gitsync/protocol'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TestRepository } from '../../kit/remote/index.ts'
import { useRemote } from './fixture.ts'
import { PATHS, randomHistory, write } from './random-history.ts'
import type { RandomCommit } from './random-history.ts'
import { speaking } from './old-server.ts'
import { FLUSH, packet, scriptedServer } from './scripted-server.ts'
import type { Asked, Rule } from './scripted-server.ts'

const remote = useRemote()
let count = 0

const newName = (): string => `history-${++count}.git`

async function all(repo: Repository, revision: string, options: HistoryOptions = {}): Promise<CommitInfo[]> {
  const commits: CommitInfo[] = []
  for await (const commit of repo.history(revision, options)) commits.push(commit)
  return commits
}

const oids = async (...call: Parameters<typeof all>): Promise<string[]> => (await all(...call)).map(({ oid }) => oid)

async function gitLog(store: TestRepository, ...args: string[]): Promise<string[]> {
  const printed = await store.git('log', '--format=%H', ...args)
  return printed === '' ? [] : printed.split('\n')
}

/** A line of commits, each changing the counter; every tenth changes `docs/page` as well. */
async function line(length: number): Promise<TestRepository> {
  const store = await remote.fresh()
  const script: string[] = []
  for (let number = 0; number < length; number++) {
    const who = `Ann <ann@example.com> ${1_700_000_000 + number * 60} +0000`
    script.push(`commit refs/heads/main`, `author ${who}`, `committer ${who}`, 'data 1', 'm')
    const paths = number % 10 === 0 ? ['counter', 'docs/deep/page'] : ['counter']
    for (const path of paths) script.push(`M 100644 inline ${path}`, `data ${String(number).length}`, String(number))
  }
  await store.gitWith({ input: `${script.join('\n')}\n` }, 'fast-import', '--quiet', '--date-format=raw')
  return store
}

describe('the order and the choice of commits are those of git', () => {
  const rising = fc.integer({ min: 0, max: 0 })
  const wild = fc.integer({ min: 0, max: 30 }).map((minutes) => minutes * 60)

  test('with clocks that are right: git log as it is', async () => {
    const property = fc.asyncProperty(
      randomHistory(rising),
      fc.constantFrom(...PATHS, 'd/e', 'd'),
      async (drawn, path) => {
        const history = drawn.map((commit, index) => ({ ...commit, time: index * 60 }))
        const { store, oids: ids } = await write(remote, newName(), history)
        const tip = ids.at(-1) ?? ''
        const repo = openRepository(store.url)
        expect(await oids(repo, 'HEAD', { batch: 1 })).toEqual(await gitLog(store, tip))
        expect(await oids(repo, tip, { batch: 2, firstParent: true })).toEqual(
          await gitLog(store, '--first-parent', tip),
        )
        expect(await oids(repo, tip, { batch: 1, path })).toEqual(await gitLog(store, tip, '--', path))
        expect(await oids(repo, tip, { path })).toEqual(await gitLog(store, tip, '--', path))
        expect(await oids(repo, tip, { batch: 2, path, firstParent: true })).toEqual(
          await gitLog(store, '--first-parent', tip, '--', path),
        )
        const [since, until] = [1_700_000_000 + 5 * 60, 1_700_000_000 + 15 * 60]
        const between = { since: new Date(since * 1000), until: new Date(until * 1000) }
        expect(await oids(repo, tip, { batch: 3, ...between })).toEqual(
          await gitLog(store, `--since=${since}`, `--until=${until}`, tip),
        )
        expect(await oids(repo, tip, { batch: 3, path, ...between })).toEqual(
          await gitLog(store, `--since=${since}`, `--until=${until}`, tip, '--', path),
        )
      },
    )
    await fc.assert(property, { numRuns: 8, seed: 7, endOnFailure: true })
  })

  test('with clocks that are wrong, or all the same: git log --date-order, however little is read at once', async () => {
    const property = fc.asyncProperty(
      randomHistory(wild, 60),
      fc.constantFrom(...PATHS, 'd/e', 'd'),
      async (drawn, path) => {
        const { store, oids: ids } = await write(remote, newName(), drawn)
        const tip = ids.at(-1) ?? ''
        const repo = openRepository(store.url)
        for (const batch of [1, 3, 64]) {
          expect(await oids(repo, tip, { batch })).toEqual(await gitLog(store, '--date-order', tip))
          expect(await oids(repo, tip, { batch, path })).toEqual(await gitLog(store, '--date-order', tip, '--', path))
        }
      },
    )
    await fc.assert(property, { numRuns: 10, seed: 11, endOnFailure: true })
  })

  test('a commit waits for all its children, were they behind all that has been read so far', async () => {
    // The tip merges a new commit and an older line; the line is long, and leads to the new commit.
    const length = 40
    const at = (time: number, ...parents: number[]): RandomCommit => ({
      time,
      parents,
      changes: [{ path: 'a', content: String(time), mode: '100644' }],
    })
    const older = Array.from({ length }, (_, index) => at(index + 1, 1))
    const history = [at(0), at(5000, 1), ...older, at(6000, length + 1, 1)]
    const { store, oids: ids } = await write(remote, newName(), history)
    const repo = openRepository(store.url)
    for (const options of [{ batch: 1 }, { limit: 2 }, { batch: 3, path: 'a' }]) {
      const shown = await oids(repo, 'HEAD', options)
      expect(shown).toEqual(ids.toReversed().slice(0, shown.length))
    }
  })

  test('of a path: a commit waits for one that may lead to it, though where that one leads is not known yet', async () => {
    const at = (time: number, ...parents: number[]): RandomCommit => ({
      time,
      parents,
      changes: [{ path: 'a', content: String(time), mode: '100644' }],
    })
    // The tip merges a new commit and a line, older by its clock, that merges the same commit further down. Three
    // generations end above the first commit, which the line's merge must be compared with.
    const history = [at(0), at(50, 1), at(5000, 1), at(100, 3, 1), at(200, 1), at(6000, 3, 1)]
    const { store, oids: ids } = await write(remote, newName(), history)
    const expected = await gitLog(store, '--date-order', 'HEAD', '--', 'a')
    expect(expected.map((oid) => ids.indexOf(oid))).toEqual([5, 4, 3, 2, 1, 0])
    expect(await oids(openRepository(store.url), 'HEAD', { batch: 3, path: 'a' })).toEqual(expected)
  })

  test('of a path each commit says what stood there before and after, as git ls-tree does', async () => {
    const property = fc.asyncProperty(randomHistory(wild), fc.constantFrom(...PATHS, 'd'), async (drawn, path) => {
      const { store, oids: ids } = await write(remote, newName(), drawn)
      const at = async (revision: string): Promise<object | null> => {
        const listed = await store.git('ls-tree', '--full-tree', revision, '--', path).catch(() => '')
        const [mode, , oid] = listed.split(/[ \t]/)
        return oid === undefined ? null : { mode: Number.parseInt(mode ?? '', 8), oid }
      }
      for (const { oid, change } of await all(openRepository(store.url), ids.at(-1) ?? '', { path, batch: 2 })) {
        expect(change).toEqual({ before: await at(`${oid}^`), after: await at(oid) })
      }
    })
    await fc.assert(property, { numRuns: 6, seed: 3, endOnFailure: true })

    // Of a merge the first parent counts.
    const store = await remote.fresh()
    const root = await store.commitFiles({ a: 'root' })
    const left = await store.commitFiles({ a: 'left' })
    await store.commitFiles({ a: 'right' }, { branch: 'right', parents: [root] })
    await store.commitFiles({ a: 'both' }, { parents: [left, 'right'] })
    const [merge] = await all(openRepository(store.url), 'main', { path: 'a' })
    expect(merge?.change?.before?.oid).toBe(await store.git('rev-parse', `${left}:a`))
  })

  test('pages put together are the whole', async () => {
    const property = fc.asyncProperty(
      randomHistory(wild),
      fc.constantFrom(undefined, ...PATHS),
      fc.integer({ min: 1, max: 5 }),
      async (drawn, path, limit) => {
        const { store, oids: ids } = await write(remote, newName(), drawn)
        const tip = ids.at(-1) ?? ''
        const options = path === undefined ? {} : { path }
        const found: string[] = []
        for (let cursor: string | null | undefined; cursor !== null;) {
          // Nothing but the cursor is kept between pages.
          const page = openRepository(store.url).history(tip, { ...options, limit, ...(cursor && { cursor }) })
          for await (const { oid } of page) found.push(oid)
          cursor = page.cursor
        }
        expect(found).toEqual(await gitLog(store, '--date-order', tip, ...(path === undefined ? [] : ['--', path])))
      },
    )
    await fc.assert(property, { numRuns: 15, seed: 5, endOnFailure: true })
  })

  test('in a SHA-256 repository', async () => {
    const [drawn = []] = fc.sample(randomHistory(wild), { numRuns: 1, seed: 9 })
    const { store, oids: ids } = await write(remote, newName(), drawn, 'sha256')
    const tip = ids.at(-1) ?? ''
    expect(await oids(openRepository(store.url), tip, { batch: 2 })).toEqual(await gitLog(store, '--date-order', tip))
    const repo = openRepository(store.url)
    const page = repo.history(tip, { limit: 1 })
    for await (const { oid } of page) expect(oid).toBe(tip)
    if (page.cursor !== null) {
      const rest = await oids(openRepository(store.url), tip, { cursor: page.cursor })
      expect([tip, ...rest]).toEqual(await gitLog(store, '--date-order', tip))
    }
  })
})

describe('what it costs', () => {
  test('a page is one request after the name is known, and holds nothing of the page before', async () => {
    const store = await line(300)
    remote.reset()
    const repo = openRepository(store.url)
    const first = repo.history('main', { limit: 30 })
    for await (const _commit of first);
    expect(remote.requests).toHaveLength(2)
    const { cursor } = first
    remote.reset()
    const second = openRepository(store.url).history('main', { limit: 30, ...(cursor && { cursor }) })
    const shown: string[] = []
    for await (const { oid } of second) shown.push(oid)
    expect(shown).toEqual((await gitLog(store, 'main')).slice(30, 60))
    expect(remote.requests).toHaveLength(1)
    expect(remote.requests[0]?.bytesOut).toBeLessThan(30 * 200)
  })

  test('all of it: batches that grow, every commit once', async () => {
    const store = await line(300)
    const repo = openRepository(store.url)
    await all(repo, 'main')
    expect(repo.traffic.requests).toBe(3)
    expect(repo.traffic.bytesReceived).toBeLessThan(300 * 200)
  })

  test('of a path: a request for each folder on the way and batch, no file', async () => {
    const store = await line(300)
    const repo = openRepository(store.url)
    const found = await oids(repo, 'main', { path: 'docs/deep/page', limit: 3 })
    expect(found).toEqual((await gitLog(store, 'main', '--', 'docs/deep/page')).slice(0, 3))
    // The name; commits and root trees; `docs`; `deep`.
    expect(repo.traffic.requests).toBe(4)
  })

  test('of a long line the next batch is on its way while the folders of one are read; who leaves ends it', async () => {
    const store = await line(9_000)
    await using server = await scriptedServer(() => undefined, store.url)
    const options = { batch: 4_096, path: 'docs/deep/page' }
    const expected = await gitLog(store, 'main', '--', options.path)
    const repo = openRepository(server.url)
    expect(await oids(repo, 'main', options)).toEqual(expected)
    const kinds = server.asked.map(({ lines }) =>
      lines.some((text) => text.startsWith('deepen ')) ? 'commits' : lines[0] === 'command=fetch' ? 'trees' : 'name',
    )
    // Of two levels; trees of the first batch by level are few at first, until their size is known.
    expect(kinds.filter((kind) => kind === 'commits')).toHaveLength(3)
    expect(kinds.slice(0, 4)).toEqual(['name', 'commits', 'commits', 'trees'])
    // Nothing that was read is told to the server: there is nothing behind a line that leads back to it.
    expect(server.asked.flatMap(({ lines }) => lines.filter((text) => /^(?:have|shallow) /.test(text)))).toEqual([])

    for await (const { oid } of repo.history('main', options)) {
      expect(oid).toBe(expected[0])
      break
    }
    expect(await oids(repo, 'main', { ...options, limit: 3 })).toEqual(expected.slice(0, 3))
  })

  describe('of a path whose folders change with nearly every commit', () => {
    /** Each changes one of forty folders beside that of the page; every tenth the page as well. */
    async function busy(): Promise<TestRepository> {
      const store = await remote.fresh()
      const script: string[] = []
      for (let number = 0; number < 2_400; number++) {
        const who = `Ann <ann@example.com> ${1_700_000_000 + number * 60} +0000`
        script.push(`commit refs/heads/main`, `author ${who}`, `committer ${who}`, 'data 1', 'm')
        for (const path of [`a/${number % 40}/b/counter`, ...(number % 10 === 0 ? ['a/docs/b/page'] : [])])
          script.push(`M 100644 inline ${path}`, `data 4`, String(number).padStart(4, '0'))
      }
      await store.gitWith({ input: `${script.join('\n')}\n` }, 'fast-import', '--quiet', '--date-format=raw')
      return store
    }
    const path = 'a/docs/b/page'
    const filters = (asked: readonly Asked[]): string[] =>
      asked.flatMap(({ lines }) => lines.filter((text) => text.startsWith('filter '))).map((text) => text.slice(7))

    test('all folders come with their commits', async () => {
      const store = await busy()
      await using server = await scriptedServer(() => undefined, store.url)
      expect(await oids(openRepository(server.url), 'main', { path })).toEqual(await gitLog(store, 'main', '--', path))
      // 64, 256 and 1,024 commits folder by folder; the others at once.
      const levels = ['tree:1', 'tree:0', 'tree:0', 'tree:0']
      expect(filters(server.asked)).toEqual([...levels, ...levels, ...levels, 'blob:none'])
    })

    test.each<[string, Rule, Partial<Limits>]>([
      [
        'a server that does not send them',
        (asked) => (filters([asked]).includes('blob:none') ? { body: '' } : undefined),
        {},
      ],
      ['folders that are too large', () => undefined, { maxHeldBytes: 1_400_000 }],
    ])('or folder by folder: %s', async (_case, rule, limits) => {
      const store = await busy()
      await using server = await scriptedServer(rule, store.url)
      expect(await oids(openRepository(server.url, { limits }), 'main', { path })).toEqual(
        await gitLog(store, 'main', '--', path),
      )
      expect(filters(server.asked).filter((filter) => filter === 'blob:none')).toHaveLength(1)
      expect(filters(server.asked).at(-1)).toBe('tree:0')
    })
  })

  test('branches that were cut do not bring again what has been read', async () => {
    // A long side branch, forked from near the tip: at depth 8 it is cut, and its further way meets commits that were read.
    const commit = (time: number, ...parents: number[]): RandomCommit => ({ time, parents, changes: [] })
    const main = Array.from({ length: 30 }, (_, index) => commit(index, 1))
    const side = Array.from({ length: 12 }, (_, index) => commit(100 + index, index === 0 ? 3 : 1))
    const { store } = await write(remote, newName(), [...main, ...side, commit(200, side.length + 1, 1)])
    await using server = await scriptedServer(() => undefined, store.url)
    const repo = openRepository(server.url)
    expect(await oids(repo, 'HEAD', { batch: 8 })).toEqual(await gitLog(store, 'HEAD'))
    const fetches = server.asked.filter(({ lines }) => lines[0] === 'command=fetch')
    expect(fetches.length).toBe(2)
    expect(fetches[1]?.lines.filter((text) => text.startsWith('have '))).toHaveLength(1)
    expect(fetches[1]?.lines.filter((text) => text.startsWith('shallow '))).toHaveLength(2)
  })
})

describe('servers that allow less', () => {
  const filterOf = ({ lines }: Asked): string | undefined => lines.find((text) => text.startsWith('filter '))?.slice(7)
  const wantsOf = ({ lines }: Asked): string[] =>
    lines.filter((text) => text.startsWith('want ')).map((text) => text.slice(5))
  const refused = (text: string) => ({ body: Buffer.concat([packet(`ERR ${text}\n`), FLUSH]) })
  const isTree = async (store: TestRepository, oid: string): Promise<boolean> =>
    (await store.git('cat-file', '-t', oid)) === 'tree'

  const rules: Record<string, (store: TestRepository, tip: string) => Rule> = {
    'no tree filters': () => (asked) => (filterOf(asked)?.startsWith('tree:') ? refused('no tree filters') : undefined),
    'no filters': () => (asked) => (filterOf(asked) === undefined ? undefined : { body: '' }),
    'no trees by id': (store) => async (asked) =>
      (await Promise.all(wantsOf(asked).map((oid) => isTree(store, oid)))).includes(true)
        ? refused('not our ref')
        : undefined,
    'only what refs point to': (_store, tip) => (asked) =>
      wantsOf(asked).some((oid) => oid !== tip) ? refused('not our ref') : undefined,
    'only what refs point to, and no filters': (_store, tip) => (asked) =>
      filterOf(asked) !== undefined || wantsOf(asked).some((oid) => oid !== tip) ? refused('no') : undefined,
  }
  test('no trees by id, which shows when the next batch is on its way: the same history', async () => {
    const store = await remote.fresh()
    const script: string[] = []
    for (let number = 0; number < 13_000; number++) {
      const who = `Ann <ann@example.com> ${1_700_000_000 + number * 60} +0000`
      script.push(`commit refs/heads/main`, `author ${who}`, `committer ${who}`, 'data 1', 'm')
      script.push(number === 4_000 ? 'D docs' : `M 100644 inline ${number < 4_000 ? 'docs/page' : 'counter'}`)
      if (number !== 4_000) script.push(`data 1`, String(Math.floor(number / 100) % 10))
    }
    await store.gitWith({ input: `${script.join('\n')}\n` }, 'fast-import', '--quiet', '--date-format=raw')
    await using server = await scriptedServer((rules['no trees by id'] as (typeof rules)[string])(store, ''), store.url)
    expect(await oids(openRepository(server.url), 'main', { batch: 4_096, path: 'docs/page' })).toEqual(
      await gitLog(store, 'main', '--', 'docs/page'),
    )
  })

  test.each(Object.keys(rules))('%s: the same history', async (name) => {
    const store = await line(120)
    const tip = (await store.resolve('main')) ?? ''
    await using server = await scriptedServer((rules[name] as (typeof rules)[string])(store, tip), store.url)
    const repo = openRepository(server.url)
    expect(await oids(repo, 'main', { batch: 16 })).toEqual(await gitLog(store, 'main'))
    expect(await oids(repo, 'main', { batch: 16, path: 'docs/deep/page' })).toEqual(
      await gitLog(store, 'main', '--', 'docs/deep/page'),
    )
    const page = repo.history('main', { limit: 50 })
    for await (const _commit of page);
    const { cursor } = page
    const rest = await oids(openRepository(server.url), 'main', { ...(cursor && { cursor }), limit: 10 })
    expect(rest).toEqual((await gitLog(store, 'main')).slice(50, 60))
  })
})

describe('what may be asked for', () => {
  test('a tag, its id, a full name', async () => {
    const store = await line(3)
    await store.gitWith({ env: {} }, 'tag', '-a', '-m', 'one', 'v1', 'main~1')
    const expected = await gitLog(store, 'v1')
    const repo = openRepository(store.url)
    const id = (await store.resolve('v1')) ?? ''
    for (const revision of ['v1', 'refs/tags/v1', id]) expect(await oids(repo, revision)).toEqual(expected)
    const page = repo.history(id, { limit: 1 })
    for await (const _commit of page);
    const { cursor } = page
    expect(await oids(repo, id, { ...(cursor && { cursor }) })).toEqual(expected.slice(1))
  })

  test('what is not there, or no history', async () => {
    const store = await line(2)
    const repo = openRepository(store.url)
    const tree = (await store.resolve('main^{tree}')) ?? ''
    await expect(all(repo, 'nothing')).rejects.toMatchObject({ code: 'RefNotFound' })
    await expect(all(repo, tree)).rejects.toMatchObject({ code: 'UnexpectedType', details: { actual: 'tree' } })
    await expect(all(repo, 'f'.repeat(40))).rejects.toMatchObject({ code: 'ObjectMissing' })
    expect(await all(repo, 'main', { path: 'never/there' })).toEqual([])
    expect(await all(repo, 'main', { path: 'counter/never' })).toEqual([])
  })

  test.each<[HistoryOptions, string]>([
    [{ limit: 0 }, 'limit'],
    [{ limit: 1.5 }, 'limit'],
    [{ batch: -1 }, 'batch'],
    [{ since: new Date(Number.NaN) }, 'since'],
    [{ path: '../x' }, 'path'],
    [{ cursor: 'nonsense' }, 'cursor'],
    [{ cursor: Buffer.from('[1,"x",false,""]').toString('base64url') }, 'cursor'],
    [{ cursor: Buffer.from(`[1,"${'a'.repeat(40)}",true,""]`).toString('base64url') }, 'cursor'],
  ])('%j is refused before any request', async (options, field) => {
    const repo = openRepository('http://127.0.0.1:1/none')
    const attempt = async (): Promise<unknown> => all(repo, 'main', options)
    await expect(attempt()).rejects.toMatchObject({ code: 'InvalidInput', details: { field } })
    expect(repo.traffic.requests).toBe(0)
  })

  test('a cursor of one path is none in another', async () => {
    const store = await line(30)
    const repo = openRepository(store.url)
    const page = repo.history('main', { limit: 1, path: 'counter' })
    for await (const _commit of page);
    const { cursor } = page
    await expect(all(repo, 'main', { path: 'docs', ...(cursor && { cursor }) })).rejects.toMatchObject({
      code: 'InvalidInput',
      details: { field: 'cursor' },
    })
  })
})

test.each([0, 1])('a server of version %i: the same history', async (version) => {
  const store = await line(120)
  const repo = openRepository(store.url, { transport: speaking(version) })
  expect(await oids(repo, 'main', { batch: 16 })).toEqual(await gitLog(store, 'main'))
  expect(await oids(repo, 'main', { batch: 16, path: 'docs/deep/page' })).toEqual(
    await gitLog(store, 'main', '--', 'docs/deep/page'),
  )
})
