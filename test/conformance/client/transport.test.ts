import { fetchTransport, openRepository, undiciTransport } from '@gitsync/protocol'
import type { RequestRecord } from '@gitsync/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startRemote } from '../../kit/remote/index.ts'
import type { Remote } from '../../kit/remote/index.ts'
import { author } from './fixture.ts'

const auth = { username: 'ann', password: 's3cret' }

let remote: Remote
let elsewhere: Remote
let count = 0

beforeAll(async () => {
  remote = await startRemote({ auth: { user: 'ann', password: 's3cret' } })
  elsewhere = await startRemote()
})
afterAll(() => Promise.all([remote.stop(), elsewhere.stop()]))
beforeEach(() => {
  remote.reset()
  elsewhere.reset()
})

describe.each([
  ['undici', undiciTransport],
  ['fetch', fetchTransport],
])('git http-backend over %s', (_name, createTransport) => {
  const transport = createTransport()

  test('reads and writes', async () => {
    const store = await remote.createRepository(`transport-${++count}.git`)
    await store.commitFiles({ 'a/b': '1' })
    const repo = openRepository(store.url, { auth, transport })
    expect((await repo.file('main', 'a/b')).bytes.toString()).toBe('1')
    const edit = await repo.edit('main')
    edit.put('a/c', 'x'.repeat(200_000))
    await edit.commit({ message: 'm', author })
    await edit.push()
    expect(await store.git('show', 'main:a/c')).toBe('x'.repeat(200_000))
    await store.fsck()
  })

  test('long questions are understood compressed', async () => {
    const store = await remote.createRepository(`transport-${++count}.git`)
    const paths = Array.from({ length: 100 }, (_, i) => `d/${i}`)
    await store.commitFiles(Object.fromEntries(paths.map((path) => [path, path])))
    remote.reset()
    const files = await openRepository(store.url, { auth, transport }).files('main', paths)
    expect(files.map(({ bytes }) => bytes.toString())).toEqual(paths)
    const last = remote.requests.at(-1)
    expect(last?.headers['content-encoding']).toBe('gzip')
    expect(last?.bytesIn).toBeLessThan(4000)
  })

  test('a repository that was renamed is found, read and written', async () => {
    const name = `transport-${++count}`
    const store = await remote.createRepository(`${name}.git`)
    await store.commitFiles({ a: '1' })
    remote.faults.redirect(({ path, query }) => `${path.replace('/old-', '/')}${query === '' ? '' : `?${query}`}`, {
      status: 301,
      times: Infinity,
      when: ({ path }) => path.startsWith('/old-'),
    })
    const records: RequestRecord[] = []
    const repo = openRepository(`${remote.url}/old-${name}.git`, {
      auth,
      transport,
      onRequest: (record) => records.push(record),
    })
    const edit = await repo.edit('main')
    edit.put('a', '2')
    await edit.commit({ message: 'm', author })
    await edit.push()
    expect(await store.git('show', 'main:a')).toBe('2')
    expect(repo.url).toBe(store.url)
    // The POST, the discovery at both addresses, and then nothing but what is needed.
    expect(records.map(({ operation, status }) => `${operation} ${status}`)).toEqual([
      'ls-refs 301',
      'discover 301',
      'discover 200',
      'ls-refs 200',
      'fetch 200',
      'push 200',
    ])
  })

  test('credentials are not sent to another origin, which may be read without', async () => {
    const name = `transport-${++count}.git`
    const store = await elsewhere.createRepository(name)
    await store.commitFiles({ a: '1' })
    remote.faults.redirect(({ path, query }) => `${elsewhere.url}${path}${query === '' ? '' : `?${query}`}`, {
      times: Infinity,
    })
    const records: RequestRecord[] = []
    const repo = openRepository(`${remote.url}/${name}`, {
      auth,
      transport,
      onRequest: (record) => records.push(record),
    })
    expect((await repo.file('main', 'a')).bytes.toString()).toBe('1')
    for (const { url, authenticated } of records)
      expect([url, authenticated]).toEqual([url, !url.startsWith(elsewhere.url)])
    elsewhere.faults.status(401)
    await expect(repo.refs()).rejects.toMatchObject({
      code: 'Unauthorized',
      message: expect.stringContaining('not sent to another origin'),
    })
  })

  test('a server that is busy for a moment is asked again, a push is not', async () => {
    const store = await remote.createRepository(`transport-${++count}.git`)
    await store.commitFiles({ a: '1' })
    const pauses: number[] = []
    const retry = {
      random: () => 0.5,
      sleep: (ms: number) => {
        pauses.push(ms)
        return Promise.resolve()
      },
    }
    const repo = openRepository(store.url, { auth, transport, retry })
    remote.faults.status(503, { times: 2 })
    const edit = await repo.edit('main')
    expect(pauses).toEqual([100, 200])
    edit.put('a', '2')
    await edit.commit({ message: 'm', author })
    remote.reset()
    remote.faults.status(429, { retryAfter: 1, when: ({ service }) => service === 'receive-pack' })
    await expect(edit.push()).rejects.toMatchObject({ code: 'RateLimited', details: { waitMs: 1000 } })
    expect(remote.requests.filter(({ service }) => service === 'receive-pack')).toHaveLength(1)
  })

  test('a push whose token has expired is sent again whole with a fresh one', async () => {
    const store = await remote.createRepository(`transport-${++count}.git`)
    await store.commitFiles({ a: '1' })
    let given = 0
    const repo = openRepository(store.url, {
      transport,
      auth: ({ rejected }) => {
        given++
        return Promise.resolve(rejected || given === 1 ? auth : undefined)
      },
    })
    const edit = await repo.edit('main')
    edit.put('a', 'y'.repeat(100_000))
    await edit.commit({ message: 'm', author })
    remote.faults.status(401)
    await edit.push()
    expect(given).toBe(2)
    expect((await store.git('show', 'main:a')).length).toBe(100_000)
  })
})
