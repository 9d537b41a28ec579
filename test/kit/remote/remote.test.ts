import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { git } from './git.ts'
import { isPush, startRemote } from './index.ts'
import type { Remote } from './index.ts'

let remote: Remote
let scratch: string
let count = 0

beforeAll(async () => {
  remote = await startRemote({ recordBodies: true })
  scratch = await mkdtemp(join(tmpdir(), 'remote-test-'))
})
afterEach(() => {
  remote.reset()
})
afterAll(async () => {
  await remote.stop()
  await rm(scratch, { recursive: true, force: true })
})

const fresh = async (name = `repository-${++count}.git`) => {
  const repository = await remote.createRepository(name)
  await repository.commitFiles({ 'a.txt': 'one\n', 'dir/b.txt': 'two\n' })
  return repository
}
const clone = async (url: string, ...args: string[]) => {
  const dir = join(scratch, `clone-${++count}`)
  await git(scratch, scratch, ['clone', '--quiet', ...args, url, dir])
  return {
    dir,
    git: (...more: string[]) => git(dir, scratch, more),
    async commit(content: string | Buffer) {
      await writeFile(join(dir, 'a.txt'), content)
      await git(dir, scratch, ['commit', '--quiet', '--all', '-m', 'edit'])
      return await git(dir, scratch, ['rev-parse', 'HEAD'])
    },
  }
}
const post = (url: string, headers: Record<string, string>, body: Buffer): Promise<{ status: number; body: Buffer }> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: 'POST', headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks) })
      })
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
const lsRefs = Buffer.from('0014command=ls-refs\n00010000')
const v2 = { 'content-type': 'application/x-git-upload-pack-request', 'git-protocol': 'version=2' }

test('a clone, a push and their record: order, services, bytes, no credentials', async () => {
  const repository = await fresh()
  const work = await clone(repository.url)
  const oid = await work.commit('changed\n')
  await work.git('push', '--quiet', 'origin', 'main')
  expect(await repository.resolve('main')).toBe(oid)
  await repository.fsck()
  expect(remote.requests.map((r) => `${r.method} ${r.service} ${r.status}`)).toEqual([
    'GET upload-pack 200',
    'POST upload-pack 200',
    'POST upload-pack 200',
    'GET receive-pack 200',
    'POST receive-pack 200',
  ])
  const push = remote.requests.at(-1)
  expect(push?.path).toBe(`/${repository.name}/git-receive-pack`)
  expect(push?.bytesIn).toBe(Number(push?.headers['content-length']))
  expect(push?.body?.length).toBe(push?.bytesIn)
  expect(push?.bytesOut).toBeGreaterThan(10)
})

test('commitFiles writes, removes, keeps, and knows modes, odd names and merges', async () => {
  const repository = await fresh()
  const odd = 'dir/"q" \\ \t\nü'
  await repository.commitFiles({
    'dir/b.txt': null,
    [odd]: Buffer.from([0, 255, 10]),
    run: { mode: '100755', content: '#!/bin/sh\n' },
    link: { mode: '120000', content: 'a.txt' },
  })
  expect((await repository.lsTree('main')).map(({ mode, path }) => `${mode} ${path}`)).toEqual([
    '100644 a.txt',
    `100644 ${odd}`,
    '120000 link',
    '100755 run',
  ])
  expect(await repository.readFile('main', odd)).toEqual(Buffer.from([0, 255, 10]))
  await repository.commitFiles({ c: 'c' }, { branch: 'side', parents: ['main~1'], message: 'side\n\nbody' })
  const merge = await repository.commitFiles({}, { parents: ['main', 'side'], message: 'merge' })
  expect((await repository.git('rev-list', '--parents', '-1', merge)).split(' ')).toHaveLength(3)
  expect(await repository.git('log', '-1', '--format=%an %cn %B', 'side')).toBe(
    'Foreign Writer Foreign Writer side\n\nbody',
  )
  expect(await repository.lsTree('side', 'dir')).toHaveLength(1)
  await repository.fsck()
})

test('SHA-256 repositories and another default branch', async () => {
  const repository = await remote.createRepository('team/big.git', { objectFormat: 'sha256', defaultBranch: 'trunk' })
  expect(await repository.resolve('trunk')).toBeNull()
  const oid = await repository.commitFiles({ a: 'a' })
  expect(oid).toHaveLength(64)
  const work = await clone(repository.url)
  expect(await work.git('rev-parse', 'refs/remotes/origin/trunk')).toBe(oid)
})

test('fsck finds a missing object', async () => {
  const repository = await fresh()
  const [blob] = await repository.lsTree('main', 'dir')
  await rm(join(repository.dir, 'objects', blob?.oid.slice(0, 2) ?? '', blob?.oid.slice(2) ?? ''))
  await expect(repository.fsck()).rejects.toThrow(/missing blob|broken link/)
})

