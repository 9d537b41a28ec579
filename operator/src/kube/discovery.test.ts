import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createKubeClient, type KubeClient } from './client.ts'
import { createDiscovery } from './discovery.ts'
import { send, startApi, type ApiCall, type ScriptedApi } from './testing/api.ts'
import { manualClock } from './testing/manual-clock.ts'

let api: ScriptedApi
let client: KubeClient
let answer: (call: ApiCall, response: ServerResponse) => void

beforeEach(async () => {
  api = await startApi((call, response) => answer(call, response))
  client = createKubeClient(api.connection, { maxRetries: 0 })
})
afterEach(async () => {
  await client.close()
  await api.close()
})

const deployment = {
  resource: 'deployments',
  shortNames: ['deploy'],
  responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' },
  scope: 'Namespaced',
  verbs: ['get', 'list', 'watch'],
  subresources: [{ subresource: 'scale' }, { subresource: 'status' }],
}
const node = { resource: 'nodes', responseKind: { kind: 'Node' }, scope: 'Cluster', verbs: ['list'] }
const group = (name: string, ...versions: object[]) => ({ metadata: { name }, versions })
const aggregated = (...items: object[]) => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  items,
})

let groups: object[]
function serveAggregated({ path }: ApiCall, response: ServerResponse): void {
  const core = [group('', { version: 'v1', freshness: 'Current', resources: [node] })]
  send(response, 200, aggregated(...(path === '/api' ? core : groups)))
}

describe('aggregated', () => {
  beforeEach(() => {
    groups = [
      group(
        'apps',
        { version: 'v2', resources: [] },
        { version: 'v1', resources: [deployment] },
        { version: 'v1beta1', resources: [deployment] },
      ),
      group('metrics', { version: 'v1', freshness: 'Stale', resources: null }),
    ]
    answer = serveAggregated
  })

  test('gives the most preferred version that has the kind, or the one asked for, in two requests', async () => {
    const discovery = createDiscovery(client)
    expect(await discovery.resolve({ group: 'apps', kind: 'Deployment' })).toEqual({
      state: 'Served',
      resource: {
        group: 'apps',
        version: 'v1',
        kind: 'Deployment',
        plural: 'deployments',
        shortNames: ['deploy'],
        namespaced: true,
        verbs: ['get', 'list', 'watch'],
        hasStatus: true,
      },
    })
    expect(await discovery.resolve({ group: 'apps', kind: 'Deployment', version: 'v1beta1' })).toMatchObject({
      resource: { version: 'v1beta1' },
    })
    expect(await discovery.resolve({ group: '', kind: 'Node' })).toMatchObject({
      resource: { namespaced: false, hasStatus: false },
    })
    expect(api.calls).toHaveLength(2)
    expect(api.calls[0]?.headers.accept).toContain('as=APIGroupDiscoveryList')
  })

  test('not served and unknown are different answers', async () => {
    const discovery = createDiscovery(client)
    for (const query of [
      { group: 'apps', kind: 'X' },
      { group: 'nope', kind: 'X' },
      { group: 'apps', version: 'v2', kind: 'Deployment' },
    ]) {
      expect(await discovery.resolve(query)).toEqual({ state: 'NotServed' })
    }
    expect(await discovery.resolve({ group: 'metrics', kind: 'PodMetrics' })).toMatchObject({
      state: 'Unknown',
      error: { code: 'Unavailable' },
    })
    const all = await discovery.resources()
    expect(all.resources.map(({ kind, version }) => `${kind} ${version}`)).toEqual(['Node v1', 'Deployment v1'])
    expect(all.unknownGroups).toEqual(['metrics'])
  })

  test('a more preferred version that does not answer hides the others', async () => {
    groups = [
      group(
        'apps',
        { version: 'v2', freshness: 'Stale', resources: [deployment] },
        { version: 'v1', resources: [deployment] },
      ),
    ]
    const discovery = createDiscovery(client)
    expect((await discovery.resolve({ group: 'apps', kind: 'Deployment' })).state).toBe('Unknown')
    expect((await discovery.resolve({ group: 'apps', kind: 'Deployment', version: 'v1' })).state).toBe('Served')
  })

  test('a served kind is believed for long, a missing one for short, and on request not at all', async () => {
    const clock = manualClock()
    const discovery = createDiscovery(client, { clock })
    const state = async (kind: string, maxAgeMs?: number) =>
      (await discovery.resolve({ group: 'apps', kind }, maxAgeMs === undefined ? {} : { maxAgeMs })).state
    expect([await state('Deployment'), await state('New')]).toEqual(['Served', 'NotServed'])
    groups = [group('apps', { version: 'v1', resources: [{ ...deployment, responseKind: { kind: 'New' } }] })]
    clock.advance(9_999)
    expect([await state('Deployment'), await state('New')]).toEqual(['Served', 'NotServed'])
    expect(await state('Deployment', 0)).toBe('NotServed')
    expect(await state('New')).toBe('Served')
    groups = []
    clock.advance(299_999)
    expect(await state('New')).toBe('Served')
    clock.advance(1)
    expect(await state('New')).toBe('NotServed')
  })
})

