import { openRepository } from '@gitsync/protocol'
import type { Change, CommitInfo, Repository } from '@gitsync/protocol'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TestRepository } from '../../kit/remote/index.ts'
import { useRemote } from './fixture.ts'
import { speaking } from './old-server.ts'
import { randomHistory, write } from './random-history.ts'

const remote = useRemote()
let count = 0

/** What `git diff-tree` prints of a commit and its first parent. */
async function gitChanges(store: TestRepository, { oid, parents: [parent] }: CommitInfo): Promise<string[]> {
  const sides = parent === undefined ? ['--root', oid] : [parent, oid]
  const printed = await store.git(
    '-c',
    'core.quotePath=false',
    'diff-tree',
    '-r',
    '--no-abbrev',
    '--no-commit-id',
    ...sides,
  )
  return printed.split('\n').filter((line) => line !== '')
}

async function historyOf(repo: Repository, revision = 'main', limit = 100): Promise<CommitInfo[]> {
  const commits: CommitInfo[] = []
  for await (const commit of repo.history(revision, { limit })) commits.push(commit)
  return commits
}

const TOO_MUCH = { code: 'LimitExceeded', details: { limit: 'maxBytes' } }
const ZERO = '0'.repeat(40)
const digits = (mode = 0): string => mode.toString(8).padStart(6, '0')

const asPrinted = (changes: readonly Change[] = []): string[] =>
  changes.map(({ status, path, oldMode, mode, oldOid = ZERO, oid = ZERO }) =>
    [`:${digits(oldMode)} ${digits(mode)} ${oldOid} ${oid} ${status}`, path].join('\t'),
  )

async function expectSame(repo: Repository, store: TestRepository, commits: readonly CommitInfo[]): Promise<void> {
  const changes = await repo.changes(commits)
  expect(changes.size).toBe(new Set(commits.map(({ oid }) => oid)).size)
  for (const commit of commits) expect(asPrinted(changes.get(commit.oid))).toEqual(await gitChanges(store, commit))
}

test('the changes of each commit are those of git diff-tree, with one request for all', async () => {
  const property = fc.asyncProperty(randomHistory(fc.nat(50), 14), fc.nat(5), async (history, skipped) => {
    const { store, oids } = await write(remote, `changes-${++count}.git`, history)
    const repo = openRepository(store.url)
    const all = await historyOf(repo, oids.at(-1))
    // Those that a path's history gives are no neighbours.
    const some = all.filter((_commit, index) => index % (skipped + 1) === 0)
    const before = repo.traffic.requests
    await expectSame(repo, store, some)
    expect(repo.traffic.requests - before).toBe(1)
  })
  await fc.assert(property, { numRuns: 15, seed: 5, endOnFailure: true })
})

test('of none nothing is asked; one that is named twice is answered once', async () => {
  const store = await remote.fresh({ a: '1' })
  const repo = openRepository(store.url)
  expect(await repo.changes([])).toEqual(new Map())
  expect(remote.requests).toEqual([])
  const commit = await repo.commit('main')
  await expectSame(repo, store, [commit, commit])
})

test('servers that know no filters send what is needed all the same', async () => {
  const store = await remote.fresh({ a: '1', 'b/c': '2' }, { config: { 'uploadpack.allowFilter': 'false' } })
  await store.commitFiles({ a: '2', 'b/d': '3' })
  const repo = openRepository(store.url)
  await expectSame(repo, store, await historyOf(repo))
})

test('where the answer would be too large, commits are compared one by one', async () => {
  const files = Object.fromEntries(Array.from({ length: 60 }, (_file, index) => [`f${index}/a/b`, String(index)]))
  const store = await remote.fresh(files)
  await store.commitFiles({ 'f1/a/b': 'x' })
  await store.commitFiles({ 'f2/a/b': 'y' })
  const repo = openRepository(store.url, { limits: { maxObjects: 100 } })
  const commits = await historyOf(repo, 'main', 2)
  await expectSame(repo, store, commits)
  expect(repo.traffic.requests).toBeGreaterThan(3)
  await expect(repo.changes(commits, { maxBytes: 300 })).rejects.toMatchObject(TOO_MUCH)
})

test('what somebody has changed is not held beyond what is given for it', async () => {
  const files = (word: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 60 }, (_file, index) => [`f${index}/a/b`, `${word} ${index}`]))
  const store = await remote.fresh({ a: '1' })
  await store.commitFiles({ a: '2' })
  await store.commitFiles(files('x'))
  await store.commitFiles(files('y'))
  const repo = openRepository(store.url)
  const [last, large, ...small] = await historyOf(repo)
  for (const one of [last, large])
    await expect(repo.changes([one!], { maxBytes: 12_000 })).rejects.toMatchObject(TOO_MUCH)
  await expect(repo.changes([last!, large!], { maxBytes: 20_000 })).rejects.toMatchObject(TOO_MUCH)
  expect((await repo.changes([last!, large!], { maxBytes: 30_000 })).size).toBe(2)
  expect((await repo.changes(small, { maxBytes: 500 })).size).toBe(2)
})

test.each([0, 1])('servers of version %i answer as well', async (version) => {
  for (const history of fc.sample(randomHistory(fc.nat(50), 8), { numRuns: 3, seed: 12 })) {
    const { store, oids } = await write(remote, `changes-${++count}.git`, history)
    const repo = openRepository(store.url, { transport: speaking(version) })
    await expectSame(repo, store, await historyOf(repo, oids.at(-1)))
  }
})
