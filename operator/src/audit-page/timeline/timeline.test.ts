import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { manualClock } from '../../kube/testing/manual-clock.ts'
import type { AuditedGitSync } from '../audited.ts'
import { BranchLogs } from '../remote/branch-logs.ts'
import { isBelow } from '../remote/logged-commit.ts'
import { Seal } from '../seal.ts'
import { writeHistory } from '../testing/history.ts'
import type { WrittenCommit, WrittenHistory } from '../testing/history.ts'
import { audited } from '../testing/stand.ts'
import { readFilter } from './filter.ts'
import { timelineOf } from './timeline.ts'
import type { Timeline, TimelineDependencies } from './timeline.ts'
import { unexpected } from '../testing/unexpected.ts'

const NOTHING = readFilter(new URLSearchParams())
const START = Date.parse('2026-01-01T00:00:00Z') / 1000
let dependencies: TimelineDependencies
beforeEach(() => {
  const clock = manualClock()
  dependencies = { clock, logs: new BranchLogs(clock, unexpected), seal: new Seal() }
})

const at = (namespace: string, path: string, { branch, ids }: WrittenHistory, more: Partial<AuditedGitSync> = {}) => {
  const time = new Date((START + ids.length) * 1000).toISOString()
  const lastCommit = { sha: ids.at(-1) ?? '', time }
  return audited(namespace, 'sync', { path, remote: branch, status: { lastCommit }, ...more })
}

async function allPages(gitsyncs: readonly AuditedGitSync[], query = ''): Promise<Timeline[]> {
  const filter = readFilter(new URLSearchParams(query))
  const pages: Timeline[] = []
  let cursor: string | undefined
  do {
    const page = await timelineOf(gitsyncs, filter, cursor, dependencies)
    pages.push(page)
    cursor = page.next
  } while (cursor !== undefined && pages.length < 50)
  return pages
}

const rowsOf = (pages: readonly Timeline[]): string[] =>
  pages.flatMap(({ commits }) => commits.map(({ commit }) => commit.oid))

const FOLDERS = ['a', 'b', 'c/d', 'c/e', 'f'] as const

test('whoever sees some folders of branches sees the commits that changed them, each once, newest first, and no others', async () => {
  let [messages, withheld] = [0, 0]
  const change = fc.record({
    folders: fc.uniqueArray(fc.constantFrom(...FOLDERS, ''), { minLength: 1, maxLength: 2 }),
    branch: fc.nat(1),
  })
  const property = fc.asyncProperty(
    fc.array(change, { minLength: 1, maxLength: 70, size: 'max' }),
    fc.uniqueArray(fc.tuple(fc.constantFrom(...FOLDERS), fc.nat(1)), { minLength: 1, selector: String }),
    async (changes, seen) => {
      const clock = manualClock()
      dependencies = { clock, logs: new BranchLogs(clock, unexpected), seal: new Seal() }
      const histories = await Promise.all(
        [0, 1].map((number) => {
          const commits = changes.flatMap(({ folders, branch }, index): WrittenCommit[] => {
            const files = folders.map((folder) => [`${folder === '' ? '' : `${folder}/`}file`, `content ${index}`])
            const message = `in ${folders.join(' and ')}`
            return branch === number ? [{ files: Object.fromEntries(files), message, time: START + index }] : []
          })
          return writeHistory(commits, { clock, key: `branch ${number}` })
        }),
      )
      const gitsyncs = seen.flatMap(([folder, number]) => {
        const history = histories[number]
        return history === undefined || history.ids.length === 0 ? [] : [at(`n-${folder}-${number}`, folder, history)]
      })
      const pages = await allPages(gitsyncs)
      const counts: [number, number] = [0, 0]
      const expected = changes.flatMap(({ folders, branch }) => {
        const id = histories[branch]?.ids[counts[branch === 0 ? 0 : 1]++] ?? ''
        return folders.some((folder) => seen.some(([one, number]) => number === branch && one === folder)) ? [id] : []
      })
      expect(rowsOf(pages)).toEqual(expected.toReversed())
      const rows = pages.flatMap(({ commits }) => commits)
      for (const { changes: shown, count, message, branch } of rows) {
        const mine = gitsyncs.filter(({ remote }) => remote === branch)
        expect(shown.every(({ path }) => mine.some((gitsync) => isBelow(path, gitsync.path)))).toBe(true)
        expect(count).toBe(shown.length)
        const said = message === undefined ? [] : message.trim().slice('in '.length).split(' and ')
        expect(said.filter((folder) => !mine.some(({ path }) => path === folder))).toEqual([])
        messages += said.length > 0 ? 1 : 0
        withheld += message === undefined ? 1 : 0
      }
    },
  )
  await fc.assert(property, { numRuns: 25, seed: 4, endOnFailure: true })
  expect(Math.min(messages, withheld)).toBeGreaterThan(50)
})