test('gzip and chunked request bodies, also both; bytes are those on the wire', async () => {
  const repository = await fresh()
  const url = `${repository.url}/git-upload-pack`
  const zipped = gzipSync(lsRefs)
  const plain = await post(url, { ...v2, 'content-length': String(lsRefs.length) }, lsRefs)
  expect(plain.body.toString()).toContain('refs/heads/main')
  const chunked = { 'transfer-encoding': 'chunked' }
  expect(await post(url, { ...v2, ...chunked }, lsRefs)).toEqual(plain)
  const gzip = { 'content-encoding': 'gzip' }
  expect(await post(url, { ...v2, ...gzip, 'content-length': String(zipped.length) }, zipped)).toEqual(plain)
  expect(await post(url, { ...v2, ...gzip, ...chunked }, zipped)).toEqual(plain)
  expect(remote.requests.map((r) => r.bytesIn)).toEqual([lsRefs.length, lsRefs.length, zipped.length, zipped.length])
  expect(remote.requests.map((r) => r.bytesOut)).toEqual(Array(4).fill(plain.body.length))
})

test('a chunked push of several megabytes', async () => {
  const repository = await fresh()
  const work = await clone(repository.url)
  const oid = await work.commit(randomBytes(5_000_000))
  await work.git('push', '--quiet', 'origin', 'main')
  expect(await repository.resolve('main')).toBe(oid)
  expect(remote.requests.filter(isPush)).toMatchObject([{ status: 200 }])
  expect(remote.requests.at(-1)?.bytesIn).toBeGreaterThan(5_000_000)
})

test('Basic and Bearer logins, refused without and with wrong ones', async () => {
  for (const [auth, right, wrong] of [
    [{ user: 'bot', password: 'secret' }, `Basic ${btoa('bot:secret')}`, `Basic ${btoa('bot:wrong!')}`],
    [{ bearer: 'token' }, 'Bearer token', 'Bearer tokex'],
  ] as const) {
    const closed = await startRemote({ auth })
    try {
      const repository = await closed.createRepository('r.git')
      await repository.commitFiles({ a: 'a' })
      const url = `${repository.url}/info/refs?service=git-upload-pack`
      const statuses = []
      for (const authorization of [undefined, wrong, right]) {
        const answer = await fetch(url, { headers: authorization === undefined ? {} : { authorization } })
        statuses.push(answer.status, answer.headers.get('www-authenticate')?.split(' ')[0])
        await answer.text()
      }
      const scheme = 'bearer' in auth ? 'Bearer' : 'Basic'
      expect(statuses).toEqual([401, scheme, 401, scheme, 200, undefined])
      expect(JSON.stringify(closed.requests)).not.toContain(right)
    } finally {
      await closed.stop()
    }
  }
})

test('a client that goes away in the middle of an answer harms nobody else', async () => {
  const repository = await remote.createRepository('large.git')
  await repository.commitFiles({ large: randomBytes(20_000_000) })
  const fetchAll = Buffer.from(
    `0011command=fetch0001000fno-progress0032want ${await repository.resolve('main')}\n0009done\n0000`,
  )
  const sent = httpRequest(`${repository.url}/git-upload-pack`, { method: 'POST', headers: v2 }, (answer) => {
    answer.once('data', () => answer.destroy())
  })
  const closed = once(sent, 'close')
  sent.end(fetchAll)
  await closed
  expect(remote.requests.at(-1)?.bytesOut).toBeLessThan(20_000_000)
  expect((await fetch(`${repository.url}/info/refs?service=git-upload-pack`)).status).toBe(200)
})

test('pushes and filters can be switched off', async () => {
  const closed = await startRemote({ receivePack: false, allowFilter: false })
  try {
    const repository = await closed.createRepository('r.git')
    await repository.commitFiles({ a: 'a' })
    const refused = await fetch(`${repository.url}/info/refs?service=git-receive-pack`)
    expect(refused.status).toBe(403)
    const advert = await fetch(`${repository.url}/info/refs?service=git-upload-pack`, { headers: v2 })
    expect(await advert.text()).not.toContain('filter')
  } finally {
    await closed.stop()
  }
})

test('fault: statuses, as often as asked and only where asked', async () => {
  const { url } = await fresh()
  const refs = `${url}/info/refs?service=git-upload-pack`
  const handle = remote.faults.status(429, { times: 2, retryAfter: 7, when: (r) => r.method === 'GET' })
  remote.faults.status(503)
  const sent = await post(`${url}/git-upload-pack`, v2, lsRefs)
  expect(sent.status).toBe(503)
  const first = await fetch(refs)
  expect([first.status, first.headers.get('retry-after')]).toEqual([429, '7'])
  expect((await fetch(refs)).status).toBe(429)
  expect((await fetch(refs)).status).toBe(200)
  expect(handle.fired).toBe(2)
  expect(remote.requests.map((r) => r.status)).toEqual([503, 429, 429, 200])
})

