import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, type Cluster } from '../../../test/kit/cluster/index.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { renderObject } from './render.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
  const token = { audience: '', expirationSeconds: 3607, path: 'token' }
  await cluster.kubectl(['create', '-f', '-'], {
    input: JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta('default') },
        { apiVersion: 'v1', kind: 'Service', metadata: meta('plain'), spec: { ports: [{ port: 80 }] } },
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: meta('headless'),
          spec: { clusterIP: 'None', selector: { a: 'b' } },
        },
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: meta('balanced'),
          spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [{ port: 80 }] },
        },
        { apiVersion: 'batch/v1', kind: 'Job', metadata: meta('once'), spec: { template: podTemplate } },
        {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          metadata: meta('nightly'),
          spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: podTemplate } } },
        },
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: meta('pod'),
          spec: {
            ...podTemplate.spec,
            nodeName: 'somewhere',
            serviceAccountName: 'default',
            containers: [{ name: 'a', image: 'i', volumeMounts: [{ name: 'kube-api-access-x7k2p', mountPath: '/t' }] }],
            volumes: [{ name: 'kube-api-access-x7k2p', projected: { sources: [{ serviceAccountToken: token }] } }],
          },
        },
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { ...meta('claim'), annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
          spec: claimSpec,
        },
        {
          apiVersion: 'apps/v1',
          kind: 'StatefulSet',
          metadata: meta('store'),
          spec: {
            serviceName: 'store',
            selector: { matchLabels: { a: 'b' } },
            template: {
              ...podTemplate,
              metadata: { labels: { a: 'b' } },
              spec: { containers: podTemplate.spec.containers },
            },
            volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec }],
          },
        },
      ],
    }),
  })
})
afterAll(() => cluster.stop())

const meta = (name: string) => ({ name, namespace: 'default' })
const podTemplate = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'i' }] } }
const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }

async function file(type: string, name: string): Promise<string> {
  const object: KubernetesObject = JSON.parse(await cluster.kubectl(['get', type, name, '-o', 'json']))
  return new TextDecoder().decode(renderObject(object, { format: 'YAML', hasStatus: true }).bytes)
}

test.each([
  ['serviceaccount', 'default'],
  ['service', 'plain'],
  ['service', 'headless'],
  ['service', 'balanced'],
  ['job', 'once'],
  ['cronjob', 'nightly'],
  ['pod', 'pod'],
  ['pvc', 'claim'],
  ['statefulset', 'store'],
])('the file of %s/%s makes the same object anew, and changes nothing on the one it came from', async (type, name) => {
  const before = await file(type, name)
  for (const volatile of [
    'uid',
    'resourceVersion',
    'creationTimestamp',
    'clusterIP: "',
    'healthCheckNodePort',
    'nodeName',
  ]) {
    expect(before).not.toContain(volatile)
  }
  await cluster.kubectl(['apply', '-f', '-'], { input: before })
  expect(await file(type, name)).toBe(before)
  await cluster.kubectl(['delete', type, name, '--grace-period=0', '--force', '--wait=false'])
  await cluster.kubectl(['patch', type, name, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']).catch(() => '')
  await cluster.kubectl(['create', '-f', '-'], { input: before })
  expect(await file(type, name)).toBe(before)
})

test('the file of a Namespace can be applied', async () => {
  await cluster.kubectl(['create', 'namespace', 'shop'])
  const before = await file('namespace', 'shop')
  expect(before).not.toContain('finalizers')
  await cluster.kubectl(['apply', '-f', '-'], { input: before })
  await cluster.kubectl(['create', '--dry-run=server', '-f', '-'], { input: before.replaceAll('shop', 'other') })
  expect(await file('namespace', 'shop')).toBe(before)
})
