import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startApiServer, type EmbeddedApiServer } from './index.ts'
import { testClient, WIDGETS } from './test-client.ts'

let server: EmbeddedApiServer
let client: ReturnType<typeof testClient>
const PATH = '/api/v1/namespaces/default/configmaps'
const INITIAL = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
const create = (name: string, labels: Record<string, string> = {}, data: Record<string, string> = {}) =>
  server.objects.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data })
const ref = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name })

beforeEach(async () => {
  server = await startApiServer({ bookmarkInterval: 20, crds: [WIDGETS] })
  client = testClient(server.url)
})
afterEach(() => server.stop())

describe('list', () => {
  test('pages show one moment, whatever is written between them', async () => {
    for (const name of ['a', 'b', 'c', 'd']) create(name)
    const first = await client.get(`${PATH}?limit=2`)
    expect(first.body.metadata.remainingItemCount).toBe(3)
    server.objects.delete(ref('c'))
    create('bb')
    server.objects.patch(ref('d'), { data: { changed: 'yes' } })
    const rest = await client.get(`${PATH}?limit=9&continue=${first.body.metadata.continue}`)
    expect(rest.body.items.map((item: any) => item.metadata.name)).toEqual(['c', 'd', 'kube-root-ca.crt'])
    expect(rest.body.items[1].data).toEqual({})
    expect(rest.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion)
  })

  test('an expired token gets 410 with one that goes on with what is there now', async () => {
    for (const name of ['a', 'b', 'c']) create(name)
    const first = await client.get(`${PATH}?limit=1`)
    server.faults.expireHistory()
    create('bb')
    const late = await client.get(`${PATH}?limit=9&continue=${first.body.metadata.continue}`)
    expect(late.body).toMatchObject({ code: 410, reason: 'Expired' })
    const rest = await client.get(`${PATH}?continue=${late.body.metadata.continue}`)
    expect(rest.body.items.map((item: any) => item.metadata.name)).toEqual(['b', 'bb', 'c', 'kube-root-ca.crt'])
  })

  test('items of builtin kinds do not say their type, custom ones do', async () => {
    server.objects.create({ apiVersion: 'test.io/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { mode: 'fast' } })
    expect((await client.get(PATH)).body.items[0]).not.toHaveProperty('kind')
    expect((await client.get('/apis/test.io/v1/widgets')).body.items[0].kind).toBe('Widget')
  })

  test.each([
    ['labelSelector=app', ['a', 'b']],
    ['labelSelector=!app', ['c', 'kube-root-ca.crt']],
    ['labelSelector=app%20in%20(x,z)', ['a']],
    ['labelSelector=app!=x', ['b', 'c', 'kube-root-ca.crt']],
    ['labelSelector=app,app%20notin%20(x)', ['b']],
    ['fieldSelector=metadata.name=c', ['c']],
    ['fieldSelector=metadata.name!=c,metadata.namespace=default', ['a', 'b', 'kube-root-ca.crt']],
  ])('%s chooses', async (query, names) => {
    create('a', { app: 'x' })
    create('b', { app: 'y' })
    create('c')
    expect((await client.get(`${PATH}?${query}`)).body.items.map((item: any) => item.metadata.name)).toEqual(names)
  })

  test.each([
    ['fieldSelector=data.x=1', 400],
    ['labelSelector=a%20in%20(b', 400],
    ['continue=nonsense', 400],
    ['resourceVersion=999999', 504],
    ['resourceVersionMatch=Exact', 400],
  ])('%s is refused', async (query, code) => {
    expect((await client.get(`${PATH}?${query}`)).code).toBe(code)
  })

  test('Table and PartialObjectMetadata are given on request, protobuf is not', async () => {
    create('a', {}, { x: '1', y: '2' })
    const table = await client.get(`${PATH}/a`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
    expect(table.body.columnDefinitions.map((column: any) => column.name)).toEqual(['Name', 'Data', 'Age'])
    expect(table.body.rows[0].cells.slice(0, 2)).toEqual(['a', 2])
    const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
    expect((await client.get(PATH, { accept })).body).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ metadata: { name: 'a' } }, {}],
    })
    expect((await client.get(PATH, { accept: 'application/vnd.kubernetes.protobuf' })).code).toBe(406)
  })
})

