/**
 * A real Prometheus with the chart's own rules, which run a hundred times faster here, beside an operator in whose world
 * one thing after the other breaks: each alert fires, and stops when what it tells of is over.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPrometheus, promtool } from '../kit/prometheus/index.ts'
import type { Alert, Prometheus } from '../kit/prometheus/index.ts'
import { startRemote } from '../kit/remote/index.ts'
import type { FaultHandle, Remote } from '../kit/remote/index.ts'
import { configMap, configMapRef, syncRef } from '../e2e/harness/gitsync.ts'
import type { HttpBackendHost } from '../e2e/harness/git-host.ts'
import { grant } from '../e2e/harness/tenant.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { startWorld } from '../e2e/harness/world.ts'
import type { World } from '../e2e/harness/world.ts'
import { annotationQueries, dashboardQueries } from './dashboard.ts'
import { fasterRules, readRules } from './rules.ts'

const FACTOR = 100
/** Files of the GitSync whose deletions are refused. */
const MANY = 12

let world: World<HttpBackendHost>
let downHost: Remote
let limitingHost: Remote
let prometheus: Prometheus
/** Alerts that have fired in this run. */
const fired = new Set<string>()

beforeAll(async () => {
  ;[world, downHost, limitingHost] = await Promise.all([startWorld('embedded'), startRemote(), startRemote()])
  prometheus = await startPrometheus({
    rules: fasterRules(FACTOR),
    targets: [new URL(world.operator.url).host],
  })
})
afterAll(async () => {
  await prometheus?.stop()
  await Promise.all([world?.stop(), downHost?.stop(), limitingHost?.stop()])
})

interface Expected {
  readonly alert: string
  readonly labels: Readonly<Record<string, string>>
}

const is = ({ alert, labels }: Expected, found: Alert): boolean =>
  found.labels['alertname'] === alert && Object.entries(labels).every(([name, value]) => found.labels[name] === value)

const show = (alerts: readonly Alert[]): string =>
  alerts.map(({ labels, state }) => `${state} ${JSON.stringify(labels)}`).join('\n')

async function fires(...expected: readonly Expected[]): Promise<readonly Alert[]> {
  return await waitFor(
    `${expected.map(({ alert }) => alert).join(', ')} fire`,
    async () => {
      const alerts = await prometheus.alerts()
      const firing = alerts.filter(({ state }) => state === 'firing')
      for (const { labels } of firing) fired.add(labels['alertname'] ?? '')
      const missing = expected.filter((one) => !firing.some((alert) => is(one, alert)))
      if (missing.length > 0) throw new Error(`missing ${JSON.stringify(missing)} of\n${show(alerts)}`)
      return firing
    },
    { timeout: 60_000 },
  )
}

async function stops(...expected: readonly Expected[]): Promise<void> {
  await waitFor(
    `${expected.map(({ alert }) => alert).join(', ')} stop`,
    async () => {
      const alerts = await prometheus.alerts()
      const left = alerts.filter((alert) => expected.some((one) => is(one, alert)))
      if (left.length > 0) throw new Error(show(left))
      return true
    },
    { timeout: 60_000 },
  )
}

/** Does something again and again until it is called off. */
function repeat(ms: number, work: () => Promise<unknown> | void): () => void {
  const timer = setInterval(() => {
    void Promise.resolve(work()).catch(() => undefined)
  }, ms)
  return () => clearInterval(timer)
}

const of = (alert: string, name: string, more: Readonly<Record<string, string>> = {}): Expected => ({
  alert,
  labels: { namespace: name, name: 'sync', ...more },
})

test('while all is well nothing fires', async () => {
  const tenant = await world.tenant('well')
  await tenant.sync()
  await world.api.create(configMap('well', 'settings'))
  await tenant.ready()
  await waitFor('the GitSync is scraped', async () => {
    const [sample] = await prometheus.query('gitsync_condition{namespace="well",type="Ready",status="True"}')
    return sample?.value === 1
  })
  // Until it was scraped for the first time nobody led.
  await stops({ alert: 'GitSyncNoLeader', labels: {} })
  expect(show(await prometheus.alerts())).toBe('')
  // Somebody is faster once: that is no reason for an alarm.
  world.host.remote.faults.beforeReceivePack(async () => {
    await tenant.repository.commitFiles({ 'README.md': 'somebody was faster\n' })
  })
  await world.api.patch(configMapRef('well', 'settings'), { data: { key: 'changed' } })
  await waitFor('the race is counted', async () => (await world.operator.metric('gitsync_push_conflicts_total')) === 1)
  await tenant.ready()
})

