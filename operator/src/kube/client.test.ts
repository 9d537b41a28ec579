import type { ServerResponse } from 'node:http'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createKubeClient } from './client.ts'
import type { RequestReport, RequesterOptions } from './requester.ts'
import type { Clock } from '../time/clock.ts'
import type { KubeConnection } from './connection.ts'
import { splitLines } from './lines.ts'
import { resourcePath } from './resource.ts'
import { send, startApi, statusBody, until, type ApiCall, type ScriptedApi } from './testing/api.ts'
import { CONFIG_MAPS } from './testing/config-maps.ts'

let api: ScriptedApi
let answer: (call: ApiCall, response: ServerResponse) => void
const close: (() => Promise<void>)[] = []
const waits: number[] = []
/** Retries at once and notes how long it would have waited; time limits stay real. */
const hasty: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    if (ms < 20_000) waits.push(ms)
    const timer = setTimeout(run, ms < 20_000 ? 0 : ms)
    return () => clearTimeout(timer)
  },
}

beforeEach(async () => {
  waits.length = 0
  api = await startApi((call, response) => answer(call, response))
})
afterEach(async () => {
  for (const each of close.splice(0)) await each()
  await api.close()
})

function connect(options: RequesterOptions = {}, connection: Partial<KubeConnection> = {}) {
  const client = createKubeClient({ ...api.connection, ...connection }, { clock: hasty, random: () => 0, ...options })
  close.push(() => client.close())
  return client
}

const get = { method: 'GET', path: '/api/v1/x' } as const
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'a', resourceVersion: '7' } }

describe('errors', () => {
  test.each([
    [404, statusBody(404, 'NotFound', 'configmaps "x" not found', { name: 'x', kind: 'configmaps' }), 'NotFound'],
    [404, statusBody(404, 'NotFound', 'the server could not find the requested resource', {}), 'NotServed'],
    [404, '404 page not found', 'NotServed'],
    [409, statusBody(409, 'AlreadyExists'), 'AlreadyExists'],
    [409, statusBody(409, 'Conflict'), 'Conflict'],
    [409, 'text', 'Conflict'],
    [410, statusBody(410, 'Expired'), 'Gone'],
    [422, statusBody(422, 'Invalid'), 'Invalid'],
    [401, 'no', 'Unauthorized'],
    [403, 'no', 'Forbidden'],
    [400, 'no', 'BadRequest'],
    [301, '', 'Malformed'],
    [500, 'no', 'Unavailable'],
    [504, 'no', 'Timeout'],
  ])('%i %o is %s', async (status, body, code) => {
    answer = (_call, response) => send(response, status, body)
    await expect(connect({ maxRetries: 0 }).request(get)).rejects.toMatchObject({ name: 'KubeError', code, status })
  })

  test('what is not JSON, too large, or cut off', async () => {
    const client = connect({ maxRetries: 0, maxResponseBytes: 100 })
    answer = (_call, response) => send(response, 200, '{"a":')
    await expect(client.request(get)).rejects.toMatchObject({ code: 'Malformed' })
    answer = (_call, response) => send(response, 200, 'x'.repeat(101))
    await expect(client.request(get)).rejects.toMatchObject({ code: 'TooLarge' })
    answer = (_call, response) => response.socket?.destroy()
    await expect(client.request(get)).rejects.toMatchObject({ code: 'Network' })
    answer = (_call, response) => send(response, 200, { kind: 'X' })
    await expect(client.get(CONFIG_MAPS, 'a', 'x')).rejects.toMatchObject({ code: 'Malformed' })
  })

  test('a slow answer and a caller who gives up differ', async () => {
    answer = () => undefined
    const client = connect({ maxRetries: 0, clock: { ...hasty, after: (ms, run) => hasty.after(ms + 20_000, run) } })
    const caller = new AbortController()
    const given = client.request({ ...get, signal: caller.signal })
    caller.abort()
    await expect(given).rejects.toMatchObject({ code: 'Aborted' })
    await expect(connect({ maxRetries: 0 }).request({ ...get, timeoutMs: 5 })).rejects.toMatchObject({
      code: 'Timeout',
    })
  })

  test('no credential shows in an error', async () => {
    answer = (_call, response) => response.socket?.destroy()
    const credentials = { get: async () => ({ headers: { authorization: 'Bearer s3cret' } }), invalidate: () => false }
    const error = await connect({ maxRetries: 0 }, { credentials })
      .request(get)
      .catch((e: unknown) => e)
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).cause)).not.toContain(
      's3cret',
    )
  })
})

