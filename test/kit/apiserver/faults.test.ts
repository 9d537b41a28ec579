import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startApiServer, type EmbeddedApiServer } from './index.ts'
import { testClient } from './test-client.ts'

let server: EmbeddedApiServer
let client: ReturnType<typeof testClient>
const PATH = '/api/v1/namespaces/default/configmaps'
const create = (name: string) => server.objects.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
const watchNow = () =>
  client.watch(`${PATH}?watch=1&allowWatchBookmarks=true&resourceVersion=${server.resourceVersion}`)

beforeEach(async () => {
  server = await startApiServer({ bookmarkInterval: 10 })
  client = testClient(server.url)
})
afterEach(() => server.stop())

describe('watches', () => {
  test('dropWatches ends the matching ones', async () => {
    const [dropped, kept] = [await watchNow(), await client.watch('/api/v1/secrets?watch=1')]
    expect(server.openWatches).toBe(2)
    expect(server.faults.dropWatches(({ resource }) => resource === 'configmaps')).toBe(1)
    expect(await dropped.next()).toBeUndefined()
    server.objects.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } })
    expect((await kept.next())?.object.metadata.name).toBe('s')
    kept.close()
  })

  test('stalled watches send nothing, then everything', async () => {
    const watch = await watchNow()
    server.faults.stallWatches()
    create('a')
    const late = watch.next()
    const first = await Promise.race([late, client.get(PATH)])
    expect(first).toHaveProperty('code', 200)
    server.faults.releaseWatches()
    expect((await late)?.object.metadata.name).toBe('a')
    watch.close()
  })

  test('a stalled watch holds bookmarks back too', async () => {
    server.faults.stallWatches()
    const watch = await client.watch(
      `${PATH}?watch=1&allowWatchBookmarks=true&resourceVersion=${server.resourceVersion}`,
      {
        bookmarks: true,
      },
    )
    create('a')
    for (let n = 0; n < 20; n++) await client.get(PATH)
    server.faults.releaseWatches()
    expect((await watch.next())?.type).toBe('ADDED')
    watch.close()
  })

  test.each(['event', 'status'] as const)('expired history answers 410 as %s', async (as) => {
    const version = server.resourceVersion
    create('a')
    server.faults.expireHistory(as)
    const path = `${PATH}?watch=1&resourceVersion=${version}`
    if (as === 'status') {
      expect((await client.get(path)).body).toMatchObject({ code: 410, reason: 'Expired' })
    } else {
      const watch = await client.watch(path)
      expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
      expect(await watch.next()).toBeUndefined()
    }
  })

  test('events can come twice', async () => {
    const watch = await watchNow()
    server.faults.duplicateEvents(true)
    create('a')
    const [first, second] = await watch.take(2)
    expect(second).toEqual(first)
    watch.close()
  })

  test('streaming lists can be refused as an old etcd makes the real server do', async () => {
    server.faults.refuseStreamingLists(true)
    const path = `${PATH}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`
    const watch = await client.watch(path)
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 500, reason: 'InternalError' } })
    expect(await watch.next()).toBeUndefined()
  })
})

describe('requests', () => {
  test('conflict, throttle and fail hit the next matching requests, then no more', async () => {
    server.faults.conflict(1, ({ name }) => name === 'a')
    create('a')
    create('b')
    expect((await client.get(`${PATH}/a`)).code).toBe(200)
    expect((await client.merge(`${PATH}/b`, { data: { x: '1' } })).code).toBe(200)
    expect((await client.merge(`${PATH}/a`, { data: { x: '1' } })).body.reason).toBe('Conflict')
    expect((await client.merge(`${PATH}/a`, { data: { x: '1' } })).code).toBe(200)

    server.faults.throttle(1, { retryAfter: 7 })
    const throttled = await client.get(PATH)
    expect([throttled.code, throttled.headers.get('retry-after')]).toEqual([429, '7'])
    server.faults.fail(2, { code: 503, match: ({ verb }) => verb === 'list' })
    expect((await client.get(`${PATH}/a`)).code).toBe(200)
    expect([(await client.get(PATH)).code, (await client.get(PATH)).code, (await client.get(PATH)).code]).toEqual([
      503, 503, 200,
    ])
  })

  test('reset cuts the connection', async () => {
    server.faults.reset(1)
    await expect(client.get(PATH)).rejects.toThrow(TypeError)
    expect((await client.get(PATH)).code).toBe(200)
  })

  test('forbid and emptyLists last until undone', async () => {
    create('a')
    const allow = server.faults.forbid(({ path }) => path.startsWith(PATH))
    expect((await client.get(PATH)).code).toBe(403)
    allow()
    const fill = server.faults.emptyLists(({ resource }) => resource === 'configmaps')
    expect((await client.get(PATH)).body.items).toEqual([])
    expect((await client.get(`${PATH}/a`)).code).toBe(200)
    fill()
    expect((await client.get(PATH)).body.items).toHaveLength(2)
  })

  test('slowLists waits before each page', async () => {
    const pages: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    server.faults.slowLists(async ({ query }) => {
      pages.push(query.get('continue') ?? '')
      await promise
    })
    create('a')
    const page = client.get(`${PATH}?limit=1`)
    const other = await client.get(`${PATH}/a`)
    expect(other.code).toBe(200)
    resolve()
    expect((await page).body.items).toHaveLength(1)
    expect(pages).toEqual([''])
  })

  test('clear undoes everything', async () => {
    server.faults.forbid(() => true)
    server.faults.fail(5)
    server.faults.stallWatches()
    server.faults.clear()
    expect((await client.get(PATH)).code).toBe(200)
    const watch = await watchNow()
    create('a')
    expect((await watch.next())?.type).toBe('ADDED')
    watch.close()
  })

  test('requests are recorded as what they asked for', async () => {
    server.requests.length = 0
    await client.get(`${PATH}?limit=1`)
    await client.watch(`/apis/apps/v1/deployments?watch=1`).then((watch) => watch.close())
    expect(server.requests.map(({ verb, group, resource, namespace }) => [verb, group, resource, namespace])).toEqual([
      ['list', '', 'configmaps', 'default'],
      ['watch', 'apps', 'deployments', ''],
    ])
  })

  test('kill drops open watches at once; the port is free again', async () => {
    const watch = await watchNow()
    server.kill()
    await expect(watch.next()).rejects.toThrow(/terminated/)
    const port = Number(new URL(server.url).port)
    server = await startApiServer({ port })
    expect((await client.get(PATH)).code).toBe(200)
  })
})