describe('watch', () => {
  test('goes on from a version without loss or repetition', async () => {
    const { resourceVersion } = create('a').metadata
    server.objects.patch(ref('a'), { data: { x: '1' } })
    server.objects.delete(ref('a'))
    const watch = await client.watch(`${PATH}?watch=1&resourceVersion=${resourceVersion}`)
    create('b')
    const events = await watch.take(3)
    expect(events.map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual([
      'MODIFIED a',
      'DELETED a',
      'ADDED b',
    ])
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion))
    expect(versions).toEqual([...versions].sort((x, y) => x - y))
    watch.close()
  })

  test('an object that comes into a selector is added, one that leaves it is deleted', async () => {
    create('a')
    const watch = await client.watch(`${PATH}?watch=1&labelSelector=app=x`)
    server.objects.patch(ref('a'), { metadata: { labels: { app: 'x' } } })
    const { metadata } = server.objects.patch(ref('a'), { metadata: { labels: { app: 'y' } } })
    const [added, deleted] = await watch.take(2)
    expect(added).toMatchObject({ type: 'ADDED', object: { metadata: { labels: { app: 'x' } } } })
    expect(deleted).toMatchObject({ type: 'DELETED', object: { metadata: { labels: { app: 'x' } } } })
    expect(deleted?.object.metadata.resourceVersion).toBe(metadata.resourceVersion)
    watch.close()
  })

  test('sendInitialEvents gives what is there and says where that ends; later bookmarks move on', async () => {
    create('a')
    const watch = await client.watch(`${PATH}?${INITIAL}`, { bookmarks: true })
    const [first, second, end] = await watch.take(3)
    expect([first?.type, second?.type, end?.type]).toEqual(['ADDED', 'ADDED', 'BOOKMARK'])
    expect(end?.object).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { resourceVersion: server.resourceVersion, annotations: { 'k8s.io/initial-events-end': 'true' } },
    })
    const secret = server.objects.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } })
    let bookmark = await watch.next()
    while (bookmark?.object.metadata.resourceVersion !== secret.metadata.resourceVersion) bookmark = await watch.next()
    expect(bookmark?.type).toBe('BOOKMARK')
    watch.close()
  })

  test('sendInitialEvents without resourceVersionMatch is refused', async () => {
    expect((await client.get(`${PATH}?watch=1&sendInitialEvents=true`)).code).toBe(422)
  })

  test('ends after timeoutSeconds', async () => {
    const watch = await client.watch(`${PATH}?watch=1&timeoutSeconds=1&resourceVersion=${server.resourceVersion}`)
    expect(await watch.next()).toBeUndefined()
  })

  test('history is bounded', async () => {
    const small = await startApiServer({ historyLimit: 4 })
    const version = small.resourceVersion
    for (let n = 0; n < 9; n++) {
      small.objects.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `n${n}` } })
    }
    const watch = await testClient(small.url).watch(`${PATH}?watch=1&resourceVersion=${version}`)
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
    await small.stop()
  })
})

test('5,000 ConfigMaps are created, listed and watched within seconds', async () => {
  const data = { text: 'x'.repeat(1500) }
  const started = performance.now()
  const watch = await client.watch(`${PATH}?watch=1&resourceVersion=${server.resourceVersion}`)
  for (let n = 0; n < 5000; n++) create(`n${n}`, {}, data)
  const list = await client.get(PATH)
  expect(list.body.items).toHaveLength(5001)
  expect(await watch.take(5000)).toHaveLength(5000)
  watch.close()
  expect(performance.now() - started).toBeLessThan(10_000)
})
