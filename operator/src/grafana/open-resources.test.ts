import { Agent } from 'undici'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startGrafanaStandIn } from '../../../test/kit/grafana/index.ts'
import type { Credentials, Grafana as TestGrafana } from '../../../test/kit/grafana/index.ts'
import { DashboardError } from '../dashboard/dashboard-error.ts'
import { dashboardFile } from '../dashboard/dashboard-file.ts'
import type { ApiRequestRecord } from '../forge/api-client.ts'
import type { DashboardVersion, Grafana } from './grafana.ts'
import { ListedTexts } from './listed-texts.ts'
import { openResources } from './open-resources.ts'
import type { ResourceSchema } from './resource-version.ts'
import { scriptedConnection, SCRIPTED_URL } from './testing/scripted.ts'

let server: TestGrafana
let ada: Credentials
const agent = new Agent()
const requests: ApiRequestRecord[] = []
let now = 0

beforeAll(async () => {
  server = await startGrafanaStandIn()
  ada = await server.user('ada', 'Editor')
})
beforeEach(() => void requests.splice(0))
afterAll(async () => {
  await agent.close()
  await server.stop()
})

interface Options {
  readonly role?: 'Viewer' | 'Editor'
  readonly schema?: ResourceSchema
  readonly at?: TestGrafana
  /** Characters of listed contents that are kept. */
  readonly kept?: number
}
async function open({ role = 'Editor', schema = 'v2', at = server, kept }: Options = {}): Promise<Grafana> {
  const { token } = await at.serviceAccount('reader', role)
  const connection = {
    dispatcher: agent,
    auth: { bearer: token },
    userAgent: 'test',
    now: () => now,
    onRequest: (record: ApiRequestRecord) => void requests.push(record),
  }
  return openResources(at.url, connection, { schema, listed: new ListedTexts(kept), scope: 'a' })
}

const at = (version: string, name = ''): string =>
  `/apis/dashboard.grafana.app/${version}/namespaces/default/dashboards${name === '' ? '' : `/${name}`}`
const V2 = { elements: {}, layout: { kind: 'GridLayout', spec: { items: [] } }, tags: ['slo'] }

interface Save {
  readonly title?: string
  readonly message?: string
  readonly folder?: string
  readonly as?: Credentials
  readonly fields?: object
}
/** Saves a dashboard of schema v2. */
async function save(uid: string, { title = uid, message = '', folder, as, fields = {} }: Save = {}): Promise<void> {
  const annotations = { 'grafana.app/message': message, ...(folder && { 'grafana.app/folder': folder }) }
  const body = { metadata: { name: uid, annotations }, spec: { title, ...V2, ...fields } }
  const { status } = await server.ask('GET', at('v2', uid))
  if (status === 404) await server.api('POST', at('v2'), body, as)
  else await server.api('PUT', at('v2', uid), body, as)
}
async function all(versions: AsyncIterable<DashboardVersion>): Promise<DashboardVersion[]> {
  const found: DashboardVersion[] = []
  for await (const version of versions) found.push(version)
  return found
}
const numbers = async (versions: AsyncIterable<DashboardVersion>): Promise<number[]> =>
  (await all(versions)).map(({ version }) => version)

test('a version is its number, time, author, message and resource; what a list has brought is not asked for again', async () => {
  const grafana = await open()
  await save('told', { title: 'One', message: 'first', as: ada })
  await save('told', { title: 'Two', message: 'second' })
  await save('told', { title: 'Two', message: 'nothing new' })
  await save('told', { title: 'Three', as: ada })
  expect(await grafana.newest('told')).toMatchObject({ version: 3 })
  // Once for the organisation.
  expect(requests.map(({ path }) => path)).toEqual(['/api/org', at('v2')])
  requests.splice(0)
  const [three, two, one] = await all(grafana.versions('told'))
  expect(requests).toHaveLength(2)
  requests.splice(0)
  const saved = [one, two, three].map((version) => version && grafana.saved('told', version))
  const [first, second, third] = [await saved[0], await saved[1], await saved[2]]
  expect([first, second, third].map((version) => [version?.version, version?.by, version?.message])).toEqual([
    [1, 'ada', 'first'],
    [2, 'admin', 'nothing new'],
    [3, 'ada', ''],
  ])
  expect(requests.every(({ path }) => path.startsWith('/api/dashboards/uid/told/versions/'))).toBe(true)
  const { annotations } = (await server.api('GET', at('v2', 'told'))).metadata
  expect(third?.savedAt).toBe(Math.floor(Date.parse(annotations['grafana.app/updatedTimestamp']) / 1_000) * 1_000)
  const { bytes, title, uid } = dashboardFile(third?.text ?? '')
  expect([title, uid]).toEqual(['Three', 'told'])
  expect(JSON.parse(Buffer.from(bytes).toString())).toEqual({
    apiVersion: 'dashboard.grafana.app/v2',
    kind: 'Dashboard',
    metadata: { name: 'told' },
    spec: { title: 'Three', ...V2 },
  })
})

