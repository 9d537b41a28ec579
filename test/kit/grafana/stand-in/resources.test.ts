import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { component } from '../../components/index.ts'
import { run } from '../../process/index.ts'
import { startGrafanaStandIn } from '../index.ts'
import type { Grafana } from '../index.ts'

let grafana: Grafana
let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'grafana-resources-'))
  grafana = await startGrafanaStandIn()
  await grafana.api('POST', '/api/folders', { uid: 'team', title: 'Team' })
})
afterAll(async () => {
  await grafana.stop()
  await rm(scratch, { recursive: true, force: true })
})

const at = (version: string, rest = '') => `/apis/dashboard.grafana.app/${version}/namespaces/default/dashboards${rest}`
const HISTORY = '?labelSelector=grafana.app/get-history=true&fieldSelector=metadata.name='
const TRASH = '?labelSelector=grafana.app/get-trash=true'

const v2 = (title: string) => ({
  title,
  annotations: [],
  cursorSync: 'Off',
  elements: {},
  layout: { kind: 'GridLayout', spec: { items: [] } },
  links: [],
  preload: false,
  tags: ['web'],
  timeSettings: {
    from: 'now-6h',
    to: 'now',
    autoRefresh: '',
    autoRefreshIntervals: [],
    hideTimepicker: false,
    fiscalYearStartMonth: 0,
  },
  variables: [],
})
const resource = (name: string, spec: object, message = '', folder = 'team') => ({
  metadata: { name, annotations: { 'grafana.app/folder': folder, 'grafana.app/message': message } },
  spec,
})

/** What Grafana's own types have against a resource. */
async function problemsOf(version: string, answered: object): Promise<string> {
  const types = (await run(await component('grafana-schema'), [])).stdout.toString().trim()
  const file = join(scratch, `${version}.ts`)
  const text = `import type { Dashboard } from '${types}/${version}/dashboard_object_gen'
export const answered: Dashboard = ${JSON.stringify(answered)}\n`
  await writeFile(file, text)
  const tsc = fileURLToPath(new URL('../../../../node_modules/.bin/tsc', import.meta.url))
  const flags = ['--noEmit', '--strict', '--ignoreConfig', '--module', 'esnext', '--moduleResolution', 'bundler']
  return await run(tsc, [...flags, file], { cwd: scratch }).then(
    () => '',
    (error: unknown) => String(error),
  )
}

test("in both schemas the resources are of Grafana's own types", async () => {
  await grafana.api('POST', at('v2'), resource('typed', v2('Typed'), 'why'))
  await grafana.api('PUT', at('v2', '/typed'), resource('typed', v2('Typed again'), 'because'))
  const second = await grafana.api('GET', at('v2', '/typed'))
  expect(await problemsOf('v2', second)).toBe('')
  expect(await problemsOf('v2', { ...second, more: true })).toMatch(/more.*does not exist/)
  await grafana.api('POST', '/api/dashboards/db', { dashboard: { uid: 'old', title: 'Old' }, folderUid: 'team' })
  expect(await problemsOf('v1beta1', await grafana.api('GET', at('v1beta1', '/old')))).toBe('')
})

test('what is kept in v2 has no classic form, and says so', async () => {
  await grafana.api('POST', at('v2'), resource('new', v2('New')))
  expect(await grafana.ask('GET', '/api/dashboards/uid/new')).toMatchObject({
    status: 406,
    body: { message: `dashboard api version not supported, use ${at('v2', '/new')} instead` },
  })
  expect(await grafana.api('GET', at('v1', '/new'))).toMatchObject({
    apiVersion: 'dashboard.grafana.app/v1',
    status: { conversion: { failed: true, storedVersion: 'v2' } },
  })
})

test('the history has message, author and time of each save; a save that changes nothing keeps its generation', async () => {
  const ada = await grafana.user('ada', 'Editor')
  await grafana.api('POST', at('v1'), resource('told', { title: 'One' }, 'first'))
  await grafana.api('PUT', at('v1', '/told'), resource('told', { title: 'Two' }, 'second'), ada)
  await grafana.api('PUT', at('v1', '/told'), resource('told', { title: 'Two' }, 'nothing'))
  await grafana.api('PUT', at('v1', '/told'), resource('told', { title: 'Two' }, 'moved', ''))
  const { items } = await grafana.api('GET', at('v1', `${HISTORY}told`))
  const by = (name: string) => items.map(({ metadata }: any) => metadata.annotations[`grafana.app/${name}`])
  expect(items.map(({ metadata, spec }: any) => [metadata.generation, spec.title])).toEqual([
    [3, 'Two'],
    [2, 'Two'],
    [2, 'Two'],
    [1, 'One'],
  ])
  expect(by('message')).toEqual(['moved', 'nothing', 'second', 'first'])
  expect(by('folder')).toEqual([undefined, 'team', 'team', 'team'])
  const [moved, nothing, second, first] = by('updatedBy')
  expect([nothing === second, moved === second, first]).toEqual([true, false, undefined])
  expect(new Set(items.map(({ metadata }: any) => metadata.creationTimestamp)).size).toBe(1)
  const { resourceVersion } = items.at(-1).metadata
  expect(await grafana.api('GET', at('v1', `/told?resourceVersion=${resourceVersion}`))).toMatchObject({
    metadata: { generation: 1 },
    spec: { title: 'One' },
  })
})

