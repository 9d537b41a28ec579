import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startApiServer, type EmbeddedApiServer } from '../../../test/kit/apiserver/index.ts'
import { createKubeClient, type KubeClient } from './client.ts'
import { loadConnection } from './connection.ts'
import { createReflectorPool, type ReflectorPool, type ReflectorPoolOptions } from './reflector-pool.ts'
import type { ReflectorHandler, ReflectorState, Subscription } from './reflector.ts'
import { until } from './testing/api.ts'
import { CONFIG_MAPS } from './testing/config-maps.ts'

const NAMESPACES = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5']
const LABEL = 'kind-watches'

let server: EmbeddedApiServer
let client: KubeClient
let dir: string
let open: Subscription[]

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kube-'))
  server = await startApiServer({ bookmarkInterval: 10 })
  const path = join(dir, 'config')
  await server.writeKubeconfig(path)
  client = createKubeClient(await loadConnection({ kubeconfig: path, env: {} }), { maxRetries: 0 })
  open = []
  for (const name of NAMESPACES) {
    server.objects.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
  server.settle()
})
afterEach(async () => {
  for (const subscription of open) subscription.close()
  await client.close()
  server.faults.clear()
  await server.stop()
  await rm(dir, { recursive: true })
})

function pool(options: ReflectorPoolOptions = {}): ReflectorPool {
  return createReflectorPool(client, {
    backoff: { baseMs: 1, maxMs: 5 },
    refusedRetryMs: 5,
    maxNarrow: 2,
    minWide: 1,
    calmMs: 5,
    ...options,
  })
}

const watches = (of: ReflectorPool): string[] =>
  of
    .list()
    .map(({ namespace = '*' }) => namespace)
    .toSorted()

/** Believes what it is told, and notes what should not be told. */
function believe(of: ReflectorPool, namespace: string | undefined) {
  const view = new Map<string, number>()
  const faults: string[] = []
  const counts = { deleted: 0, vanished: 0, synced: 0 }
  const state: { phase?: ReflectorState['phase']; phases: string[] } = { phases: [] }
  const handler: ReflectorHandler = {
    onObject({ metadata }) {
      const { name, resourceVersion = '0' } = metadata
      if (namespace !== undefined && metadata.namespace !== namespace)
        faults.push(`foreign ${metadata.namespace}/${name}`)
      const key = `${metadata.namespace}/${name}`
      const before = view.get(key)
      if (before !== undefined && Number(resourceVersion) <= before) faults.push(`again ${key}@${resourceVersion}`)
      view.set(key, Number(resourceVersion))
    },
    onDelete({ metadata }) {
      counts.deleted++
      if (!view.delete(`${metadata.namespace}/${metadata.name}`)) faults.push(`deleted twice ${metadata.name}`)
    },
    onSynced({ vanished }) {
      counts.synced++
      for (const key of vanished) {
        counts.vanished++
        if (!view.delete(key)) faults.push(`vanished unknown ${key}`)
      }
    },
    onState({ phase }) {
      state.phase = phase
      state.phases.push(phase)
    },
  }
  const subscription = of.subscribe(CONFIG_MAPS, namespace, handler)
  open.push(subscription)
  return { namespace, view, faults, counts, state, close: () => subscription.close() }
}

function put(namespace: string, name: string): void {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name }
  const value = String(Math.random())
  if (server.objects.get(ref) === undefined) {
    const metadata = { name, namespace, labels: { [LABEL]: 'yes' } }
    server.objects.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value } })
  } else server.objects.patch(ref, { data: { value } })
}

function remove(namespace: string, name: string): void {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name }
  if (server.objects.get(ref) !== undefined) server.objects.delete(ref)
}

function stored(namespace: string | undefined): Map<string, number> {
  const all = server.objects.list({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...(namespace === undefined ? {} : { namespace }),
  })
  return new Map(
    all.map(({ metadata }) => [`${metadata.namespace}/${metadata.name}`, Number(metadata.resourceVersion)] as const),
  )
}

const isSame = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean =>
  a.size === b.size && [...a].every(([key, version]) => b.get(key) === version)

const isWide = ({ path }: { readonly path: string }): boolean => path.startsWith('/api/v1/configmaps')

test('few namespaces have a watch each, and nothing else is read', async () => {
  put('n0', 'a')
  put('n5', 'foreign')
  const of = pool()
  const seen = [believe(of, 'n0'), believe(of, 'n1'), believe(of, 'n1')]
  await until(() => seen.every(({ state }) => state.phase === 'Watching'))
  expect(watches(of)).toEqual(['n0', 'n1'])
  expect(server.requests.some(({ path }) => isWide({ path }))).toBe(false)
})

test('many namespaces share one watch; those that had one change to it and are told nothing again', async () => {
  for (const namespace of NAMESPACES) put(namespace, 'a')
  const of = pool()
  const first = [believe(of, 'n0'), believe(of, 'n1')]
  await until(() => first.every(({ state }) => state.phase === 'Watching'))
  const more = NAMESPACES.slice(2).map((namespace) => believe(of, namespace))
  await until(() => watches(of).join() === '*')
  put('n0', 'b')
  remove('n1', 'a')
  for (const seen of [...first, ...more]) {
    await until(() => isSame(seen.view, stored(seen.namespace)), seen.namespace)
    expect(seen.faults).toEqual([])
    expect(seen.counts.vanished).toBe(0)
  }
  expect(first.map(({ counts }) => [counts.synced, counts.deleted])).toEqual([
    [1, 0],
    [1, 1],
  ])
  await until(() => server.openWatches === 1)
})