test('what was not kept is asked for by its revision, and what Git alone names is looked for in the list', async () => {
  const grafana = await open({ kept: 0 })
  for (let count = 1; count <= 15; count++) await save('many', { title: `Many ${count}` })
  const versions = await all(grafana.versions('many'))
  expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 15 }, (_, i) => 15 - i))
  // 2, 10, and the rest.
  expect(requests.filter(({ path }) => path === at('v2'))).toHaveLength(3)
  requests.splice(0)
  const third = versions[12] as DashboardVersion
  expect(await grafana.saved('many', third)).toMatchObject({ version: 3, text: expect.stringContaining('Many 3') })
  expect(requests.map(({ path }) => path)[0]).toBe(at('v2', 'many'))
  const { version, savedAt } = third
  expect(await grafana.saved('many', { version, savedAt })).toMatchObject({ text: expect.stringContaining('Many 3') })
  await expect(grafana.saved('many', { version, savedAt: savedAt + 60_000 })).rejects.toMatchObject({
    code: 'NotFound',
  })
})

test('an import asks for pages and for people, and for no version by itself', async () => {
  for (let count = 1; count <= 20; count++)
    await save('whole', { title: `Whole ${count}`, ...(count % 2 === 0 ? {} : { as: ada }) })
  const grafana = await open()
  await grafana.newest('whole')
  requests.splice(0)
  const versions = await all(grafana.versions('whole'))
  expect(requests).toHaveLength(3)
  for (const version of versions.toReversed())
    expect((await grafana.saved('whole', version)).text).toContain(`"Whole ${version.version}"`)
  expect(requests).toHaveLength(3 + 2)
})

test('each person is asked for once in an hour; who is not named is called as Grafana keeps it', async () => {
  const grafana = await open()
  const eve = await server.user('eve', 'Editor')
  await save('who', { title: 'One', as: eve })
  await save('who', { title: 'Two', as: eve })
  const [two, one] = (await all(grafana.versions('who'))) as [DashboardVersion, DashboardVersion]
  const asked = (): number => requests.filter(({ path }) => path.startsWith('/api/dashboards/uid/who/versions/')).length
  expect([(await grafana.saved('who', one)).by, (await grafana.saved('who', two)).by, asked()]).toEqual([
    'eve',
    'eve',
    1,
  ])
  await server.renameUser('eve', 'eva')
  expect((await grafana.saved('who', two)).by).toBe('eve')
  now += 3_600_000
  expect((await grafana.saved('who', two)).by).toBe('eva')
  await server.deleteUser('eva')
  now += 3_600_000
  const identity = (await server.api('GET', at('v2', 'who'))).metadata.annotations['grafana.app/updatedBy']
  expect((await grafana.saved('who', two)).by).toBe(identity)
  // Its versions in the classic API are for those who may write.
  const viewer = await open({ role: 'Viewer' })
  const [newest] = (await all(viewer.versions('told'))) as [DashboardVersion]
  expect((await viewer.saved('told', newest)).by).toMatch(/^user:./)
})

test('what cannot be converted is no dashboard in this schema, and nobody knows its tags', async () => {
  await save('kept', { title: 'Kept' })
  const grafana = await open({ schema: 'v1' })
  const { text } = await grafana.saved('kept', await grafana.newest('kept'))
  expect(() => dashboardFile(text)).toThrow(
    'it is not the dashboard: Grafana keeps that in v2, and could not convert it to v1 (no conversion)',
  )
  await expect(grafana.placeOf('kept')).rejects.toThrow(DashboardError)
  expect(await (await open()).placeOf('kept')).toEqual({ folder: '', tags: ['slo'] })
})

