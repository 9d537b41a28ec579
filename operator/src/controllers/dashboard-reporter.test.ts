import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { KubeClient } from '../kube/client.ts'
import { KubeError } from '../kube/errors.ts'
import type { ReflectorHandler } from '../kube/reflector.ts'
import type { ReflectorPool } from '../kube/reflector-pool.ts'
import { manualClock } from '../kube/testing/manual-clock.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { DesiredFiles } from '../plan/desired-files.ts'
import { DashboardReporter } from './dashboard-reporter.ts'
import type { FeedState } from './feeds/feeds.ts'
import { dashboardIdentity } from './known-resources.ts'
import type { Runtime } from './runtime.ts'

const SYNC: KubernetesObject = {
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'GitSync',
  metadata: { name: 'sync', namespace: 'shop' },
  status: { conditions: [{ type: 'Ready', status: 'True', reason: 'Succeeded' }] },
}
const KNOWN = { vanished: new Set<never>(), present: new Set<never>() }

function start() {
  const clock = manualClock()
  const handlers = new Map<string, ReflectorHandler>()
  const pool: Partial<ReflectorPool> = {
    subscribe: ({ kind }, _namespace, handler) => {
      handlers.set(kind, handler)
      return { close: () => undefined, state: { phase: 'Watching', since: 0, restarts: 0 } }
    },
  }
  const writes: { readonly name: string; readonly status: Record<string, any> }[] = []
  let kept = {}
  let answer: (() => KubernetesObject) | undefined
  const client: Partial<KubeClient> = {
    mergePatch: async (_resource, namespace, name, patch) => {
      const { status } = patch as { readonly status: Record<string, any> }
      writes.push({ name, status })
      kept = { ...kept, ...status }
      return answer?.() ?? object({ name, namespace, version: '100', status: kept })
    },
  }
  const desired = new DesiredFiles()
  const member = {
    desired,
    isCompared: true,
    settings: { path: '.' },
    isPending: () => false,
    standing: {},
  }
  const feeds = { stateOf: (): FeedState | undefined => undefined }
  const runtime = {
    member,
    listed: true,
    problemOf: () => undefined,
    feeds,
    historyOf: () => undefined,
  } as unknown as Runtime
  const reporter = new DashboardReporter({
    environment: {
      client: client as KubeClient,
      pool: pool as ReflectorPool,
      clock,
      logger: pino({ enabled: false }),
      namespaces: undefined,
    },
    random: () => 0,
    metrics: {},
    runtimeOf: (name) => (name === 'shop/sync' ? runtime : undefined),
  })
  void reporter.run()
  const told = (kind: string): ReflectorHandler => {
    const handler = handlers.get(kind)
    if (handler === undefined) throw new Error(`nobody listens to ${kind}`)
    return handler
  }
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 50) {
      clock.advance(50)
      for (let i = 0; i < 20; i++) await Promise.resolve()
    }
  }
  const wanted = (version: string): void => {
    const identity = dashboardIdentity('shop', 'a')
    const key = 'Dashboard.gitsync.dev/shop/a'
    desired.set({ key, identity, path: 'a.json', oid: 'id', isOpaque: true, title: 'A', version })
  }
  return { told, pass, writes, wanted, reporter, member, feeds, answer: (to: () => KubernetesObject) => (answer = to) }
}

function object(given: {
  readonly name?: string
  readonly namespace?: string | undefined
  readonly version?: string
  readonly generation?: number
  readonly status?: object
}): KubernetesObject {
  const { name = 'a', namespace = 'shop', version = '1', generation = 1, status } = given
  return {
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'Dashboard',
    metadata: { name, namespace, uid: 'u', resourceVersion: version, generation },
    spec: { syncRef: { name: 'sync' }, source: { json: '{}' } },
    ...(status === undefined ? {} : { status }),
  }
}
const reasons = ({ status }: { readonly status: Record<string, any> }): string => status['conditions'][0].reason

test('a status is written once, when everything is known, and again only when it says something else', async () => {
  const { told, pass, writes, wanted, reporter } = start()
  told('Dashboard').onObject(object({}), 'initial')
  await pass(1_000)
  // Whether its GitSync exists is not known yet.
  expect(writes).toEqual([])
  told('GitSync').onObject(SYNC, 'initial')
  told('GitSync').onSynced(KNOWN)
  await pass(1_000)
  expect(writes.map(reasons)).toEqual(['Progressing'])
  wanted('100')
  reporter.report('shop/sync')
  await pass(1_000)
  expect(writes.map(reasons)).toEqual(['Progressing', 'Succeeded'])
  expect(writes[1]?.status).toMatchObject({ path: 'a.json', oid: 'id', title: 'A' })
  for (let i = 0; i < 5; i++) reporter.report('shop/sync')
  await pass(10_000)
  expect(writes).toHaveLength(2)
  told('GitSync').onDelete(SYNC)
  await pass(1_000)
  expect(writes.slice(2).map(reasons)).toEqual(['SyncNotFound'])
  await reporter.stop()
})

test('one that is Ready stays so while an operator begins anew, and its text is not held', async () => {
  const { told, pass, writes, wanted, reporter, member } = start()
  told('GitSync').onSynced(KNOWN)
  told('GitSync').onObject(SYNC, 'live')
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'Succeeded', message: 'a.json is in Git', observedGeneration: 1 },
  ]
  const status = { observedGeneration: 1, conditions, path: 'a.json', oid: 'id', title: 'A' }
  member.isCompared = false
  wanted('1')
  told('Dashboard').onObject(object({ status }), 'initial')
  await pass(1_000)
  expect(writes).toEqual([])
  member.isCompared = true
  reporter.report('shop/sync')
  await pass(1_000)
  expect(writes).toEqual([])
  // Changed: what is known of the GitSync is about what it was before.
  told('Dashboard').onObject(object({ version: '2', generation: 2, status }), 'live')
  await pass(1_000)
  expect(writes).toEqual([])
  wanted('2')
  await pass(1_000)
  expect(writes.map(({ status }) => status['observedGeneration'])).toEqual([2])
  await reporter.stop()
})

test('one that stands for many now says nothing of the file that it was', async () => {
  const { told, pass, writes, reporter, feeds } = start()
  feeds.stateOf = () => ({
    version: '1',
    isMany: true,
    noun: 'dashboard',
    isSynced: true,
    problem: undefined,
    files: new Map(),
  })
  told('GitSync').onSynced(KNOWN)
  told('GitSync').onObject(SYNC, 'live')
  const file = { path: 'a.json', oid: 'id', title: 'A', sourceUrl: 'https://grafana.example.com/d/a', sourceVersion: 1 }
  told('Dashboard').onObject(object({ status: file }), 'initial')
  await pass(1_000)
  const nothing = { path: null, oid: null, title: null, sourceUrl: null, sourceVersion: null }
  expect(writes.map(({ status }) => status)).toMatchObject([{ ...nothing, files: 0, failed: 0 }])
  await reporter.stop()
})

test('one that goes while its status is written is no failure, and nothing is written of those that are gone', async () => {
  const { told, pass, writes, reporter, answer } = start()
  answer(() => {
    throw new KubeError('NotFound', 'gone')
  })
  told('GitSync').onSynced(KNOWN)
  told('Dashboard').onObject(object({}), 'initial')
  await pass(1_000)
  expect(writes.map(reasons)).toEqual(['SyncNotFound'])
  told('Dashboard').onDelete(object({}))
  reporter.report('shop/sync')
  await pass(60_000)
  expect(writes).toHaveLength(1)
  await reporter.stop()
})