test('a commit about two folders is shown once, also where a page ends with it', async () => {
  const commits = Array.from({ length: 60 }, (_commit, index): WrittenCommit => {
    return { files: { 'a/file': `${index}`, 'b/file': `${index}` }, time: START + index }
  })
  const history = await writeHistory(commits, dependencies)
  const pages = await allPages([at('a', 'a', history), at('b', 'b', history)])
  expect(pages.map(({ commits }) => commits.length)).toEqual([25, 25, 10])
  expect(rowsOf(pages)).toEqual(history.ids.toReversed())
})

test('of commits of others nothing is said: neither how many there are, nor when they were made', async () => {
  const folders = ['a', 'b', 'c', 'd']
  const own = folders.map((folder, index): WrittenCommit => ({
    files: { [`${folder}/file`]: 'x' },
    time: START + index,
  }))
  const others = Array.from({ length: 30 }, (_commit, index): WrittenCommit => {
    return { files: { 'other/file': `${index}` }, author: 'Olga', time: START + 86_400 * (index + 1) }
  })
  const page = async (commits: readonly WrittenCommit[], author: string): Promise<Timeline> => {
    dependencies = { ...dependencies, logs: new BranchLogs(dependencies.clock, unexpected) }
    const history = await writeHistory(commits, dependencies)
    const gitsyncs = folders.map((folder) => at(folder, folder, history))
    return timelineOf(gitsyncs, { ...NOTHING, author }, undefined, dependencies)
  }
  expect(await page([...own, ...others], 'Olga')).toEqual(await page(own, 'Olga'))
  const { looked, until } = await page([...own, ...others], '')
  expect([looked, until]).toEqual([4, START * 1000])
})

const many = (count: number, folder: (index: number) => string): WrittenCommit[] =>
  Array.from({ length: count }, (_commit, index) => ({
    files: { [`${folder(index)}/configmap/settings.yaml`]: `value: ${index}` },
    message: `Update ConfigMap ${folder(index)}/settings`,
    author: index % 3 === 0 ? 'Ann' : 'Bob',
    time: START + index * 60,
  }))

describe('requests to the remote', () => {
  test('a first page takes two, and one for each folder on the way; the same page, and what has been seen, none', async () => {
    const history = await writeHistory(
      many(200, () => 'prod/a'),
      dependencies,
    )
    const gitsyncs = [at('a', 'prod/a', history)]
    history.requests()
    const first = await timelineOf(gitsyncs, NOTHING, undefined, dependencies)
    expect([first.commits.length, history.requests()]).toEqual([25, 3])
    await timelineOf(gitsyncs, NOTHING, undefined, dependencies)
    expect(history.requests()).toBe(0)
    const second = await timelineOf(gitsyncs, NOTHING, first.next, dependencies)
    expect([second.commits[0]?.commit.oid, history.requests()]).toEqual([history.ids.at(-26), 3])
  })

  test('a branch of many folders is read once, not once for each of them', async () => {
    const folders = Array.from({ length: 30 }, (_folder, index) => `tenant-${index}`)
    const history = await writeHistory(
      many(60, (index) => folders[index % 30] ?? ''),
      dependencies,
    )
    history.requests()
    const gitsyncs = folders.map((folder) => at(folder, folder, history))
    const page = await timelineOf(gitsyncs, NOTHING, undefined, dependencies)
    expect([page.commits.length, history.requests()]).toEqual([25, 2])
  })

  test('several that look at once share what is read', async () => {
    const history = await writeHistory(
      many(60, () => 'a'),
      dependencies,
    )
    history.requests()
    const gitsyncs = [at('a', 'a', history)]
    await Promise.all(Array.from({ length: 20 }, () => timelineOf(gitsyncs, NOTHING, undefined, dependencies)))
    expect(history.requests()).toBe(2)
  })

  test('what pages may read is bounded, and that is said; the rest is shown', async () => {
    const history = await writeHistory(
      many(30, () => 'a'),
      dependencies,
    )
    const other = await writeHistory(
      many(30, () => 'b'),
      { ...dependencies, key: 'other' },
    )
    const { allowance } = other.branch.read()
    for (let sent = 0; sent < 240; sent++) allowance.take()
    const page = await timelineOf([at('a', 'a', history), at('b', 'b', other)], NOTHING, undefined, dependencies)
    expect(page.commits).toHaveLength(25)
    expect(page.notes).toEqual([expect.stringMatching(/^b\/sync: .*pages have sent the 240 requests/)])
  })
})