test('where it is says the resource; that it is gone, that resources are answered beside it', async () => {
  await server.api('POST', '/api/folders', { uid: 'team', title: 'Team' })
  await save('going', { folder: 'team' })
  const grafana = await open()
  expect(await grafana.placeOf('going')).toEqual({ folder: 'team', tags: ['slo'] })
  await server.api('DELETE', at('v2', 'going'))
  expect(await grafana.placeOf('going')).toBeUndefined()
  await expect(grafana.newest('going')).rejects.toMatchObject({ code: 'NotFound' })
  // What lists dashboards, and folders, is the same for both.
  expect(await grafana.dashboards('slo')).toContainEqual(expect.objectContaining({ uid: 'told' }))
  expect(await grafana.folder('team')).toMatchObject({ title: 'Team' })
})

test('another organisation has a namespace of its own', async () => {
  const other = await startGrafanaStandIn({ organisation: 7 })
  try {
    await other.api('POST', '/api/dashboards/db', { dashboard: { uid: 'here', title: 'Here', panels: [] } })
    const grafana = await open({ schema: 'v1', at: other })
    expect(await grafana.newest('here')).toMatchObject({ version: 1 })
    expect(requests.at(-1)?.path).toBe('/apis/dashboard.grafana.app/v1/namespaces/org-7/dashboards')
  } finally {
    await other.stop()
  }
})

/** What the stand-in cannot say. @param answers by path and query */
function scripted(
  answers: (path: string, query: URLSearchParams) => { readonly status?: number; readonly body: string },
): Grafana {
  const connection = scriptedConnection((path) => {
    const { pathname, searchParams } = new URL(path, SCRIPTED_URL)
    return pathname === '/api/org' ? { body: '{"id": 1}' } : answers(pathname, searchParams)
  })
  return openResources(SCRIPTED_URL, connection, { schema: 'v2', listed: new ListedTexts(), scope: 'a' })
}
const TIME = '2026-01-02T03:04:05.678Z'
const item = (generation: number, metadata: object = {}, fields: object = {}): object => ({
  metadata: {
    name: 'a',
    generation,
    resourceVersion: `${1_000 + generation}`,
    creationTimestamp: TIME,
    annotations: { 'grafana.app/updatedTimestamp': TIME },
    ...metadata,
  },
  spec: { title: 'A', ...V2 },
  ...fields,
})
const history = (items: readonly unknown[], token?: string): { readonly body: string } => ({
  body: JSON.stringify({ metadata: token === undefined ? {} : { continue: token }, items }),
})

test.each([
  ['another dashboard', item(1, { name: 'b' })],
  ['another kind', item(1, {}, { kind: 'LibraryPanel' })],
  ['another version of the API', item(1, {}, { apiVersion: 'dashboard.grafana.app/v1' })],
  ['a generation that no number can hold', item(Number.MAX_SAFE_INTEGER + 1)],
  ['a generation that no line can hold', item(1e15)],
  ['a negative generation', item(-1)],
  ['a generation that is a text', item(1, { generation: '1' })],
  ['no time', item(1, { creationTimestamp: null, annotations: null })],
  ['a time in no calendar', item(1, { annotations: { 'grafana.app/updatedTimestamp': 'yesterday' } })],
  [
    'a time beyond all calendars',
    item(1, { annotations: { 'grafana.app/updatedTimestamp': '+010000-01-01T00:00:00Z' } }),
  ],
  ['a time before all others', item(1, { creationTimestamp: '-000001-01-01T00:00:00Z', annotations: {} })],
  ['a revision that leads elsewhere', item(1, { resourceVersion: '1&x=y' })],
  ['annotations that are none', item(1, { annotations: ['grafana.app/updatedBy'] })],
  ['no content', item(1, {}, { spec: [] })],
  ['no object', 'item'],
])('%s is no version', async (_, wrong) => {
  await expect(scripted(() => history([wrong])).newest('a')).rejects.toMatchObject({ code: 'Malformed' })
})

test('a token that is too long is not sent back', async () => {
  const endless = scripted(() => history([item(1)], 'x'.repeat(5_000)))
  await expect(numbers(endless.versions('a'))).rejects.toMatchObject({ code: 'Malformed' })
})

test('a list that does not end is given up, whether it repeats itself or is empty', async () => {
  for (const items of [[item(2)], []]) {
    let asked = 0
    const endless = scripted(() => history(items, `${++asked}`))
    await expect(numbers(endless.versions('a'))).rejects.toThrow('do not end after 10000 pages')
    expect(asked).toBe(10_000)
  }
})