test('a page may be shorter than asked for; the token leads on until there is none', async () => {
  const small = await startGrafanaStandIn({ pageItems: 2 })
  try {
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await small.api('POST', at('v1'), resource(name, { title: name }, '', ''))
    const pages: string[][] = []
    let token: string | undefined = ''
    while (token !== undefined) {
      const { items, metadata }: any = await small.api(
        'GET',
        at('v1', `?limit=3&continue=${encodeURIComponent(token)}`),
      )
      pages.push(items.map((item: any) => item.metadata.name))
      token = metadata.continue
    }
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  } finally {
    await small.stop()
  }
})

test('what is deleted is in the trash until it is made again', async () => {
  const trash = async () => (await grafana.api('GET', at('v1', TRASH))).items.map(({ metadata }: any) => metadata.name)
  await grafana.api('POST', at('v1'), resource('bin', { title: 'Bin' }))
  await grafana.api('DELETE', at('v1', '/bin'))
  expect(await grafana.ask('GET', at('v1', '/bin'))).toMatchObject({ status: 404, body: { reason: 'NotFound' } })
  expect(await trash()).toEqual(['bin'])
  await grafana.api('POST', at('v1'), resource('bin', { title: 'Bin' }))
  expect(await trash()).toEqual([])
})

test('resources of another organisation than the first are in its namespace, and nowhere else', async () => {
  const other = await startGrafanaStandIn({ organisation: 7 })
  try {
    expect(await other.api('GET', '/api/org')).toMatchObject({ id: 7 })
    const there = at('v2').replace('default', 'org-7')
    await other.api('POST', there, resource('far', v2('Far'), '', ''))
    expect((await other.api('GET', `${there}/far`)).metadata.namespace).toBe('org-7')
    expect(await other.ask('GET', at('v2', '/far'))).toMatchObject({ status: 404 })
    expect((await other.ask('GET', '/api/dashboards/uid/far')).body.message).toContain(`${there}/far`)
  } finally {
    await other.stop()
  }
})

test('in the classic API what is kept in v2 has its versions, with authors, and its own spec in them', async () => {
  await grafana.api('POST', at('v2'), resource('both', v2('Both'), 'why'))
  const version = await grafana.api('GET', '/api/dashboards/uid/both/versions/1')
  expect(version).toMatchObject({ version: 1, createdBy: 'admin', data: { elements: {} } })
})

test('refusals are as those of Kubernetes, but for logins', async () => {
  await grafana.api('POST', at('v1'), resource('there', { title: 'There' }))
  const stale = { ...resource('there', { title: 'New' }), metadata: { name: 'there', resourceVersion: '1' } }
  const viewer = await grafana.serviceAccount('viewer', 'Viewer')
  expect(await grafana.ask('POST', at('v1'), resource('there', {}))).toMatchObject({ status: 409 })
  expect(await grafana.ask('PUT', at('v1', '/there'), stale)).toMatchObject({ body: { reason: 'Conflict' } })
  expect(await grafana.ask('DELETE', at('v1', '/there'), undefined, viewer)).toMatchObject({ status: 403 })
  expect(await grafana.ask('GET', at('v1', '?labelSelector=grafana.app/get-history=true'))).toMatchObject({
    status: 400,
  })
  expect(await grafana.ask('GET', at('v7'))).toMatchObject({ status: 404, body: { kind: 'Status' } })
  expect(await grafana.ask('GET', at('v1'), undefined, null)).toMatchObject({ status: 401 })
})

test('it says which versions there are, and has folders', async () => {
  const { groups } = await grafana.api('GET', '/apis')
  expect(groups[0]).toMatchObject({ name: 'dashboard.grafana.app', preferredVersion: { version: 'v1' } })
  expect(await grafana.api('GET', '/apis/dashboard.grafana.app')).toMatchObject({ kind: 'APIGroup' })
  const folders = '/apis/folder.grafana.app/v1/namespaces/default/folders'
  expect(await grafana.api('GET', `${folders}/team`)).toMatchObject({ kind: 'Folder', spec: { title: 'Team' } })
  expect((await grafana.api('GET', folders)).items).toHaveLength(1)
})
