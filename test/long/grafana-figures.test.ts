/** 500 dashboards of 20 versions each, imported with their history: how long it takes, in how many pushes and requests. */
import { createHash } from 'node:crypto'
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundle } from '../../scripts/bundle.ts'
import { DASHBOARD, dashboardReady, dashboardRef } from '../e2e/harness/dashboard.ts'
import { conditionOf, syncRef } from '../e2e/harness/gitsync.ts'
import type { HttpBackendHost } from '../e2e/harness/git-host.ts'
import { save } from '../e2e/harness/grafana/save.ts'
import { createGrafanaSecret, grafanaDashboard } from '../e2e/harness/grafana/source.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { startWorld } from '../e2e/harness/world.ts'
import type { World } from '../e2e/harness/world.ts'
import { startGrafanaStandIn } from '../kit/grafana/index.ts'
import type { Grafana } from '../kit/grafana/index.ts'

const DASHBOARDS = 500
const VERSIONS = 20

let scratch: string
let world: World<HttpBackendHost>
let grafana: Grafana
let asTheImageRunsIt: Parameters<typeof world.startOperator>[0]
let counted: { readonly url: string; count: number; bytes: number; stop(): void }

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-figures-'))
  world = await startWorld('embedded')
  await world.operator.stop()
  asTheImageRunsIt = {
    script: await bundle('gitsync-operator', scratch),
    nodeOptions: ['--max-semi-space-size=2', '--optimize-for-size'],
    env: { MALLOC_ARENA_MAX: '2' },
  }
  world.operator = await world.startOperator(asTheImageRunsIt)
  grafana = await startGrafanaStandIn()
  counted = await counting(grafana.url)
})
afterAll(async () => {
  await world?.stop()
  counted?.stop()
  await grafana?.stop()
  await rm(scratch, { recursive: true, force: true })
})

