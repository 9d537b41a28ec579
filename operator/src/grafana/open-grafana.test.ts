import { Agent } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGrafanaStandIn } from '../../../test/kit/grafana/index.ts'
import type { Grafana as TestGrafana } from '../../../test/kit/grafana/index.ts'
import { DashboardError } from '../dashboard/dashboard-error.ts'
import type { ApiRequestRecord } from '../forge/api-client.ts'
import type { DashboardVersion, Grafana } from './grafana.ts'
import { openGrafana } from './open-grafana.ts'
import { scripted } from './testing/scripted.ts'

let server: TestGrafana
const agent = new Agent()
const requests: ApiRequestRecord[] = []

beforeAll(async () => {
  server = await startGrafanaStandIn()
})
afterAll(async () => {
  await agent.close()
  await server.stop()
})

async function open(role: 'Viewer' | 'Editor' = 'Editor'): Promise<Grafana> {
  const { token } = await server.serviceAccount('reader', role)
  return openGrafana(`${server.url}/`, {
    dispatcher: agent,
    auth: { bearer: token },
    userAgent: 'test',
    now: () => 0,
    onRequest: (record) => requests.push(record),
  })
}
async function saves(uid: string, count: number, fields: object = {}): Promise<void> {
  for (let version = 0; version < count; version++) {
    const dashboard = { uid, title: `${uid} ${version}`, version, ...fields }
    await server.api('POST', '/api/dashboards/db', { dashboard, message: `m${version}` })
  }
}
const numbers = async (versions: AsyncIterable<DashboardVersion>): Promise<number[]> => {
  const found: number[] = []
  for await (const { version } of versions) found.push(version)
  return found
}

test('the newest version is one request, all of them are pages, one has its own message', async () => {
  const grafana = await open()
  await saves('many', 120)
  // Listed once more by later releases.
  await server.api('POST', '/api/dashboards/db', { dashboard: { uid: 'many', title: 'many 119', version: 120 } })
  requests.length = 0
  expect(await grafana.newest('many')).toMatchObject({ version: 120 })
  expect(requests).toHaveLength(1)
  expect(await numbers(grafana.versions('many'))).toEqual(Array.from({ length: 120 }, (_, i) => 120 - i))
  expect(requests).toHaveLength(1 + 3)
  expect(await grafana.saved('many', { version: 1, savedAt: 0 })).toMatchObject({
    version: 1,
    by: 'admin',
    message: 'm0',
  })
  expect(await grafana.showsAny()).toBe(true)
})

test('dashboards are listed with folder and tags, and folders with what they are in', async () => {
  const grafana = await open()
  await server.api('POST', '/api/folders', { uid: 'team', title: 'Team' })
  await server.api('POST', '/api/folders', { uid: 'inner', title: 'Inner', parentUid: 'team' })
  const save = (uid: string, tags: readonly string[], folderUid: string): Promise<unknown> =>
    server.api('POST', '/api/dashboards/db', { dashboard: { uid, title: uid, tags }, folderUid })
  await save('listed-1', ['slo', 'web'], 'inner')
  await save('listed-2', ['slo'], '')
  const inner = { folder: 'inner', tags: ['slo', 'web'] }
  expect(await grafana.dashboards('slo')).toEqual([
    { uid: 'listed-1', folderTitle: 'Inner', ...inner },
    { uid: 'listed-2', folder: '', folderTitle: '', tags: ['slo'] },
  ])
  expect((await grafana.dashboards()).map(({ uid }) => uid)).toEqual(expect.arrayContaining(['listed-1', 'many']))
  expect(await grafana.placeOf('listed-1')).toEqual(inner)
  expect(await grafana.placeOf('nowhere')).toBeUndefined()
  expect(await grafana.foldersIn('')).toEqual([{ uid: 'team', title: 'Team' }])
  expect(await grafana.foldersIn('team')).toEqual([{ uid: 'inner', title: 'Inner' }])
  expect(await grafana.folder('inner')).toEqual({ uid: 'inner', title: 'Inner', parent: 'team' })
  expect(await grafana.folder('nowhere')).toBeUndefined()
})

test('a list that does not end, or whose uids lead elsewhere, is not taken', async () => {
  const hits = (count: number): string =>
    JSON.stringify(Array.from({ length: count }, (_, i) => ({ uid: `d-${i}`, title: 't' })))
  await expect(scripted(() => ({ body: hits(5_000) })).dashboards()).rejects.toMatchObject({ code: 'LimitExceeded' })
  const forged = [
    { uid: '../x', title: 't' },
    { uid: 'a/b' },
    { uid: 'x'.repeat(41) },
    { title: 'none' },
    { uid: 'ok' },
  ]
  expect(await scripted(() => ({ body: JSON.stringify(forged) })).dashboards()).toEqual([
    { uid: 'ok', folder: '', folderTitle: '', tags: [] },
  ])
})

test('who may not read is told what is needed, and never the token', async () => {
  await saves('closed', 1)
  const viewer = await open('Viewer')
  await expect(viewer.newest('closed')).rejects.toMatchObject({
    code: 'Forbidden',
    message: expect.stringMatching(/was answered 403: .*Permissions needed: dashboards:write/),
  })
  await expect((await open()).newest('nowhere')).rejects.toMatchObject({ code: 'NotFound' })
})

const item = (version: number, more: object = {}): object => ({
  version,
  created: '2026-01-02T03:04:05+01:00',
  ...more,
})

