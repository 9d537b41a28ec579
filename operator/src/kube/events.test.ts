import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKubeClient, type KubeClient } from './client.ts'
import { createEventRecorder, cutBytes, type KubeEvent } from './events.ts'
import { send, startApi, statusBody, type ApiCall, type ScriptedApi } from './testing/api.ts'
import { manualClock, type ManualClock } from './testing/manual-clock.ts'

let api: ScriptedApi
let client: KubeClient
let clock: ManualClock
let answer: (call: ApiCall, response: ServerResponse) => void
const warnings: object[] = []

beforeEach(async () => {
  warnings.length = 0
  clock = manualClock(Date.parse('2030-01-01T00:00:00Z'))
  answer = (_call, response) => send(response, 200, { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' } })
  api = await startApi((call, response) => answer(call, response))
  client = createKubeClient(api.connection, { maxRetries: 0 })
})
afterEach(async () => {
  await client.close()
  await api.close()
})

const recorder = (options: object = {}) =>
  createEventRecorder(client, {
    instance: 'pod-1',
    clock,
    logger: { warn: (fields) => warnings.push(fields) },
    ...options,
  })

const pushed: KubeEvent = {
  regarding: { apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitSync', namespace: 'shop', name: 'web', uid: 'u' },
  type: 'Normal',
  reason: 'Pushed',
  action: 'Push',
  note: 'pushed 3 files',
}

test('a first event is created, repeats within the window become its series', async () => {
  const events = recorder()
  events.emit(pushed)
  await events.flush()
  clock.advance(600_000)
  events.emit(pushed)
  await events.flush()
  clock.advance(600_001)
  events.emit(pushed)
  await events.flush()
  expect(api.calls.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST'])
  expect(api.calls[0]?.path).toBe('/apis/events.k8s.io/v1/namespaces/shop/events')
  expect(api.calls[0]?.body).toMatchObject({
    metadata: { name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) },
    eventTime: '2030-01-01T00:00:00.000000Z',
    reportingController: 'gitsync.dev/operator',
    reportingInstance: 'pod-1',
    regarding: pushed.regarding,
    note: 'pushed 3 files',
  })
  expect(api.calls[1]?.path).toContain(api.calls[0]?.body.metadata.name)
  expect(api.calls[1]?.body).toEqual({ series: { count: 2, lastObservedTime: '2030-01-01T00:10:00.000000Z' } })
})

test('one object writes no more than its share; what was held back is counted later, and others are not concerned', async () => {
  const events = recorder({ burst: 2, refillMs: 1000 })
  for (let n = 0; n < 5; n++) {
    events.emit(pushed)
    await Promise.resolve()
  }
  events.emit({ ...pushed, note: 'another' })
  events.emit({ ...pushed, regarding: { ...pushed.regarding, name: 'other', namespace: undefined } })
  clock.advance(1000)
  events.emit(pushed)
  await events.flush()
  const counts = api.calls
    .filter(({ path }) => path.includes('/shop/'))
    .map(({ method, body }) => [method, body.series?.count])
  expect(counts.at(-1)).toBeDefined()
  expect(Math.max(...counts.map(([, count]) => count ?? 1))).toBe(6)
  expect(counts.length).toBeLessThanOrEqual(4)
  expect(api.calls.some(({ path }) => path.includes('/default/'))).toBe(true)
})

test('an event that expired is created again; a failure is logged and not thrown', async () => {
  const events = recorder()
  events.emit(pushed)
  await events.flush()
  const works = answer
  answer = (call, response) =>
    call.method === 'PATCH'
      ? send(response, 404, statusBody(404, 'NotFound', 'gone', { name: 'e' }))
      : works(call, response)
  events.emit(pushed)
  await events.flush()
  expect(api.calls.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST'])
  expect(api.calls[2]?.body.series.count).toBe(2)
  expect(warnings).toEqual([])
  answer = (_call, response) => send(response, 500, statusBody(500, 'InternalError'))
  events.emit({ ...pushed, note: 'another' })
  await events.flush()
  expect(warnings[0]).toMatchObject({ gitsync: { name: 'web' }, error: expect.any(String), reason: 'Pushed' })
})

test('notes are cut at 1 kB between characters', async () => {
  const events = recorder()
  events.emit({ ...pushed, note: `x${'é'.repeat(600)}` })
  await events.flush()
  expect(api.calls[0]?.body.note).toBe(`x${'é'.repeat(511)}`)
  expect(cutBytes('日本', 4)).toBe('日')
  expect(cutBytes('日本', 6)).toBe('日本')
})