test('while discovery fails everything is unknown, until it works again', async () => {
  answer = (_call, response) => send(response, 503, '')
  const clock = manualClock()
  const discovery = createDiscovery(client, { clock })
  expect(await discovery.resolve({ group: 'apps', kind: 'Deployment' })).toMatchObject({
    state: 'Unknown',
    error: { status: 503 },
  })
  expect(await discovery.resources()).toEqual({ resources: [], unknownGroups: ['*'] })
  groups = [group('apps', { version: 'v1', resources: [deployment] })]
  answer = serveAggregated
  clock.advance(10_000)
  expect((await discovery.resolve({ group: 'apps', kind: 'Deployment' })).state).toBe('Served')
  answer = (_call, response) => send(response, 200, { kind: 'Nonsense' })
  expect((await discovery.resolve({ group: 'apps', kind: 'Deployment' }, { maxAgeMs: 0 })).state).toBe('Unknown')
})

test('a server without aggregated discovery is read group by group; one that fails makes only its group unknown', async () => {
  const resources = [
    { name: 'deployments', shortNames: ['deploy'], kind: 'Deployment', namespaced: true, verbs: ['list'] },
    { name: 'deployments/status', kind: 'Deployment', namespaced: true, verbs: ['get'] },
  ]
  const version = (v: string) => ({ groupVersion: v, version: v.split('/')[1] })
  const documents: Record<string, object> = {
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/api/v1': { kind: 'APIResourceList', resources: [{ name: 'nodes', kind: 'Node', namespaced: false, verbs: [] }] },
    '/apis': {
      kind: 'APIGroupList',
      groups: [
        { name: 'apps', versions: [version('apps/v1beta1'), version('apps/v1')], preferredVersion: version('apps/v1') },
        { name: 'metrics', versions: [version('metrics/v1')] },
      ],
    },
    '/apis/apps/v1': { resources },
    '/apis/apps/v1beta1': { resources },
  }
  answer = ({ path }, response) => send(response, documents[path] === undefined ? 503 : 200, documents[path] ?? '')
  const discovery = createDiscovery(client)
  expect(await discovery.resolve({ group: 'apps', kind: 'Deployment' })).toMatchObject({
    resource: { version: 'v1', plural: 'deployments', shortNames: ['deploy'], hasStatus: true },
  })
  expect(await discovery.resolve({ group: '', kind: 'Node' })).toMatchObject({ resource: { hasStatus: false } })
  expect((await discovery.resolve({ group: 'metrics', kind: 'PodMetrics' })).state).toBe('Unknown')
  expect((await discovery.resolve({ group: 'apps', kind: 'Other' })).state).toBe('NotServed')
})
