import { expect, test } from 'vitest'
import type { KubernetesObject, ManagedFieldsEntry } from '../objects/object.ts'
import { appliedFields, isIntent } from './applied.ts'

const entry = (manager: string, operation: string, fieldsV1: unknown, subresource?: string): ManagedFieldsEntry => ({
  manager,
  operation,
  fieldsV1,
  ...(subresource === undefined ? {} : { subresource }),
})

function deployment(...managedFields: ManagedFieldsEntry[]): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' }, managedFields },
    spec: {
      replicas: 7,
      strategy: { type: 'RollingUpdate' },
      template: {
        spec: {
          restartPolicy: 'Always',
          containers: [
            { name: 'side', image: 'side:1' },
            { name: 'web', image: 'web:1', ports: [{ containerPort: 80, protocol: 'TCP' }], imagePullPolicy: 'Always' },
          ],
        },
      },
    },
    status: { replicas: 7 },
  }
}

const CONTAINERS = {
  'f:spec': {
    'f:template': {
      'f:spec': {
        'f:containers': {
          'k:{"name":"web"}': {
            '.': {},
            'f:name': {},
            'f:image': {},
            'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
          },
        },
      },
    },
  },
}

test('only what was applied stays: no defaults, no replicas of an autoscaler, no items of an injector', () => {
  const object = deployment(
    entry('flux', 'Apply', CONTAINERS),
    entry('kube-controller-manager', 'Update', { 'f:spec': { 'f:replicas': {} } }, 'scale'),
    entry('mesh-injector', 'Update', {
      'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"side"}': { '.': {}, 'f:image': {} } } } } },
    }),
    entry('kubectl', 'Update', { 'f:status': { 'f:replicas': {} } }, 'status'),
  )
  expect(appliedFields(object)).toEqual({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      template: {
        spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }] },
      },
    },
  })
})

test('what a person edits stays beside what was applied, scaling by hand as well', () => {
  const object = deployment(
    entry('flux', 'Apply', CONTAINERS),
    entry('kubectl-edit', 'Update', { 'f:metadata': { 'f:labels': { 'f:app': {} } } }),
    entry('kubectl', 'Update', { 'f:spec': { 'f:replicas': {} } }, 'scale'),
    entry('acme-portal', 'Update', { 'f:spec': { 'f:strategy': { 'f:type': {} } } }),
  )
  expect(appliedFields(object)).toMatchObject({
    metadata: { labels: { app: 'web' } },
    spec: { replicas: 7, strategy: { type: 'RollingUpdate' } },
  })
})

test("of kubectl apply what its annotation says: the record has the server's defaults as well", () => {
  const applied = {
    spec: {
      replicas: 7,
      template: { spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }] } },
    },
  }
  const object = deployment(
    entry('kubectl-client-side-apply', 'Update', {
      'f:spec': {
        'f:replicas': {},
        'f:strategy': { 'f:type': {} },
        'f:template': {
          'f:spec': {
            'f:restartPolicy': {},
            'f:containers': {
              'k:{"name":"web"}': {
                '.': {},
                'f:name': {},
                'f:image': {},
                'f:imagePullPolicy': {},
                'f:ports': {
                  '.': {},
                  'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                },
              },
            },
          },
        },
      },
    }),
  )
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(applied) }
  expect(appliedFields({ ...object, metadata: { ...object.metadata, annotations } })['spec']).toEqual({
    replicas: 7,
    template: {
      spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }] },
    },
  })
})

test('items by value, items by place, whole values, and empty ones', () => {
  const object = {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: {
      name: 'x',
      finalizers: ['a', 'b'],
      managedFields: [
        entry('flux', 'Apply', {
          'f:metadata': { 'f:finalizers': { 'v:"b"': {} }, 'f:labels': { '.': {} } },
          'f:list': { 'i:1': {} },
          'f:whole': {},
          'f:empty': { '.': {} },
        }),
      ],
      labels: { other: '1' },
    },
    list: ['p', 'q'],
    whole: { any: { thing: 1 } },
    empty: { theirs: 1 },
    rest: 1,
  } as unknown as KubernetesObject
  expect(appliedFields(object)).toEqual({
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name: 'x', finalizers: ['b'], labels: {} },
    list: ['q'],
    whole: { any: { thing: 1 } },
    empty: {},
  })
})

test('an object without a record is written whole', () => {
  const object = deployment()
  expect(appliedFields(object)).toBe(object)
})

test.each([
  ['kubectl-edit', 'Update', true],
  ['kubectl-create', 'Update', true],
  ['Mozilla', 'Update', true],
  ['helm', 'Update', true],
  ['argocd-controller', 'Update', true],
  ['kustomize-controller', 'Apply', true],
  ['cert-manager-controller', 'Apply', true],
  ['acme', 'Update', true],
  ['kube-controller-manager', 'Update', false],
  ['kube-scheduler', 'Update', false],
  ['cert-manager-certificates-controller', 'Update', false],
  ['prometheus-operator', 'Update', false],
  ['manager', 'Update', false],
  ['vpa-updater', 'Update', false],
  ['cluster-autoscaler', 'Update', false],
])('%s by %s: intent is %s', (manager, operation, expected) => {
  expect(isIntent({ manager, operation })).toBe(expected)
})
