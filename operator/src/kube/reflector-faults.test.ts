import { rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startApiServer, type EmbeddedApiServer } from '../../../test/kit/apiserver/index.ts'
import { createKubeClient, type KubeClient } from './client.ts'
import { loadConnection } from './connection.ts'
import {
  createReflector,
  type ReconnectReason,
  type Reflector,
  type ReflectorOptions,
  type Subscription,
} from './reflector.ts'
import { until } from './testing/api.ts'
import { CONFIG_MAPS } from './testing/config-maps.ts'

let server: EmbeddedApiServer
let client: KubeClient
let dir: string
let open: Subscription[]
let reasons: ReconnectReason[]
let view: Map<string, string>
let log: string[]

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kube-'))
  server = await startApiServer({ bookmarkInterval: 10 })
  const path = join(dir, 'config')
  await server.writeKubeconfig(path)
  client = createKubeClient(await loadConnection({ kubeconfig: path, env: {} }), { maxRetries: 0 })
  ;[open, reasons, view, log] = [[], [], new Map(), []]
})
afterEach(async () => {
  for (const subscription of open) subscription.close()
  await client.close()
  server.faults.clear()
  await server.stop()
  await rm(dir, { recursive: true })
})

async function put(name: string, value: string): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { value } }
  await client
    .mergePatch(CONFIG_MAPS, 'default', name, object)
    .catch(() => client.create(CONFIG_MAPS, 'default', object))
}

function reflect(options: ReflectorOptions = {}): Reflector {
  const backoff = { baseMs: 1, maxMs: 5 }
  const onReconnect = (reason: ReconnectReason) => reasons.push(reason)
  const reflector = createReflector(client, CONFIG_MAPS, 'default', { backoff, onReconnect, pageSize: 2, ...options })
  const subscription = reflector.subscribe({
    onObject(object) {
      if (object.metadata.name === 'kube-root-ca.crt') return
      const value = String((object['data'] as any)?.value)
      view.set(object.metadata.name, value)
      log.push(`${object.metadata.name}=${value}`)
    },
    onDelete(object) {
      view.delete(object.metadata.name)
      log.push(`delete ${object.metadata.name}`)
    },
    onSynced({ vanished }) {
      for (const key of vanished) view.delete(key.slice('default/'.length))
      log.push('synced')
    },
  })
  open.push(subscription)
  return reflector
}

const watching = (reflector: Reflector) => until(() => reflector.state.phase === 'Watching', 'watching')
const seen = (name: string, value: string) => until(() => view.get(name) === value, `${name}=${value}`)

test('dropped watches resume without a list', async () => {
  await watching(reflect())
  for (let n = 0; n < 5; n++) {
    await until(() => server.openWatches > 0)
    server.faults.dropWatches()
    await put('x', `${n}`)
    await seen('x', `${n}`)
  }
  expect(log.filter((entry) => entry === 'synced')).toHaveLength(1)
})

test('stalled watches are given up; from one that stays silent the position is not believed', async () => {
  await put('x', '1')
  const reflector = reflect({ idleTimeoutMs: 50 })
  await watching(reflector)
  server.faults.stallWatches()
  await put('x', '2')
  await seen('x', '2')
  expect(reasons.slice(0, 2)).toEqual(['Timeout', 'Timeout'])
  server.faults.releaseWatches()
  await put('x', '3')
  await seen('x', '3')
})

test.each(['event', 'status'] as const)('expired history, told as %s, makes a new list', async (how) => {
  await put('x', '1')
  await put('y', '1')
  const reflector = reflect({ refusedRetryMs: 5 })
  await watching(reflector)
  const undo = server.faults.forbid(({ verb }) => verb === 'watch')
  server.faults.dropWatches()
  await until(() => reflector.state.phase === 'Forbidden')
  await put('x', '2')
  await client.delete(CONFIG_MAPS, 'default', 'y')
  server.faults.expireHistory(how)
  undo()
  await watching(reflector)
  expect([...view]).toEqual([['x', '2']])
  expect(reasons).toContain('Gone')
  expect(log).not.toContain('delete y')
})

test('throttled, failing and cut requests only delay', async () => {
  await put('x', '1')
  server.faults.throttle(1, { retryAfter: 1 })
  server.faults.fail(3, { code: 503 })
  server.faults.reset(2)
  const reflector = reflect()
  await watching(reflector)
  expect(view.get('x')).toBe('1')
  expect(new Set(reasons)).toEqual(new Set(['TooManyRequests', 'Unavailable', 'Network']))
})

test('repeated events are told once', async () => {
  server.faults.duplicateEvents(true)
  await watching(reflect())
  await put('x', '1')
  await put('x', '2')
  await client.delete(CONFIG_MAPS, 'default', 'x')
  await put('end', '1')
  await seen('end', '1')
  expect(log).toEqual(['synced', 'x=1', 'x=2', 'delete x', 'end=1'])
})

test('with streaming lists refused, slow pages are read while the cluster changes', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await put(name, '1')
  server.faults.refuseStreamingLists(true)
  let pages = 0
  server.faults.slowLists(async () => {
    if (pages++ === 1) await put('a', '2')
  })
  const streamingLists = { refused: false }
  await watching(reflect({ streamingLists }))
  await seen('a', '2')
  expect(streamingLists.refused).toBe(true)
  expect(pages).toBe(3)
  expect([...view.keys()].sort((a, b) => a.localeCompare(b))).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('a lost permission changes nothing that was told, and is made up for when it returns', async () => {
  await put('x', '1')
  const reflector = reflect({ refusedRetryMs: 5 })
  await watching(reflector)
  const undo = server.faults.forbid(({ verb }) => verb === 'list' || verb === 'watch')
  server.faults.dropWatches()
  await until(() => reflector.state.phase === 'Forbidden')
  expect(view.get('x')).toBe('1')
  await client.delete(CONFIG_MAPS, 'default', 'x')
  undo()
  await until(() => !view.has('x'))
  expect(log.at(-1)).toBe('delete x')
})
