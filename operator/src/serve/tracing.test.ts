import { afterEach, expect, test, vi } from 'vitest'
import { startOtlpReceiver } from '../../../test/kit/otlp/index.ts'
import { NO_TRACER } from '../trace/tracer.ts'
import { createTracer } from './tracing.ts'

afterEach(() => vi.unstubAllEnvs())

const create = (env: Record<string, string>) => {
  // The exporter looks for its own variables in the process's environment.
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  return createTracer({ env, version: '1.2.3', instance: 'me' })
}

test.each([
  {},
  { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_EXPORTER: 'none' },
])('nothing is traced with %j', async (env) => {
  expect(await create(env as Record<string, string>)).toBe(NO_TRACER)
})

test('spans arrive with parents, links, and the resource that the environment names', async () => {
  const receiver = await startOtlpReceiver()
  const tracer = await create({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_SERVICE_NAME: 'audit',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=p%20rod,service.name=lost',
  })
  const edit = tracer.start('edit')
  edit.end()
  const push = tracer.start('push', { links: [edit.context] })
  await tracer.within(push, async () => {
    await new Promise(setImmediate)
    const request = tracer.start('git fetch', {
      parent: tracer.current(),
      isClient: true,
      startedAt: Date.now() - 250,
      attributes: { 'http.response.status_code': 503 },
    })
    request.fail('ServerError')
    request.end()
  })
  expect(tracer.current()).toBeUndefined()
  push.end()
  await tracer.stop()
  const [first, second, third] = receiver.spans
  expect([first?.name, second?.name, third?.name]).toEqual(['edit', 'git fetch', 'push'])
  expect(second).toMatchObject({
    parentSpanId: third?.spanId,
    traceId: third?.traceId,
    kind: 3,
    error: 'ServerError',
    attributes: { 'http.response.status_code': 503 },
  })
  expect(second?.duration).toBeGreaterThanOrEqual(240)
  expect(third?.links).toMatchObject([{ traceId: first?.traceId, spanId: first?.spanId }])
  expect(third?.parentSpanId).toBeUndefined()
  expect(third?.resource).toMatchObject({
    'service.name': 'audit',
    'service.version': '1.2.3',
    'service.instance.id': 'me',
    'deployment.environment': 'p rod',
  })
  await receiver.stop()
})

test('what the sampler drops is not sent', async () => {
  const receiver = await startOtlpReceiver()
  const tracer = await create({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_SAMPLER: 'always_off' })
  tracer.start('edit').end()
  await tracer.stop()
  expect(receiver.spans).toEqual([])
  await receiver.stop()
})

test.each([
  ['OTEL_TRACES_SAMPLER', 'sometimes', 'parentbased_traceidratio'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'http/json'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'a=%', 'percent-encoded'],
])('%s=%s is refused, and what is right is named', async (name, value, remedy) => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
  await expect(create({ ...endpoint, [name]: value })).rejects.toThrowError(remedy)
  await expect(create({ ...endpoint, [name]: value })).rejects.toThrowError(name)
})

test('a ratio must be one', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_SAMPLER: 'traceidratio' }
  await expect(create({ ...env, OTEL_TRACES_SAMPLER_ARG: '2' })).rejects.toThrowError('from 0 to 1')
})