test('Grafana 10 counts its pages, and one that moves on repeats nothing', async () => {
  const asked: string[] = []
  const all = Array.from({ length: 70 }, (_, i) => item(70 - i))
  const grafana = scripted((path) => {
    asked.push(path)
    const { searchParams } = new URL(path, 'https://host')
    const start = Number(searchParams.get('start') ?? 0)
    // Somebody has saved between the pages.
    const shown = start === 0 ? all : [item(71), ...all]
    return { body: JSON.stringify(shown.slice(start, start + Number(searchParams.get('limit')))) }
  })
  expect(await numbers(grafana.versions('a'))).toEqual(Array.from({ length: 70 }, (_, i) => 70 - i))
  expect(asked).toEqual(['/api/dashboards/uid/a/versions?limit=50', '/api/dashboards/uid/a/versions?start=50&limit=50'])
})

test('Grafana 10 does not know the page behind a full last one', async () => {
  const all = Array.from({ length: 50 }, (_, i) => item(50 - i))
  const grafana = scripted((path) =>
    path.includes('start=')
      ? { status: 404, body: '{"message": "No versions found for dashboardId 2"}' }
      : { body: JSON.stringify(all) },
  )
  expect(await numbers(grafana.versions('a'))).toHaveLength(50)
})

test('numbers keep their spelling, and times are whole seconds in whatever zone', async () => {
  const data = '{"title":"T","max":9007199254740993,"min":-0,"step":1.50e3}'
  const grafana = scripted(() => ({
    body: `{"version":7,"created":"2026-01-02T03:04:05.678+01:00","createdBy":"ada","message":"why","data":${data}}`,
  }))
  const savedAt = Date.parse('2026-01-02T02:04:05Z')
  expect(await grafana.saved('a', { version: 7, savedAt: 0 })).toEqual({
    version: 7,
    savedAt,
    by: 'ada',
    message: 'why',
    text: data,
  })
})

test('what is kept in schema v2 is refused with the field that helps, also where its versions are given in another form', async () => {
  const resource = '/apis/dashboard.grafana.app/v2/namespaces/default/dashboards/a'
  const refused = { status: 406, body: `{"message": "dashboard api version not supported, use ${resource} instead"}` }
  const given = (data: object): Grafana =>
    scripted((path) => (path.includes('/versions/') ? { body: JSON.stringify(item(1, { data })) } : refused))
  const first = { version: 1, savedAt: 0 }
  const message =
    'spec.source.grafana.schema: Grafana keeps dashboard a in schema v2, which Classic does not give; take V2'
  // Its own spec, or what is left of it where it could not be converted.
  for (const data of [{ title: 'A', elements: {}, layout: {} }, { title: 'A' }])
    await expect(given(data).saved('a', first)).rejects.toThrow(new DashboardError(message))
  await expect(given({}).placeOf('a')).rejects.toThrow(new DashboardError(message))
  await expect(given({}).newest('a')).rejects.toThrow(new DashboardError(message))
  // An older version in the classic model is one.
  expect(await given({ title: 'A', panels: [] }).saved('a', first)).toMatchObject({ version: 1 })
})

test('a list that is too large is asked for in smaller pages', async () => {
  const asked: (string | null)[] = []
  const grafana = scripted((path) => {
    const limit = new URL(path, 'https://host').searchParams.get('limit')
    asked.push(limit)
    return Number(limit) > 4
      ? { body: `[${' '.repeat(9 << 20)}]` }
      : { body: JSON.stringify({ continueToken: '', versions: [item(2), item(1)] }) }
  })
  expect(await numbers(grafana.versions('a'))).toEqual([2, 1])
  expect(asked).toEqual(['50', '13', '4'])
})

test.each([
  ['<html>', 'Malformed'],
  ['{"versions": 1}', 'Malformed'],
  ['{"versions": []}', 'Malformed'],
  ['[{"version": 1, "created": "yesterday"}]', 'Malformed'],
  ['[{"version": "1", "created": "2026-01-02T03:04:05Z"}]', 'Malformed'],
  ['[{"version": -1, "created": "2026-01-02T03:04:05Z"}]', 'Malformed'],
  ['[{"version": 1000000000000000, "created": "2026-01-02T03:04:05Z"}]', 'Malformed'],
  ['[{"version": 1, "created": "+010000-01-01T00:00:00Z"}]', 'Malformed'],
  ['[{"version": 1, "created": "-000001-01-01T00:00:00Z"}]', 'Malformed'],
])('%s is no answer of a Grafana', async (body, code) => {
  await expect(scripted(() => ({ body })).newest('a')).rejects.toMatchObject({ code })
})

test('a Grafana that wants to be left alone says for how long', async () => {
  const busy = scripted(() => ({ status: 429, body: '{"message": "slow down, word"}' }))
  await expect(busy.newest('a')).rejects.toMatchObject({ code: 'RateLimited', waitMs: 7_000 })
  await expect(busy.newest('a')).rejects.not.toThrow('word')
})

test('a list that does not end is given up', async () => {
  let asked = 0
  const endless = scripted(() => {
    asked++
    return { body: JSON.stringify({ continueToken: `${asked}`, versions: [item(2)] }) }
  })
  await expect(numbers(endless.versions('a'))).rejects.toMatchObject({ code: 'Malformed' })
  expect(asked).toBe(10_000)
})

test('of what people call themselves and say, only so much is taken, and nothing that hides the rest', async () => {
  const grafana = scripted(() => ({
    body: JSON.stringify(
      item(1, { createdBy: 'x'.repeat(1_000), message: `a\r\nb\0c\u001b[2K\td${'y'.repeat(1 << 20)}`, data: {} }),
    ),
  }))
  const { by, message } = await grafana.saved('a', { version: 1, savedAt: 0 })
  expect([by.length, message.slice(0, 10)]).toEqual([256, 'a\nb c [2K\t'])
  expect(message.length).toBeLessThanOrEqual(16_384)
})
