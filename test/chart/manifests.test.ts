/** What is applied without Helm, on a cluster of its own: definitions that stay are nobody else's. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubeObject } from '../e2e/harness/api.ts'
import { CHART } from '../kit/helm/index.ts'
import type { Helm } from '../kit/helm/index.ts'
import { startChartCluster } from './cluster.ts'
import type { ChartCluster } from './cluster.ts'
import { NAMESPACE, objectsOf, render, RESTRICTED } from './render.ts'

const DEPLOY = new URL('../../deploy', import.meta.url).pathname

let world: ChartCluster
let helm: Helm

beforeAll(async () => {
  world = await startChartCluster()
  helm = await world.helm()
})
afterAll(() => world?.stop())

/** Without what only Helm writes. */
function plain(objects: readonly KubeObject[]): KubeObject[] {
  const isHelms = (name: string): boolean => name === 'helm.sh/chart' || name === 'app.kubernetes.io/managed-by'
  const strip = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(strip)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value).flatMap(([key, inner]) => (isHelms(key) ? [] : [[key, strip(inner)]])),
          )
        : value
  const key = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`
  return (strip(objects) as KubeObject[]).sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

describe('without Helm', () => {
  test('kustomize makes what the chart makes', async () => {
    const built = objectsOf(await world.kubectl(['kustomize', `${DEPLOY}/base`]))
    const [namespace] = built.filter(({ kind }) => kind === 'Namespace')
    expect(namespace?.metadata['labels']).toMatchObject(RESTRICTED)
    expect(plain(built.filter(({ kind }) => kind !== 'Namespace'))).toEqual(
      plain(await render(helm, { crds: { keep: false } })),
    )
  })

  test('one file installs everything, and again changes nothing', async () => {
    const file = `${DEPLOY}/install.yaml`
    await world.kubectl(['apply', '--server-side', '--validate=strict', '-f', file])
    await world.kubectl(['wait', '--for=condition=Established', 'crd', 'gitsyncs.gitsync.dev', '--timeout=30s'])
    await expect(world.kubectl(['diff', '--server-side', '-f', file])).resolves.toBe('')
  })

  test('a release takes over what was applied, when it is told to', async () => {
    const install = ['install', 'gitsync-operator', CHART, '--namespace', NAMESPACE]
    await expect(helm(install)).rejects.toThrow('invalid ownership metadata')
    await helm([...install, '--take-ownership'])
    await helm(['uninstall', 'gitsync-operator', '--namespace', NAMESPACE])
    const left = await world.kubectl(['get', 'deployment,clusterrole', '--namespace', NAMESPACE, '--output=name'])
    expect(left).not.toContain('gitsync')
  })
})