test('when few are left for a while, each has its own watch again', async () => {
  for (const namespace of NAMESPACES) put(namespace, 'a')
  const of = pool()
  const all = NAMESPACES.map((namespace) => believe(of, namespace))
  await until(() => watches(of).join() === '*')
  for (const seen of all.slice(1)) seen.close()
  await until(() => watches(of).join() === 'n0')
  put('n0', 'b')
  await until(() => all[0]?.view.size === stored('n0').size)
  expect(all[0]?.faults).toEqual([])
  expect(all[0]?.counts).toMatchObject({ vanished: 0, deleted: 0, synced: 1 })
  all[0]?.close()
  await until(() => server.openWatches === 0)
  expect(of.list()).toEqual([])
})

test('where the whole cluster may not be watched the namespaces are, and nobody hears of a refusal', async () => {
  server.faults.forbid(isWide)
  for (const namespace of NAMESPACES) put(namespace, 'a')
  const of = pool()
  const all = NAMESPACES.map((namespace) => believe(of, namespace))
  await until(() => all.every(({ state }) => state.phase === 'Watching'))
  expect(watches(of)).toEqual(['*', ...NAMESPACES])
  for (const seen of all) {
    expect(isSame(seen.view, stored(seen.namespace))).toBe(true)
    expect(seen.state.phases).not.toContain('Forbidden')
  }
  server.faults.clear()
  await until(() => watches(of).join() === '*')
  put('n3', 'b')
  await until(() => all[3]?.view.size === stored('n3').size)
  expect(all.flatMap(({ faults }) => faults)).toEqual([])
  expect(all.every(({ counts }) => counts.vanished === 0 && counts.synced === 1)).toBe(true)
})

test('a permission for the cluster that is taken away leads back to the namespaces', async () => {
  for (const namespace of NAMESPACES) put(namespace, 'a')
  const of = pool()
  const all = NAMESPACES.map((namespace) => believe(of, namespace))
  await until(() => watches(of).join() === '*' && all.every(({ counts }) => counts.synced === 1))
  server.faults.forbid(isWide)
  server.faults.dropWatches()
  await until(() => watches(of).length === NAMESPACES.length + 1)
  for (const namespace of NAMESPACES) put(namespace, 'b')
  for (const seen of all) await until(() => isSame(seen.view, stored(seen.namespace)), seen.namespace)
  expect(all.flatMap(({ faults }) => faults)).toEqual([])
})

test('an operator with Roles only never asks for the cluster', async () => {
  const of = pool({ mayBeWide: false })
  const all = NAMESPACES.map((namespace) => believe(of, namespace))
  await until(() => all.every(({ state }) => state.phase === 'Watching'))
  expect(watches(of)).toEqual(NAMESPACES)
  expect(server.requests.some(({ path }) => isWide({ path }))).toBe(false)
})

test('who wants everything and who wants a namespace share a watch', async () => {
  put('n0', 'a')
  put('n1', 'a')
  const of = pool()
  const [everything, one] = [believe(of, undefined), believe(of, 'n0')]
  await until(() => everything.counts.synced === 1 && one.counts.synced === 1)
  expect(watches(of)).toEqual(['*'])
  expect([...one.view.keys()]).toEqual(expect.arrayContaining(['n0/a']))
  expect(isSame(everything.view, stored(undefined))).toBe(true)
  everything.close()
  await until(() => watches(of).join() === 'n0')
})

test('however subscribers come and go under edits and faults, each ends up with what is stored in its namespace', async () => {
  const namespace = fc.constantFrom(...NAMESPACES)
  const name = fc.constantFrom('a', 'b', 'c')
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), namespace, name }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), namespace, name }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('open' as const), namespace }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('close' as const), index: fc.nat(20) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('drop' as const, 'forbid' as const, 'allow' as const) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      server.faults.clear()
      const of = pool()
      let subscribers: ReturnType<typeof believe>[] = []
      for (const each of steps) {
        if (each.do === 'put') put(each.namespace, each.name)
        else if (each.do === 'remove') remove(each.namespace, each.name)
        else if (each.do === 'open') subscribers.push(believe(of, each.namespace))
        else if (each.do === 'wait') await new Promise((resolve) => setTimeout(resolve, each.ms))
        else if (each.do === 'drop') server.faults.dropWatches()
        else if (each.do === 'forbid') server.faults.forbid(isWide)
        else if (each.do === 'allow') server.faults.clear()
        else if (each.do === 'close') {
          const gone = subscribers[each.index % Math.max(1, subscribers.length)]
          gone?.close()
          subscribers = subscribers.filter((subscriber) => subscriber !== gone)
        }
      }
      server.faults.clear()
      const disturbed = steps.some(({ do: what }) => what === 'forbid')
      for (const seen of subscribers) {
        await until(() => isSame(seen.view, stored(seen.namespace)), `${seen.namespace} in ${watches(of).join()}`)
        expect(seen.faults).toEqual([])
        // Nothing is lost from sight while watches change sides, unless one was refused.
        if (!disturbed) expect(seen.counts.vanished).toBe(0)
        seen.close()
      }
    }),
    { numRuns: 40 },
  )
})