describe('filters', () => {
  test('author, kind and time', async () => {
    const history = await writeHistory(
      many(90, (index) => (index % 2 === 0 ? 'a' : 'b')),
      dependencies,
    )
    const gitsyncs = [at('a', 'a', history), at('b', 'b', history)]
    expect(rowsOf(await allPages(gitsyncs, 'author=ANN'))).toHaveLength(30)
    expect(rowsOf(await allPages(gitsyncs, 'author=ann@example.com&namespace=a'))).toHaveLength(15)
    expect(rowsOf(await allPages(gitsyncs, 'kind=ConfigMap'))).toHaveLength(90)
    expect(rowsOf(await allPages(gitsyncs, 'kind=Secret'))).toHaveLength(0)
    expect(rowsOf(await allPages(gitsyncs, 'since=2026-01-02'))).toHaveLength(0)
    expect(rowsOf(await allPages(gitsyncs, 'since=2026-01-01&until=2026-01-01'))).toHaveLength(90)
    expect(rowsOf(await allPages(gitsyncs, 'until=2025-12-31'))).toHaveLength(0)
  })

  test('a kind is what paths, messages and trailers name, by the rule of the command line, and no word of the message', async () => {
    const of = (path: string, message: string, index: number): WrittenCommit => {
      return { files: { [path]: 'x' }, message, time: START + index }
    }
    const trailer = `Many words\n\n${'words '.repeat(1_000)}\n\nObject: Deployment.apps/a/web\nCluster: c`
    const history = await writeHistory(
      [
        of('a/web.yaml', trailer, 0),
        of('a/deployment.apps/api.yaml', 'By hand', 1),
        of('a/b.yaml', 'Update Deployment a/b', 2),
        of('a/c.yaml', 'The deployment of last week', 3),
        of('a/service/d.yaml', 'Update Service a/d', 4),
      ],
      dependencies,
    )
    const found = async (kind: string): Promise<number[]> =>
      rowsOf(await allPages([at('a', 'a', history)], `kind=${kind}`)).map((id) => history.ids.indexOf(id))
    expect(await found('deployment')).toEqual([2, 1, 0])
    expect(await found('Deployment.apps')).toEqual([2, 1, 0])
    expect(await found('deployment.extensions')).toEqual([2])
    expect(await found('Service')).toEqual([4])
  })

  test('who looks for an author of long ago is led on after a while, and gets there', async () => {
    const clock = manualClock()
    const commits = many(300, () => 'a').map((commit, index) => ({ ...commit, author: index === 0 ? 'Zoe' : 'Ann' }))
    const history = await writeHistory(commits, { clock })
    // Each commit takes a tenth of a second.
    const slow = {
      ...clock,
      now() {
        clock.advance(100)
        return clock.now()
      },
    }
    dependencies = { clock: slow, logs: new BranchLogs(slow, unexpected), seal: new Seal() }
    const pages = await allPages([at('a', '.', history)], 'author=zoe')
    expect([pages[0]?.commits, pages[0]?.notes, pages[0]?.next === undefined]).toEqual([[], [], false])
    expect(rowsOf(pages)).toEqual([history.ids[0]])
  })

  test('a namespace that cannot be seen is one without anything', async () => {
    const history = await writeHistory(
      many(10, () => 'a'),
      dependencies,
    )
    const page = (namespace: string): Promise<Timeline> =>
      timelineOf([at('a', 'a', history)], { ...NOTHING, namespace }, undefined, dependencies)
    history.requests()
    expect(await page('hidden')).toEqual(await page('absent'))
    expect(history.requests()).toBe(0)
  })

  test.each(['since=yesterday', 'until=2026-13-01', 'since=2026-1-1'])('%s is refused', (query) => {
    expect(() => readFilter(new URLSearchParams(query))).toThrow('must be a day')
  })
})

