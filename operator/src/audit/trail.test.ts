import { openRepository } from '@gitsync/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../test/kit/remote/index.ts'
import type { AuditRecord } from './record.ts'
import { BOB, START, writeHistory } from './testing/write-history.ts'
import { AuditTrail } from './trail.ts'
import type { TrailOptions } from './trail.ts'

let remote: Remote
let count = 0
beforeAll(async () => {
  remote = await startRemote()
})
afterAll(() => remote.stop())

const fresh = (): Promise<TestRepository> => remote.createRepository(`trail-${++count}.git`)
const lines = (number: number, changed = ''): string =>
  Array.from({ length: number }, (_, index) => `line ${index}${index === 3 ? changed : ''}\n`).join('')

async function read(store: TestRepository, options: TrailOptions = {}): Promise<AuditRecord[]> {
  const records: AuditRecord[] = []
  for await (const record of new AuditTrail(openRepository(store.url), 'main', options)) records.push(record)
  return records
}

const dashboard = (uid: string, title: string): string => `${JSON.stringify({ title, uid, panels: [] }, null, 2)}\n`

test('a file is followed through its moves, as git log --follow does, changed or not', async () => {
  const store = await fresh()
  await writeHistory(store, [
    { message: 'a', files: { 'd/other.txt': 'other\n', 'd/a.txt': lines(20) } },
    { message: 'b', files: { 'd/a.txt': lines(20, 'x') } },
    { message: 'c', files: { 'd/a.txt': null, 'd/b.txt': lines(20, 'y') } },
    { message: 'other', files: { 'd/other.txt': 'more\n' } },
    { message: 'd', files: { 'd/b.txt': null, 'e/deep/c.txt': lines(20, 'y') } },
    { message: 'e', files: { 'e/deep/c.txt': lines(20, 'z') } },
  ])
  const followed = await store.git('log', '--follow', '--format=%H', 'main', '--', 'e/deep/c.txt')
  const records = await read(store, { path: 'e/deep/c.txt' })
  expect(records.map(({ commit }) => commit)).toEqual(followed.split('\n'))
  expect(records.map(({ path, oldPath }) => [path, oldPath])).toEqual([
    ['e/deep/c.txt', undefined],
    ['e/deep/c.txt', 'd/b.txt'],
    ['d/b.txt', 'd/a.txt'],
    ['d/a.txt', undefined],
    ['d/a.txt', undefined],
  ])
})

test('a dashboard is followed by its uid, however little stays of its text', async () => {
  const store = await fresh()
  await writeHistory(store, [
    { message: '1', files: { 'old.json': dashboard('u1', 'Old'), 'beside.json': dashboard('u2', 'Old') } },
    { message: '2', files: { 'old.json': null, 'beside.json': null, 'new.json': dashboard('u1', 'New') } },
  ])
  expect((await read(store, { path: 'new.json' })).map(({ oldPath }) => oldPath)).toEqual(['old.json', undefined])
})

test('the time is that of the change: what is committed long after it is found where it belongs', async () => {
  const store = await fresh()
  const DAY = 86_400
  await writeHistory(store, [
    { message: 'Update ConfigMap a/b', time: START, files: { a: '1' } },
    // A history that was taken over from elsewhere, in one night.
    { message: 'June', time: START + 10 * DAY, committed: START + 100 * DAY, files: { a: '2' }, author: BOB },
    { message: 'July', time: START + 40 * DAY, committed: START + 100 * DAY, files: { a: '3' } },
  ])
  const between = { since: new Date((START + 5 * DAY) * 1000), until: new Date((START + 35 * DAY) * 1000) }
  expect((await read(store, between)).map(({ subject, author }) => [subject, author.name])).toEqual([['June', 'Bob']])
  expect((await read(store, { ...between, path: 'a' })).map(({ subject }) => subject)).toEqual(['June'])
})

test('ten thousand commits cost a few requests, and no file is read', async () => {
  const store = await fresh()
  await writeHistory(
    store,
    Array.from({ length: 10_000 }, (_, index) => ({
      message: `Update ConfigMap shop/n${index}`,
      time: START + index,
      files: { 'shop/file': `${index}` },
    })),
  )
  const repository = openRepository(store.url)
  const trail = new AuditTrail(repository, 'main', { name: 'n17' })
  const records: AuditRecord[] = []
  for await (const record of trail) records.push(record)
  expect(records.map(({ object }) => object?.name)).toEqual(['n17'])
  expect(trail.commits).toBe(10_000)
  // The tip, and batches of 64, 256, 1,024, 4,096 and 4,096 and the rest.
  expect(repository.traffic.requests).toBeLessThanOrEqual(8)
  expect(repository.traffic.bytesReceived).toBeLessThan(3_000_000)
})