describe('retries', () => {
  test('a GET is repeated while the server is away, within bounds, and each attempt is reported', async () => {
    const reports: RequestReport[] = []
    answer = (_call, response) => send(response, 503, 'later')
    const client = connect({ maxRetries: 3, onRequest: (report) => reports.push(report) })
    await expect(client.request(get)).rejects.toMatchObject({ code: 'Unavailable' })
    expect(api.calls).toHaveLength(4)
    expect(waits).toEqual([100, 200, 400])
    expect(reports).toHaveLength(4)
    expect(reports[0]).toMatchObject({ method: 'GET', status: 503, host: api.connection.server.host })
  })

  test('Retry-After is waited for, and left to the caller when too long', async () => {
    answer = (_call, response) =>
      api.calls.length === 1 ? send(response, 429, '', { 'retry-after': '3' }) : send(response, 200, { ok: true })
    expect(await connect().request({ ...get, method: 'POST' })).toEqual({ ok: true })
    expect(waits).toEqual([3100])
    answer = (_call, response) => send(response, 429, '', { 'retry-after': '600' })
    await expect(connect().request(get)).rejects.toMatchObject({ code: 'TooManyRequests', retryAfterMs: 600_000 })
  })

  test.each([
    ['in seconds', '', '999999999'],
    ['as a date', '', 'Fri, 31 Dec 9999 23:59:59 GMT'],
    ['in the body', statusBody(429, 'TooManyRequests', 'busy', { retryAfterSeconds: 1e9 }), undefined],
  ])('a server cannot ask for more than an hour: %s', async (_where, body, header) => {
    answer = (_call, response) => send(response, 429, body, header === undefined ? {} : { 'retry-after': header })
    await expect(connect().request(get)).rejects.toMatchObject({ code: 'TooManyRequests', retryAfterMs: 3_600_000 })
  })

  test('a write is not repeated when it may have happened', async () => {
    answer = (_call, response) => send(response, 500, '')
    await expect(connect().create(CONFIG_MAPS, 'a', configMap)).rejects.toMatchObject({ code: 'Unavailable' })
    expect(api.calls).toHaveLength(1)
  })

  test('a refused credential is fetched anew, once', async () => {
    let token = 1
    const credentials = {
      get: async () => ({ headers: { authorization: `Bearer ${token}` } }),
      invalidate: () => (token++, true),
    }
    answer = ({ headers }, response) => send(response, headers.authorization === 'Bearer 2' ? 200 : 401, {})
    const client = connect({}, { credentials })
    await client.request(get)
    token = 3
    await expect(client.request(get)).rejects.toMatchObject({ code: 'Unauthorized' })
    expect(api.calls).toHaveLength(4)
  })
})

