/** Traces, logs and the admin port of an operator that runs as a process of its own; and that none of it tells a secret. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedControlPlane } from '../e2e/harness/control-plane.ts'
import type { ControlPlane } from '../e2e/harness/control-plane.ts'
import { configMap, configMapRef, syncRef } from '../e2e/harness/gitsync.ts'
import { startOperator } from '../e2e/harness/operator.ts'
import type { Operator } from '../e2e/harness/operator.ts'
import { createTenant } from '../e2e/harness/tenant.ts'
import type { Tenant } from '../e2e/harness/tenant.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { startOtlpReceiver } from '../kit/otlp/index.ts'
import type { OtlpReceiver, ReceivedSpan } from '../kit/otlp/index.ts'
import { startRemote } from '../kit/remote/index.ts'
import type { Remote, TestRepository } from '../kit/remote/index.ts'

const CANARY = 'c4n4ry-c4n4ry-c4n4ry-c4n4ry'

let plane: ControlPlane
let remote: Remote
let receiver: OtlpReceiver
let operator: Operator
let tenant: Tenant<TestRepository>
let admin = ''

beforeAll(async () => {
  ;[plane, remote, receiver] = await Promise.all([
    embeddedControlPlane(),
    startRemote({ auth: { user: 'bot', password: CANARY } }),
    startOtlpReceiver(),
  ])
  operator = await startOperator({
    kubeconfig: plane.kubeconfig,
    args: ['--admin', '127.0.0.1:0'],
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '200' },
  })
  admin = `http://${/"admin":"([^"]+)"/.exec(operator.log())?.[1] ?? ''}`
  tenant = await createTenant(plane.api, 'traced', {
    repository: await remote.createRepository('traced.git'),
    host: new URL(remote.url).host,
    credentials: { username: 'bot', password: CANARY },
  })
  await plane.api.create(configMap('traced', 'settings'))
  await tenant.sync()
  await tenant.ready()
})
afterAll(async () => {
  await operator?.stop()
  await Promise.all([plane?.stop(), remote?.stop(), receiver?.stop()])
})

const spans = (name: string, more: (span: ReceivedSpan) => boolean = () => true): ReceivedSpan[] =>
  receiver.spans.filter((span) => span.name === name && more(span))

test('an edit is followed into its commit and its push, with each request to the Git host', async () => {
  await plane.api.patch(configMapRef('traced', 'settings'), { data: { key: 'edited' } })
  const edit = await waitFor(
    'the edit',
    () => spans('edit', ({ attributes }) => /settings/.test(String(attributes['gitsync.object'])))[0],
  )
  const commit = await waitFor(
    'its commit',
    () => spans('commit', ({ links }) => links.some(({ spanId }) => spanId === edit.spanId))[0],
  )
  const push = await waitFor('its push', () => spans('push', ({ spanId }) => spanId === commit.parentSpanId)[0])
  const requests = await waitFor('the requests of that push', () => {
    const found = receiver.spans.filter(({ parentSpanId, kind }) => parentSpanId === push.spanId && kind === 3)
    return found.some(({ name }) => name === 'git push') && found
  })
  expect(commit.attributes).toMatchObject({ 'gitsync.member': 'traced/sync', 'gitsync.files': 1 })
  expect(commit.attributes['gitsync.commit']).toBe(await tenant.repository.git('rev-parse', 'main'))
  expect(push.attributes).toMatchObject({
    'server.address': new URL(remote.url).host,
    'gitsync.branch': 'main',
    'gitsync.result': 'pushed',
  })
  for (const { attributes } of requests) {
    expect(attributes).toMatchObject({
      'server.address': new URL(remote.url).host,
      'http.response.status_code': 200,
      'http.response.body.size': expect.any(Number) as number,
    })
  }
  expect(spans('render', ({ parentSpanId }) => parentSpanId === edit.spanId)).toHaveLength(1)
  expect(edit.resource).toMatchObject({ 'service.name': 'gitsync-operator', 'service.instance.id': 'e2e' })
  // Each part happens within the one around it.
  expect(commit.duration).toBeLessThanOrEqual(push.duration)
})

test('a failed push says why, and nothing more', async () => {
  remote.faults.status(503, { times: 1, body: 'the backend is at lunch' })
  await plane.api.patch(configMapRef('traced', 'settings'), { data: { key: 'later' } })
  const push = await waitFor('a failed push', () => spans('push', ({ error }) => error !== undefined)[0])
  expect(push).toMatchObject({ error: 'Unreachable', attributes: { 'gitsync.result': 'failed' } })
  await tenant.request()
  await tenant.ready()
})

test('the level of the log changes while it runs', async () => {
  expect(operator.log()).not.toContain('"git request"')
  expect((await fetch(`${admin}/log-level`, { method: 'PUT', body: 'trace' })).status).toBe(200)
  await tenant.request()
  await waitFor('requests are logged', () => operator.log().includes('"git request"'))
  const line =
    operator
      .log()
      .split('\n')
      .find((text) => text.includes('"pushed"')) ?? ''
  expect(JSON.parse(line)).toMatchObject({ gitsync: { namespace: 'traced', name: 'sync' } })
})

test('a CPU profile is taken from the process', async () => {
  const response = await fetch(`${admin}/profile/cpu?seconds=1`, { method: 'POST' })
  expect(Object.keys((await response.json()) as object)).toEqual(
    expect.arrayContaining(['nodes', 'samples', 'startTime', 'endTime']),
  )
  expect((await fetch(`${admin}/profile/heap`, { method: 'POST' })).status).toBe(403)
})

test('no log line, span, metric, event or condition tells a secret, whatever the host sends back', async () => {
  const header = `Basic ${Buffer.from(`bot:${CANARY}`).toString('base64')}`
  const told = [CANARY, header.slice(6), Buffer.from(CANARY).toString('base64')]
  const body = `denied: ${header} is wrong, so is https://bot:${CANARY}@host/x.git\n`
  for (const status of [401, 403, 404, 422, 500]) {
    const fault = remote.faults.status(status, { times: 1, body })
    await tenant.request()
    await waitFor(`the host answers ${status}`, () => fault.fired === 1)
    await waitFor('that is told', async () => {
      const { status } = await plane.api.get(syncRef('traced'))
      return status.conditions.some(({ type, status }: any) => type === 'Ready' && status === 'False')
    })
    await tenant.request()
    await tenant.ready()
  }
  // Credentials that are odd and wrong.
  await plane.api.patch(
    { apiVersion: 'v1', kind: 'Secret', namespace: 'traced', name: 'git-credentials' },
    { stringData: { username: `bot\n${CANARY}`, token: `${CANARY}\u0000` } },
  )
  await tenant.request()
  await tenant.reason('AuthenticationFailed')
  const events = await plane.api.list({ apiVersion: 'events.k8s.io/v1', kind: 'Event', namespace: 'traced' })
  const metrics = await (await fetch(`${operator.url}/metrics`)).text()
  const object = await plane.api.get(syncRef('traced'))
  await operator.stop()
  expect(receiver.bodies.length).toBeGreaterThan(0)
  expect(events.length).toBeGreaterThan(0)
  const everything = { log: operator.log(), spans: receiver.bodies.join(''), metrics, events, object }
  for (const [place, text] of Object.entries(everything)) {
    for (const secret of told) expect(`${place}: ${JSON.stringify(text)}`).not.toContain(secret)
  }
})