test('a page that is too large is asked for in a smaller one, and none grows beyond it again', async () => {
  const asked: string[] = []
  const grafana = scripted((_, query) => {
    const limit = query.get('limit') ?? ''
    asked.push(limit)
    if (Number(limit) > 4) return { body: `[${' '.repeat(9 << 20)}]` }
    const from = Number(query.get('continue') ?? 8)
    const items = Array.from({ length: Math.min(Number(limit), from) }, (_, i) => item(from - i))
    return history(items, from > items.length ? `${from - items.length}` : undefined)
  })
  expect(await numbers(grafana.versions('a'))).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
  expect(asked).toEqual(['2', '10', '3', '3'])
})

test('without such resources the message names the field, and nothing is taken for gone', async () => {
  const old = scripted(() => ({ status: 404, body: '{"message": "Not found"}' }))
  const message = expect.stringMatching(
    /^spec\.source\.grafana\.schema: https:\/\/grafana\.example\.com has no dashboards of dashboard\.grafana\.app\/v2 in namespace default.*take Classic/,
  )
  await expect(old.newest('a')).rejects.toMatchObject({ code: 'InvalidInput', message })
  await expect(old.placeOf('a')).rejects.toMatchObject({ code: 'InvalidInput', message })
  // A dashboard whose history is not given is not gone.
  const forgetful = scripted((path) => (path.endsWith('/a') ? { body: JSON.stringify(item(1)) } : history([])))
  await expect(forgetful.newest('a')).rejects.toMatchObject({
    code: 'Malformed',
    message: 'dashboard a has no version',
  })
  const down = scripted((path) => (path.endsWith('/a') ? { status: 404, body: '{}' } : { status: 503, body: '{}' }))
  await expect(down.placeOf('a')).rejects.toMatchObject({ code: 'ServerError' })
})

test('a revision that gives another version is not believed', async () => {
  const grafana = scripted((path, query) => {
    if (path.endsWith('/a')) return { body: JSON.stringify(item(2)) }
    return query.has('labelSelector') ? history([item(2), item(1)]) : history([])
  })
  const wanted = { version: 1, savedAt: Date.parse('2026-01-02T03:04:05Z'), revision: '1001' }
  expect(await grafana.saved('a', wanted)).toMatchObject({ version: 1, by: 'Anonymous' })
})

test('whether somebody has a login is asked again where there was no answer, and not where it was a refusal', async () => {
  for (const [status, by] of [
    [403, 'user:u1'],
    [404, 'user:u1'],
    [406, 'user:u1'],
    [500, 'user:u1'],
    [502, undefined],
    [429, undefined],
  ] as const) {
    const annotations = { 'grafana.app/createdBy': 'user:u0', 'grafana.app/updatedBy': 'user:u1' }
    const one = item(1, { annotations })
    const grafana = scripted((path) => {
      if (path.startsWith('/api/')) return { status, body: '{}' }
      return path.endsWith('/a') ? { body: JSON.stringify(one) } : history([one])
    })
    const saved = grafana.saved('a', await grafana.newest('a'))
    if (by === undefined) await expect(saved).rejects.toMatchObject({ status })
    else expect((await saved).by).toBe(by)
  }
})

test('numbers keep their spelling; of what people call themselves and say only so much is taken', async () => {
  const spec = '{"title":"T","elements":{},"layout":{},"max":9007199254740993,"min":-0,"step":1.50e3}'
  const annotations = JSON.stringify({
    'grafana.app/createdBy': `access-policy:${'x'.repeat(1_000)}\u001b[2K`,
    'grafana.app/message': `a\r\nb\0c\u001b[2K\td${'y'.repeat(1 << 20)}`,
    'grafana.app/folder': 'general',
  })
  const metadata = `{"name":"a","generation":1,"resourceVersion":"1","creationTimestamp":"2026-01-02T03:04:05+01:00","annotations":${annotations}}`
  const one = `{"metadata":${metadata},"spec":${spec}}`
  const grafana = scripted((path) => ({ body: path.endsWith('/a') ? one : `{"items":[${one}]}` }))
  const { text, by, message, savedAt } = await grafana.saved('a', await grafana.newest('a'))
  expect(text).toContain(spec)
  expect([by.length, message.slice(0, 10), savedAt]).toEqual([256, 'a\nb c [2K\t', Date.parse('2026-01-02T02:04:05Z')])
  expect(message.length).toBeLessThanOrEqual(16_384)
  expect(await grafana.placeOf('a')).toEqual({ folder: '', tags: [] })
})