test('a cursor that was made by nobody here begins at the newest, and says so', async () => {
  const history = await writeHistory(
    many(60, () => 'a'),
    dependencies,
  )
  const gitsyncs = [at('a', 'a', history)]
  const { next = '' } = await timelineOf(gitsyncs, NOTHING, undefined, dependencies)
  for (const cursor of ['', 'x', `${next.slice(0, -2)}AA`, await new Seal().close([['x', 'y']])]) {
    const page = await timelineOf(gitsyncs, NOTHING, cursor, dependencies)
    expect([page.commits[0]?.commit.oid, page.notes.length]).toEqual([history.ids.at(-1), 1])
  }
})

test('an address that would be too long for a server is not led to, and that is said', async () => {
  const page = async (outputLength: number): Promise<Timeline> => {
    const folders = Array.from({ length: 8 }, (_folder, index) =>
      createHash('shake256', { outputLength }).update(`${index}`).digest('hex'),
    )
    const history = await writeHistory(
      many(40, (index) => folders[index % 8] ?? ''),
      dependencies,
    )
    // Each has a history of its own to be read.
    const gitsyncs = folders.map((folder) =>
      at(folder, folder, history, { remote: { ...history.branch, key: folder } }),
    )
    return timelineOf(gitsyncs, NOTHING, undefined, dependencies)
  }
  const short = await page(10)
  expect([short.commits.length, short.next !== undefined, short.notes]).toEqual([25, true, []])
  const long = await page(1_500)
  const note = expect.stringContaining('There are older changes')
  expect([long.commits.length, long.next, long.notes]).toEqual([25, undefined, [note]])
})

test('a commit that changes more than can be looked through hides no other, and that it is left out is said', async () => {
  const deep = `a/${`${'d'.repeat(250)}/`.repeat(14)}`
  const long = Object.fromEntries(Array.from({ length: 5_000 }, (_file, index) => [`${deep}${index}`, 'x']))
  const history = await writeHistory(
    [
      { files: { 'a/file': '1' }, time: START },
      { files: { ...long, 'a/file': '2' }, time: START + 1 },
      { files: { 'a/file': '3' }, time: START + 2 },
    ],
    dependencies,
  )
  const gitsync = at('a', 'a', history)
  const page = await timelineOf([gitsync], NOTHING, undefined, dependencies)
  expect(rowsOf([page])).toEqual([history.ids[2], history.ids[0]])
  expect(page.notes).toEqual(['a/sync: a commit that changes more files than can be looked through is left out'])
  const commit = await dependencies.logs.commit(history.branch, history.ids[1] ?? '')
  expect(commit).toMatchObject({ isTooLarge: true, changes: [] })
})

test('branches that cannot be read, and those that are empty, are told apart from others', async () => {
  const history = await writeHistory(
    many(3, () => 'a'),
    dependencies,
  )
  const empty = await writeHistory([], { ...dependencies, key: 'empty' })
  const gone = await writeHistory(
    many(3, () => 'c'),
    { ...dependencies, key: 'gone' },
  )
  const branch = { ...gone.branch, tip: '1'.repeat(40) }
  const page = await timelineOf(
    [at('a', 'a', history), at('b', 'b', empty), at('c', 'c', { ...gone, branch })],
    NOTHING,
    undefined,
    dependencies,
  )
  expect(page.commits).toHaveLength(3)
  expect(page.notes).toEqual([expect.stringContaining('c/sync: it cannot be read now')])
})
