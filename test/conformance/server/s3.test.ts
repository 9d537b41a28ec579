import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SHA1 } from '@gitsync/protocol'
import type { RepositoryState, S3Store } from '@gitsync/protocol/server'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startS3 } from '../../kit/s3/index.ts'
import type { S3Server } from '../../kit/s3/index.ts'
import { startS3Proxy } from '../../kit/s3/proxy.ts'
import type { S3Proxy } from '../../kit/s3/proxy.ts'
import { openBucket } from './stores.ts'

let folder: string
let server: S3Server
let proxy: S3Proxy
const opened: S3Store[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-s3-test-'))
  server = await startS3()
  proxy = await startS3Proxy(server)
})
afterEach(async () => {
  proxy.fate = () => 'pass'
  for (const store of opened.splice(0)) await store.close()
})
afterAll(async () => {
  await proxy.stop()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A store by the proxy, with a cache of its own. */
async function openStore(at: Pick<S3Server, 'endpoint' | 'bucket' | 'env'> = proxy): Promise<S3Store> {
  const store = await openBucket(at, join(folder, randomUUID()), { random: () => 0 })
  opened.push(store)
  return store
}
const empty = (): RepositoryState => ({
  id: randomUUID(),
  format: SHA1,
  head: 'refs/heads/main',
  refs: new Map(),
  packs: [],
  retired: [],
})
const count = (state: RepositoryState): RepositoryState => ({ ...state, head: `${Number(state.head) + 1 || 1}` })

test.each(['lose answer', 'lose request', 500, 503, 409] as const)(
  'a state is changed once, whatever becomes of the first request: %s',
  async (fate) => {
    const store = await openStore()
    const name = `me/${randomUUID()}`
    const once = (): void => {
      let isFirst = true
      proxy.fate = ({ method, key }) => {
        if (method !== 'PUT' || !key.startsWith('names/') || !isFirst) return 'pass'
        isFirst = false
        return fate
      }
    }
    if (fate !== 409) once()
    expect(await store.create(name, empty())).toBe(true)
    once()
    expect((await store.change(name, count))?.head).toBe('1')
    expect((await store.change(name, count))?.head).toBe('2')
    expect((await (await openStore(server)).read(name))?.head).toBe('2')
  },
)

test('a change whose answer was lost is known after others have written', async () => {
  const [store, other] = [await openStore(), await openStore(server)]
  await store.create('me/overtaken', empty())
  let others: Promise<unknown> | undefined
  proxy.fate = ({ method, key }) => {
    if (key !== 'names/me/overtaken.json') return 'pass'
    // All that the library tries is lost, and before the look the other one writes.
    if (method === 'PUT') return others === undefined ? 'lose answer' : 'pass'
    others ??= Promise.all([other.change('me/overtaken', count), other.change('me/overtaken', count)])
    return 'pass'
  }
  await store.change('me/overtaken', count)
  await others
  expect((await other.read('me/overtaken'))?.head).toBe('3')
})

test('where nobody knows whether a change was made, that is what is said', async () => {
  const store = await openStore()
  await store.create('me/unknown', empty())
  proxy.fate = ({ key }) => (key.startsWith('names/') ? 'lose answer' : 'pass')
  await expect(store.change('me/unknown', count)).rejects.toThrow(/nobody knows whether the change of me\/unknown/)
})

test('an upload in parts that fails is given up, and leaves nothing in the bucket or on the disk', async () => {
  const data = join(folder, randomUUID())
  const store = await openBucket(proxy, data)
  opened.push(store)
  const body = randomBytes(40 << 20)
  const name = createHash('sha1').update(body).digest('hex')
  const staged = await store.stage('x')
  await staged.append(body)
  proxy.requests.length = 0
  proxy.fate = ({ query }) => (query.includes('partNumber=2') ? 403 : 'pass')
  await expect(store.keep('x', staged, { id: name, name, index: Buffer.from('index') })).rejects.toThrow(
    /PUT s3:.*Injected/,
  )
  await staged.discard()
  expect(proxy.requests.filter(({ method, query }) => method === 'DELETE' && query.includes('uploadId='))).toHaveLength(
    1,
  )
  await expect(store.open('x', { id: name, name, size: body.length, objects: 1 })).rejects.toThrow()
  for (const own of await readdir(join(data, 'staging'))) expect(await readdir(join(data, 'staging', own))).toEqual([])
})

test('an upload in parts of which the last answer is lost is there', async () => {
  const store = await openStore()
  const body = randomBytes(20 << 20)
  const pack = Buffer.concat([body, createHash('sha1').update(body).digest()])
  const name = pack.subarray(-20).toString('hex')
  const staged = await store.stage('x')
  await staged.append(pack)
  let isFirst = true
  proxy.fate = ({ method, query }) => {
    if (method !== 'POST' || !query.includes('uploadId=') || !isFirst) return 'pass'
    isFirst = false
    return 'lose answer'
  }
  await store.keep('x', staged, { id: name, name, index: Buffer.from('index') })
  expect(isFirst).toBe(false)
})

test('what a bucket is damaged in is not given out', async () => {
  const store = await openStore(server)
  const body = randomBytes(1_000)
  const pack = Buffer.concat([body, createHash('sha1').update(body).digest()])
  const name = pack.subarray(-20).toString('hex')
  const before = Buffer.concat([Buffer.from('index'), Buffer.from(name, 'hex')])
  const index = Buffer.concat([before, createHash('sha1').update(before).digest()])
  const staged = await store.stage('y')
  await staged.append(Buffer.concat([Buffer.from('x'), pack.subarray(1)]))
  await store.keep('y', staged, { id: name, name, index })
  const { file } = await (await openStore(server)).open('y', { id: name, name, size: pack.length, objects: 1 })
  await expect(file.read(0, 10)).rejects.toThrow(/s3: repositories\/y\/packs\/.* is damaged/)
})

/** A server that takes everything, whatever the conditions. */
async function careless(ignores: 'if-none-match' | 'if-match'): Promise<{ endpoint: string; stop: () => void }> {
  const keys = new Set<string>()
  const listener = createServer((request, response) => {
    const holds =
      ignores === 'if-match'
        ? request.headers['if-none-match'] === undefined || !keys.has(request.url ?? '')
        : request.headers['if-match'] === undefined
    keys.add(request.url ?? '')
    request.resume().on('end', () => response.writeHead(holds ? 200 : 412, { etag: '"1"' }).end())
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    stop: () => {
      listener.closeAllConnections()
      listener.close()
    },
  }
}

test.each([
  ['if-none-match', /against the condition If-None-Match: \*/],
  ['if-match', /against the condition If-Match/],
] as const)('a server that ignores %s is refused', async (header, words) => {
  const { endpoint, stop } = await careless(header)
  const refused = openBucket({ ...server, endpoint }, join(folder, randomUUID()))
  await expect(refused).rejects.toMatchObject({ code: 'Unsupported', message: expect.stringMatching(words) })
  stop()
})

test.each([
  [{ bucket: 'nothing' }, 'PathNotFound', /there is no bucket "nothing" at http/],
  [{ env: { AWS_ACCESS_KEY_ID: 'nobody' } }, 'Unauthorized', /check AWS_ACCESS_KEY_ID/],
  [{ env: { AWS_SECRET_ACCESS_KEY: 'another' } }, 'Unauthorized', /check AWS_SECRET_ACCESS_KEY/],
  [{ endpoint: 'http://127.0.0.1:1' }, 'Network', /nobody listens at http:\/\/127.0.0.1:1: check endpoint/],
  [{ endpoint: 'http://nothing.invalid' }, 'Network', /the host is not known/],
  [{ endpoint: 'nonsense' }, 'InvalidInput', /"nonsense" is no URL of a server/],
] as readonly (readonly [Partial<S3Server>, string, RegExp])[])(
  '%j is refused in words',
  async (wrong, code, words) => {
    const cache = join(folder, randomUUID())
    const at = { ...server, ...wrong, env: { ...server.env, ...wrong.env } }
    await expect(openBucket(at, cache)).rejects.toMatchObject({ code, message: expect.stringMatching(words) })
    // Nothing of it stays.
    expect(await readdir(join(cache, 'staging')).catch(() => [])).toEqual([])
  },
)