test('fault: login page, empty body, redirect', async () => {
  const { url } = await fresh()
  const refs = `${url}/info/refs?service=git-upload-pack`
  remote.faults.html()
  expect((await fetch(refs)).headers.get('content-type')).toContain('text/html')
  remote.faults.empty()
  const empty = await fetch(refs)
  expect([empty.status, await empty.text()]).toEqual([200, ''])
  remote.faults.redirect((r) => `${remote.url}/elsewhere${r.path}?${r.query}`, { status: 307 })
  const moved = await fetch(refs, { redirect: 'manual' })
  expect([moved.status, moved.headers.get('location')]).toEqual([
    307,
    refs.replace(remote.url, `${remote.url}/elsewhere`),
  ])
})

test('fault: the body is cut after exactly so many bytes, or left unterminated', async () => {
  const { url } = await fresh()
  const whole = await post(`${url}/git-upload-pack`, v2, lsRefs)
  for (const [after, received] of [
    [0, 0],
    [11, 11],
    [1_000_000, whole.body.length],
  ] as const) {
    remote.faults.cut(after)
    let size = 0
    const reading = (async () => {
      const answer = await fetch(`${url}/git-upload-pack`, { method: 'POST', headers: v2, body: lsRefs })
      for await (const chunk of answer.body ?? []) size += chunk.length
    })()
    await expect(reading).rejects.toThrow(/terminated|fetch failed/)
    expect([size, remote.requests.at(-1)?.bytesOut]).toEqual([received, received])
  }
})

test('fault: the tip moves between look and push', async () => {
  const repository = await fresh()
  const work = await clone(repository.url)
  await work.commit('mine\n')
  let met = ''
  remote.faults.beforeReceivePack(async ({ method, service }) => {
    met = `${method} ${service}`
    await repository.commitFiles({ 'foreign.txt': 'theirs\n' })
  })
  await expect(work.git('push', 'origin', 'main')).rejects.toThrow(/rejected|fetch first|failed to update/)
  expect(await repository.git('log', '-1', '--format=%s', 'main')).toBe('foreign change')
  expect(met).toBe('POST receive-pack')
})

test('fault: a push is carried out and its answer lost', async () => {
  const repository = await fresh()
  const work = await clone(repository.url)
  const oid = await work.commit('mine\n')
  // The library under git repeats a request whose kept-alive connection dies before any answer.
  const handle = remote.faults.loseAnswer({ times: Infinity })
  await expect(work.git('push', 'origin', 'main')).rejects.toThrow(/hung up|RPC failed|Empty reply/)
  expect(await repository.resolve('main')).toBe(oid)
  expect(remote.requests.at(-1)?.status).toBe(0)
  expect(handle.fired).toBeGreaterThan(0)
  remote.reset()
  remote.faults.loseAnswer({ when: () => true })
  await expect(post(`${repository.url}/git-upload-pack`, v2, lsRefs)).rejects.toThrow('socket hang up')
})

test('fault: requests are held until released, and delayed', async () => {
  const { url } = await fresh()
  const refs = `${url}/info/refs?service=git-upload-pack`
  const hold = remote.faults.hold()
  let answered = false
  const held = fetch(refs).then((answer) => {
    answered = true
    return answer.status
  })
  await hold.reached
  expect((await fetch(refs)).status).toBe(200)
  expect(answered).toBe(false)
  hold.release()
  expect(await held).toBe(200)

  const cleared = remote.faults.hold()
  const pending = fetch(refs)
  await cleared.reached
  remote.faults.clear()
  expect((await pending).status).toBe(200)

  remote.faults.delay(150)
  const start = performance.now()
  await fetch(refs)
  expect(performance.now() - start).toBeGreaterThanOrEqual(149)
})

test('stop ends held requests and the processes of unfinished ones', async () => {
  const other = await startRemote()
  const repository = await other.createRepository('r.git')
  await repository.commitFiles({ a: 'a' })
  const hold = other.faults.hold()
  const held = fetch(`${repository.url}/info/refs?service=git-upload-pack`).catch((error: unknown) => String(error))
  const unfinished = httpRequest(`${repository.url}/git-receive-pack`, { method: 'POST' })
  unfinished.on('error', () => undefined)
  await hold.reached
  unfinished.write('00')
  await expect.poll(() => other.requests.at(-1)?.bytesIn).toBe(2)
  await other.stop()
  expect(await held).toContain('fetch failed')
})

test('a name that would leave the root is refused', async () => {
  await expect(remote.createRepository('../x')).rejects.toThrow('repository name "../x"')
})