describe('objects', () => {
  test('methods, paths, bodies and content types', async () => {
    answer = (_call, response) => send(response, 200, configMap)
    const client = connect()
    await client.create(CONFIG_MAPS, 'a', configMap)
    await client.replace(CONFIG_MAPS, 'a', 'x', configMap)
    await client.mergePatch(CONFIG_MAPS, 'a', 'x', { data: null }, { subresource: 'status' })
    await client.delete(CONFIG_MAPS, 'a', 'x', { preconditions: { uid: 'u' } })
    expect(api.calls.map(({ method, path, headers, query }) => [method, path, headers['content-type'], query])).toEqual(
      [
        ['POST', '/api/v1/namespaces/a/configmaps', 'application/json', { fieldManager: 'gitsync-operator' }],
        ['PUT', '/api/v1/namespaces/a/configmaps/x', 'application/json', { fieldManager: 'gitsync-operator' }],
        [
          'PATCH',
          '/api/v1/namespaces/a/configmaps/x/status',
          'application/merge-patch+json',
          { fieldManager: 'gitsync-operator' },
        ],
        ['DELETE', '/api/v1/namespaces/a/configmaps/x', 'application/json', {}],
      ],
    )
    expect(api.calls[3]?.body).toMatchObject({ preconditions: { uid: 'u' } })
  })

  test('numbers come back as they came', async () => {
    let sent = ''
    answer = (_call, response) => {
      response.req.on('data', (chunk) => (sent += chunk))
      send(response, 200, '{"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"n":[12345678901234567890,1.0]}')
    }
    const got = await connect().get(CONFIG_MAPS, 'a', 'x')
    expect(JSON.stringify(got)).toContain('[12345678901234567890,1.0]')
  })

  test('paths', () => {
    const roles = {
      ...CONFIG_MAPS,
      group: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      plural: 'clusterroles',
      namespaced: false,
    }
    expect(resourcePath(roles, undefined, 'system:node/x')).toBe(
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode%2Fx',
    )
    expect(resourcePath(CONFIG_MAPS)).toBe('/api/v1/configmaps')
    expect(() => resourcePath(CONFIG_MAPS, undefined, 'x')).toThrow('needs a namespace')
    expect(() => resourcePath(CONFIG_MAPS, 'a', '')).toThrow('needs a name')
    expect(() => resourcePath(roles, 'a')).toThrow('has no namespace')
  })
})

describe('stream', () => {
  const read = async (lines: AsyncIterable<string>) => {
    const all: string[] = []
    for await (const line of lines) all.push(line)
    return all
  }

  test('gives lines, and leaving the loop ends the request', async () => {
    let ended = false
    answer = (_call, response) => {
      response.on('close', () => (ended = true))
      response.write('one\ntwo\nthr')
    }
    for await (const line of connect().stream('/w', { watch: true })) if (line === 'two') break
    await until(() => ended)
    expect(api.calls[0]?.query).toEqual({ watch: 'true' })
  })

  test('a line cut off at the end is not given', async () => {
    answer = (_call, response) => response.end('one\ntw')
    expect(await read(connect().stream('/w', {}))).toEqual(['one'])
  })

  test('refusal, silence and too long a line are errors', async () => {
    answer = (_call, response) => send(response, 410, statusBody(410, 'Expired'))
    await expect(read(connect().stream('/w', {}))).rejects.toMatchObject({ code: 'Gone' })
    answer = (_call, response) => void response.write('one\n')
    await expect(read(connect().stream('/w', {}, { idleTimeoutMs: 20 }))).rejects.toMatchObject({ code: 'Timeout' })
    answer = (_call, response) => void response.write('x'.repeat(200))
    await expect(read(connect({ maxResponseBytes: 100 }).stream('/w', {}))).rejects.toMatchObject({ code: 'TooLarge' })
  })

  test('lines do not depend on how the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' })), fc.array(fc.nat(50)), async (parts, cuts) => {
        const lines = parts.map((part) => part.replaceAll('\n', '').toWellFormed()).filter((part) => part !== '')
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        async function* chunks() {
          let at = 0
          for (const cut of [...cuts, bytes.length]) yield bytes.subarray(at, (at += cut))
        }
        const all: string[] = []
        for await (const line of splitLines(chunks(), 1000)) all.push(line)
        expect(all).toEqual(
          lines.map((line, n) => (n === 0 ? line.replace(/^\uFEFF/, '') : line)).filter((line) => line !== ''),
        )
      }),
    )
  })
})