test('each fault of a Git host, a folder or a permission fires its own alert, with a name to it, until it is over', async () => {
  const { api, operator } = world
  const hosted = async (name: string, remote: Remote) => {
    const repository = await remote.createRepository(`${name}.git`)
    const tenant = await world.tenant(name)
    await api.create(configMap(name, 'settings'))
    await tenant.sync({ url: repository.url, secret: null })
    await tenant.ready()
    return tenant
  }
  const [down, limited] = await Promise.all([hosted('down', downHost), hosted('limited', limitingHost)])
  const [mass, unproven, drifting, rewritten, forbidden] = await Promise.all([
    world.tenant('mass'),
    world.tenant('unproven'),
    world.tenant('drifting'),
    world.tenant('rewritten'),
    world.tenant('forbidden', { rules: [] }),
  ])
  for (let index = 0; index < MANY; index++) await api.create(configMap('mass', `item-${index}`))
  for (const { namespace } of [unproven, drifting, rewritten]) {
    await api.create(configMap(namespace, 'settings'))
    await api.create(configMap(namespace, 'other'))
  }
  await forbidden.sync()
  await Promise.all([mass, unproven, drifting, rewritten].map((tenant) => tenant.sync()))
  await Promise.all([mass, unproven, drifting, rewritten].map((tenant) => tenant.ready()))

  const faults: FaultHandle[] = [
    downHost.faults.status(503, { times: Number.POSITIVE_INFINITY }),
    limitingHost.faults.status(429, { times: Number.POSITIVE_INFINITY, retryAfter: 1 }),
  ]
  for (const { namespace } of [down, limited]) {
    await api.patch(configMapRef(namespace, 'settings'), { data: { key: 'changed' } })
  }
  const first = (await rewritten.repository.git('rev-list', 'main')).split('\n').at(-1) ?? ''
  await api.patch(configMapRef('rewritten', 'settings'), { data: { key: 'changed' } })
  await rewritten.ready()
  await waitFor('there is a second commit', async () => (await rewritten.repository.git('rev-parse', 'main')) !== first)
  await rewritten.repository.git('update-ref', 'refs/heads/main', first)
  await rewritten.request()
  await drifting.repository.commitFiles({ 'drifting/sync/drifting/configmap/settings.yaml': 'mine: now\n' })
  await drifting.request()
  const mayGet = world.embedded?.faults.forbid(
    ({ verb, resource, namespace }) => verb === 'get' && resource === 'configmaps' && namespace === 'unproven',
  )
  await api.delete(configMapRef('unproven', 'settings'))
  for (let index = 0; index < MANY; index++) await api.delete(configMapRef('mass', `item-${index}`))

  const host = { alert: 'GitSyncHostDown', labels: { host: new URL(downHost.url).host } }
  const lasting = [
    host,
    of('GitSyncPendingTooLong', 'down'),
    of('GitSyncNotReady', 'down', { reason: 'Unreachable' }),
    of('GitSyncRateLimited', 'limited'),
    of('GitSyncDeletionRefused', 'mass', { cause: 'guard' }),
    of('GitSyncDeletionRefused', 'unproven', { cause: 'proof' }),
    of('GitSyncNotReady', 'forbidden', { reason: 'Forbidden' }),
  ]
  const passing = [of('GitSyncDrift', 'drifting'), of('GitSyncHistoryRewritten', 'rewritten')]
  await Promise.all([fires(...passing), fires(...lasting)])

  const firing = await prometheus.alerts()
  for (const { annotations, labels } of firing) {
    expect(annotations['summary'], show(firing)).not.toMatch(/<no value>|\{\{/)
    expect(annotations['description'], show(firing)).not.toMatch(/<no value>|\{\{/)
    if (labels['name'] === 'sync') expect(annotations['summary']).toContain(`${labels['namespace']}/sync`)
  }
  // Who is well is not blamed.
  expect(firing.filter(({ labels }) => labels['namespace'] === 'well').map(({ labels }) => labels)).toEqual([])

  for (const fault of faults) fault.remove()
  mayGet?.()
  await grant(api, 'forbidden', [{ apiGroups: [''], resources: ['configmaps'] }], 'granted')
  const { message } = (await api.get(syncRef('mass')))['status'].conditions.find(({ type }: any) => type === 'Ready')
  const [, token = ''] = /confirm-deletion=(\w+)/.exec(String(message)) ?? []
  await api.patch(syncRef('mass'), { metadata: { annotations: { 'gitsync.dev/confirm-deletion': token } } })
  const [, missing = ''] = /accept-history=(\w+)/.exec((await rewritten.reason('HistoryRewritten')).message) ?? []
  await api.patch(syncRef('rewritten'), { metadata: { annotations: { 'gitsync.dev/accept-history': missing } } })
  await Promise.all([down, limited, unproven, forbidden].map((tenant) => tenant.request()))
  await stops(...lasting, ...passing)
  expect(operator.log()).toContain('the history of the branch was rewritten')
})

test("faults of the API server fire the operator's own alerts until they are over", async () => {
  const faults = world.embedded?.faults
  if (faults === undefined) throw new Error('this needs the embedded API server')
  const failing = { alert: 'GitSyncReconcileErrors', labels: { controller: 'gitsync' } }
  const stuck = { alert: 'GitSyncQueueStuck', labels: { name: 'gitsync' } }
  const watches = { alert: 'GitSyncWatchFailures', labels: { reason: 'Gone' } }
  const noLeader = { alert: 'GitSyncNoLeader', labels: { name: 'gitsync-operator' } }

  const tenants = ['erring', 'waiting'] as const
  for (const name of tenants) {
    const tenant = await world.tenant(name)
    await tenant.sync()
    await tenant.ready()
  }
  faults.throttle(Number.POSITIVE_INFINITY, {
    retryAfter: 20,
    match: ({ resource, namespace, verb }) => resource === 'secrets' && namespace === 'waiting' && verb === 'get',
  })
  // Refused rather than failed: a failure would be tried again several times before it is an error.
  faults.forbid(({ resource, namespace, verb }) => resource === 'secrets' && namespace === 'erring' && verb === 'get')
  const forgetHistory = (): void => {
    faults.expireHistory()
    faults.dropWatches()
  }
  let count = 0
  const ask = (name: string) =>
    world.api.patch(syncRef(name), { metadata: { annotations: { 'gitsync.dev/requested-at': `ask-${count++}` } } })
  await ask('waiting')
  const quiet = repeat(200, () => ask('erring'))
  await fires(failing, stuck)
  quiet()
  faults.clear()

  // Slowly enough that each watch sees something in between, or it would wait longer and longer.
  const remember = repeat(2_000, forgetHistory)
  await fires(watches)
  remember()
  await stops(failing, stuck, watches)

  const mayRenew = faults.forbid(({ resource }) => resource === 'leases')
  await fires(noLeader)
  mayRenew()
  await stops(noLeader)
})

test('every query of the dashboard has an answer from this run', async () => {
  const tenant = await world.tenant('suspended')
  await tenant.sync({ spec: { suspend: true } })
  await waitFor('one that is not Ready is scraped', async () => {
    return (await prometheus.query('gitsync_condition{reason="Suspended",type="Ready"}')).length === 1
  })
  const empty: string[] = []
  for (const { panel, query } of dashboardQueries()) {
    const samples = await prometheus.query(query)
    if (!samples.some(({ value }) => Number.isFinite(value))) empty.push(`${panel}: ${query}`)
  }
  expect(empty).toEqual([])
  for (const query of annotationQueries()) await prometheus.query(query)
})

test('promtool finds nothing wrong with what is served', async () => {
  const text = await (await fetch(`${world.operator.url}/metrics`)).text()
  expect(await promtool(['check', 'metrics'], text)).toBe('')
})

test('a GitSync that is deleted leaves no series', async () => {
  await world.api.delete(syncRef('well'))
  await waitFor('its series are gone', async () => {
    const text = await (await fetch(`${world.operator.url}/metrics`)).text()
    return !text.includes('namespace="well"')
  })
})

test('each alert but the one of memory has fired', () => {
  const all = readRules().map(({ alert }) => alert)
  expect(all.filter((alert) => !fired.has(alert))).toEqual(['GitSyncMemoryNearLimit'])
})