/** Counts what passes to a server. */
async function counting(target: string): Promise<typeof counted> {
  const { port } = new URL(target)
  const server = createServer((incoming, outgoing) => {
    counts.count++
    const { method, url, headers } = incoming
    const passed = forward({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.on('data', (chunk: Buffer) => (counts.bytes += chunk.length)).pipe(outgoing)
    })
    incoming.pipe(passed)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = (): void => {
    server.close()
    server.closeAllConnections()
  }
  const counts = { url, count: 0, bytes: 0, stop }
  return counts
}

/** Most memory that the operator has had resident, in MB. Source: proc_pid_status(5). */
function peakRss(): number {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${world.operator.pid}/status`, 'utf8'))
  return Math.round(Number(peak?.[1] ?? 0) / 1024)
}

test('the full history of 500 dashboards is in Git', async () => {
  const panel = (uid: string, id: number, version: number): object => ({
    id,
    type: 'timeseries',
    title: `Panel ${id}`,
    // Two that are alike would be copies to git.
    description: createHash('sha512').update(`${uid} ${id}`).digest('hex'),
    gridPos: { h: 8, w: 12, x: 0, y: id * 8 },
    targets: [{ refId: 'A', expr: `sum(rate(requests_total{version="${version}"}[5m])) by (job)` }],
  })
  for (let index = 0; index < DASHBOARDS; index++) {
    const uid = `d-${index}`
    for (let version = 0; version < VERSIONS; version++) {
      const panels = Array.from({ length: 10 }, (_, id) => panel(uid, id, id === version % 10 ? version : 0))
      // Renamed half way.
      const title = `Dashboard ${index}${version < VERSIONS / 2 ? '' : ' renamed'}`
      await save(grafana, uid, { title, version, message: `d-${index} v${version + 1}`, fields: { panels } })
    }
  }
  const { token } = await grafana.serviceAccount('gitsync', 'Editor')
  const tenant = await world.tenant('figures')
  await createGrafanaSecret(world.api, tenant.namespace, token)
  await tenant.sync({ path: 'grafana' })
  await tenant.ready()
  const pushes = (): number =>
    world.host.remote.requests.filter(({ path }) => path.endsWith('/git-receive-pack')).length
  const gitBefore = world.host.remote.requests.length
  const pushesBefore = pushes()
  const cpuBefore = await world.operator.metric('process_cpu_seconds_total')
  const started = performance.now()
  for (let index = 0; index < DASHBOARDS; index++) {
    const uid = `d-${index}`
    const source = { url: counted.url, uid, history: 'Full' }
    await world.api.create(grafanaDashboard(tenant.namespace, uid, source))
  }
  await waitFor(
    'everything is in Git',
    async () => Number(await tenant.repository.git('rev-list', '--count', 'main')) >= DASHBOARDS * VERSIONS,
    { timeout: 600_000 },
  )
  const seconds = (performance.now() - started) / 1000
  const figures = {
    seconds: Math.round(seconds),
    cpuSeconds: Math.round((await world.operator.metric('process_cpu_seconds_total')) - cpuBefore),
    pushes: pushes() - pushesBefore,
    gitRequests: world.host.remote.requests.length - gitBefore,
    grafanaRequests: counted.count,
    grafanaMB: Math.round(counted.bytes / 1e6),
    peakRssMB: peakRss(),
  }
  console.log(figures)
  expect(await tenant.repository.git('rev-list', '--count', 'main')).toBe(String(DASHBOARDS * VERSIONS))
  // The newest, the list, and each version.
  expect(figures.grafanaRequests).toBe(DASHBOARDS * (VERSIONS + 2))
  expect(figures.peakRssMB).toBeLessThan(200)
  await waitFor(
    'all are Ready',
    async () => {
      const all = await world.api.list({ ...DASHBOARD, namespace: tenant.namespace })
      return all.every((object) => conditionOf(object, 'Ready')?.status === 'True')
    },
    { timeout: 120_000 },
  )
  const before = { grafana: counted.count, git: world.host.remote.requests.length }
  await tenant.look()
  await waitFor('every Grafana was asked', () => counted.count - before.grafana >= DASHBOARDS, { timeout: 60_000 })
  expect(counted.count - before.grafana).toBe(DASHBOARDS)
  expect(world.host.remote.requests.length - before.git).toBe(1)
  for (const index of [0, DASHBOARDS - 1]) {
    const path = `grafana/dashboards/dashboard-${index}-renamed.json`
    const log = await tenant.repository.git('log', '--follow', '-M90%', '--format=%s', 'main', '--', path)
    expect(log.split('\n')).toEqual(Array.from({ length: VERSIONS }, (_, i) => `d-${index} v${VERSIONS - i}`))
  }
})

test('and by one Dashboard that follows them all', async () => {
  const { token } = await grafana.serviceAccount('one', 'Editor')
  // Who follows them one by one asks no more.
  await world.api.delete(syncRef('figures'))
  await world.operator.stop()
  world.operator = await world.startOperator(asTheImageRunsIt)
  const tenant = await world.tenant('one')
  await createGrafanaSecret(world.api, tenant.namespace, token)
  await tenant.sync({ path: 'grafana' })
  await tenant.ready()
  const before = counted.count
  const started = performance.now()
  const source = { url: counted.url, all: true, history: 'Full' }
  await world.api.create(grafanaDashboard(tenant.namespace, 'all', source))
  await dashboardReady(world.api, dashboardRef(tenant.namespace, 'all'), { files: DASHBOARDS }, { timeout: 600_000 })
  const figures = {
    seconds: Math.round((performance.now() - started) / 1000),
    grafanaRequests: counted.count - before,
    peakRssMB: peakRss(),
  }
  expect(await tenant.repository.git('rev-list', '--count', 'main')).toBe(String(DASHBOARDS * VERSIONS))
  const beforeLook = counted.count
  await tenant.request()
  await waitFor('every one was asked for', () => counted.count - beforeLook >= DASHBOARDS + 2, { timeout: 60_000 })
  const look = counted.count - beforeLook
  // The list, and whether there are folders; then the newest version of each.
  expect(look).toBe(DASHBOARDS + 2)
  await world.operator.stop()
  const beforeRestart = counted.count
  world.operator = await world.startOperator(asTheImageRunsIt)
  await waitFor('all are asked for after a restart', () => counted.count - beforeRestart >= DASHBOARDS * 2 + 2, {
    timeout: 120_000,
  })
  const restart = counted.count - beforeRestart
  console.log({ ...figures, look, restart })
  // Besides the newest of each the list of its versions; the first of all are asked for twice.
  expect(figures.grafanaRequests).toBeLessThan(DASHBOARDS * (VERSIONS + 2) + 20)
  expect(restart).toBeLessThan(DASHBOARDS * 2 + 20)
  expect(figures.peakRssMB).toBeLessThan(200)
})
