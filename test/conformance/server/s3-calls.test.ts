import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startS3 } from '../../kit/s3/index.ts'
import type { S3Server } from '../../kit/s3/index.ts'
import { startS3Proxy } from '../../kit/s3/proxy.ts'
import type { S3Proxy } from '../../kit/s3/proxy.ts'
import { startStand } from './fixture.ts'
import type { Stand } from './fixture.ts'
import { openBucket } from './stores.ts'

let folder: string
let s3: S3Server
let proxy: S3Proxy
const stands: Stand[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-calls-'))
  s3 = await startS3()
  proxy = await startS3Proxy(s3)
})
afterAll(async () => {
  for (const stand of stands) await stand.stop()
  await proxy.stop()
  await s3.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A server that remembers nothing. @param cache a folder, where it has one already */
async function fresh(cache = join(folder, `cache-${stands.length}`)): Promise<Stand> {
  const store = await openBucket(proxy, cache)
  const stand = await startStand({ store, close: () => store.close() })
  stands.push(stand)
  return stand
}

/** What is asked of the bucket while something is done, sorted: some of it is asked at once. */
async function calls(work: () => Promise<unknown>): Promise<string[]> {
  proxy.requests.length = 0
  await work()
  return proxy.requests.map(({ method, key }) => `${method} ${key.replace(/[0-9a-f]{8}-.*\./, '*.')}`).sort()
}
const STATE = 'names/me/repo.json'
const INDEX = 'repositories/*.idx'
const PACK = 'repositories/*.pack'

test('what a clone and a push ask of the bucket', async () => {
  const first = await fresh()
  const tree = await first.tree('src')
  const push = (by: Stand): Promise<string> => first.git(tree, 'push', '-q', `${by.url}/me/repo.git`, 'main')
  const clone = (by: Stand, to: string): Promise<string> => by.git('.', 'clone', '-q', `${by.url}/me/repo.git`, to)
  // The state is looked at when the client asks for the refs, and when the push comes.
  const pushing = [`GET ${STATE}`, `GET ${STATE}`, `PUT ${STATE}`, `PUT ${INDEX}`, `PUT ${PACK}`]
  expect(await calls(() => push(first))).toEqual(pushing)

  // A process that knows nothing: 4 calls. What the client asks for in the end it asks for by ids, which mean the same for ever.
  const cold = await fresh()
  expect(await calls(() => clone(cold, 'cold'))).toEqual([
    `GET ${STATE}`,
    `GET ${STATE}`,
    `GET ${INDEX}`,
    `GET ${PACK}`,
  ])
  // Once it has it: 1, to see whether the refs are what they were.
  expect(await calls(() => clone(cold, 'warm'))).toEqual([`GET ${STATE}`])
  // Another process with the same disk, the first one having ended.
  const again = await fresh(join(folder, 'cache-1'))
  expect(await calls(() => clone(again, 'again'))).toEqual([`GET ${STATE}`, `GET ${STATE}`])

  await first.commit(tree, { small: '1' })
  expect(await calls(() => push(first))).toEqual(pushing)
  // What it took it need not fetch; nothing of what others took is old elsewhere.
  expect(await calls(() => clone(first, 'own'))).toEqual([`GET ${STATE}`])
  expect(await calls(() => cold.git('warm', 'pull', '-q'))).toEqual([`GET ${STATE}`, `GET ${INDEX}`, `GET ${PACK}`])
  expect(await cold.git('warm', 'rev-parse', 'HEAD')).toBe(await first.git(tree, 'rev-parse', 'HEAD'))
})

/** A fetch that begins with what it wants, as that of a client that another process told of the refs. */
async function fetchAt(stand: Stand, repository: string, lines: readonly string[]): Promise<string> {
  const packet = (line: string): string => (line.length + 5).toString(16).padStart(4, '0') + `${line}\n`
  const body = `${packet('command=fetch')}0001${[...lines, 'done'].map(packet).join('')}0000`
  const headers = { 'git-protocol': 'version=2', 'content-type': 'application/x-git-upload-pack-request' }
  const answer = await fetch(`${stand.url}/${repository}.git/git-upload-pack`, { method: 'POST', headers, body })
  return Buffer.from(await answer.arrayBuffer()).toString('latin1')
}

test('who was told by one process what there is gets it from another one, which saw it last before that', async () => {
  const [one, other] = [await fresh(), await fresh()]
  const tree = await one.tree('src')
  const first = await one.git(tree, 'rev-parse', 'HEAD')
  const push = (...refs: string[]): Promise<string> => one.git(tree, 'push', '-q', `${one.url}/me/shared.git`, ...refs)
  await push('main')
  expect(await fetchAt(other, 'me/shared', [`want ${first}`])).toContain('packfile')
  const next = await one.commit(tree, { next: '1' })
  await one.git(tree, 'tag', 'mark', first)
  await push('main', 'mark')
  expect(await fetchAt(other, 'me/shared', [`want ${'1'.repeat(40)}`])).toContain('not our ref')
  expect(await fetchAt(other, 'me/shared', [`want ${next}`])).toContain('packfile')
  await one.git(tree, 'tag', 'later', first)
  await push('later')
  // A ref that is named is looked at as it is.
  expect(await fetchAt(other, 'me/shared', [`want ${next}`, 'deepen-not refs/tags/later'])).toContain(`shallow ${next}`)
})
