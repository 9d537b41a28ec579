import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KubernetesObject } from '../objects/object.ts'
import { ALLOCATED_FIELDS } from './allocated.ts'
import { cleanObject, REMOVED_ANNOTATIONS, REMOVED_LABELS, REMOVED_METADATA } from './clean.ts'

const clean = (object: unknown, hasStatus = true): any => cleanObject(object as KubernetesObject, { hasStatus })
const object = (apiVersion: string, kind: string, rest: object, metadata: object = {}) => ({
  apiVersion,
  kind,
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  ...rest,
})

test('server-side metadata goes; name, namespace, finalizers and what is unknown stay', () => {
  const kept = { finalizers: ['example.com/x'], somethingNew: { a: 1 } }
  const removed = Object.fromEntries(REMOVED_METADATA.map((field) => [field, 'x']))
  expect(clean(object('v1', 'ConfigMap', { immutable: true, data: {} }, { ...kept, ...removed }))).toEqual(
    object('v1', 'ConfigMap', { immutable: true, data: {} }, kept),
  )
})

test('tracking marks go, intent with the same prefix stays, an emptied map goes', () => {
  const annotations = Object.fromEntries(REMOVED_ANNOTATIONS.map((key) => [key, 'x']))
  const labels = Object.fromEntries(REMOVED_LABELS.map((key) => [key, 'x']))
  expect(clean(object('v1', 'ConfigMap', {}, { annotations, labels }))).toEqual(object('v1', 'ConfigMap', {}))
  const intent = {
    'argocd.argoproj.io/sync-wave': '1',
    'argocd.argoproj.io/sync-options': 'Prune=false',
    'kustomize.toolkit.fluxcd.io/prune': 'disabled',
    'kubernetes.io/change-cause': 'why',
  }
  const cleaned = clean(object('v1', 'ConfigMap', {}, { annotations: { ...annotations, ...intent }, labels: {} }))
  expect(cleaned.metadata).toEqual({ name: 'web', namespace: 'shop', annotations: intent, labels: {} })
})

test('status goes only when it is the status subresource', () => {
  expect(clean(object('v1', 'Thing', { status: 'on' }))).not.toHaveProperty('status')
  expect(clean(object('v1', 'Thing', { status: 'on' }), false)).toHaveProperty('status', 'on')
})

describe('allocated fields', () => {
  test('Service: addresses go, headless and node ports stay', () => {
    const spec = { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }], ipFamilies: ['IPv4'] }
    const allocated = { clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7'], healthCheckNodePort: 31000 }
    expect(clean(object('v1', 'Service', { spec: { ...spec, ...allocated } })).spec).toEqual(spec)
    const headless = { clusterIP: 'None', clusterIPs: ['None'] }
    expect(clean(object('v1', 'Service', { spec: headless })).spec).toEqual(headless)
    // Another group's Service is another kind.
    expect(clean(object('serving.knative.dev/v1', 'Service', { spec: allocated })).spec).toEqual(allocated)
  })

  test('PersistentVolumeClaim and PersistentVolume: the binding goes', () => {
    const annotations = {
      'pv.kubernetes.io/bind-completed': 'yes',
      'pv.kubernetes.io/bound-by-controller': 'yes',
      'volume.kubernetes.io/selected-node': 'n',
      'volume.kubernetes.io/storage-provisioner': 'p',
      'volume.beta.kubernetes.io/storage-provisioner': 'p',
    }
    const claim = object(
      'v1',
      'PersistentVolumeClaim',
      { spec: { volumeName: 'pvc-1', storageClassName: 'fast' } },
      { annotations },
    )
    expect(clean(claim)).toEqual(object('v1', 'PersistentVolumeClaim', { spec: { storageClassName: 'fast' } }))
    const claimRef = { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data' }
    expect(
      clean(object('v1', 'PersistentVolume', { spec: { claimRef: { ...claimRef, uid: 'u', resourceVersion: '1' } } }))
        .spec,
    ).toEqual({ claimRef })
  })

  test('Pod: placement and the injected token go', () => {
    const token = 'kube-api-access-x7k2p'
    const pod = object('v1', 'Pod', {
      spec: {
        nodeName: 'n1',
        priority: 0,
        containers: [
          { name: 'a', volumeMounts: [{ name: token }, { name: 'data' }] },
          { name: 'b', volumeMounts: [{ name: token }] },
        ],
        initContainers: [{ name: 'i', volumeMounts: [{ name: token }] }],
        ephemeralContainers: [{ name: 'debug' }],
        volumes: [{ name: 'data' }, { name: token }],
        serviceAccountName: 'robot',
      },
    })
    expect(clean(pod).spec).toEqual({
      containers: [{ name: 'a', volumeMounts: [{ name: 'data' }] }, { name: 'b' }],
      initContainers: [{ name: 'i' }],
      volumes: [{ name: 'data' }],
      serviceAccountName: 'robot',
    })
  })

  test('Job: generated selector and labels go, unless the selector is manual', () => {
    const generated = { 'batch.kubernetes.io/controller-uid': 'u', 'controller-uid': 'u', 'job-name': 'web' }
    const job = (spec: object) =>
      object(
        'batch/v1',
        'Job',
        {
          spec: {
            ...spec,
            selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
            template: { metadata: { creationTimestamp: null, labels: { ...generated, app: 'web' } }, spec: {} },
          },
        },
        { labels: generated },
      )
    expect(clean(job({}))).toEqual(
      object('batch/v1', 'Job', { spec: { template: { metadata: { labels: { app: 'web' } }, spec: {} } } }),
    )
    const manual = clean(job({ manualSelector: true }))
    expect(manual.spec.selector).toBeDefined()
    expect(manual.spec.template.metadata.labels).toHaveProperty('controller-uid')
  })

  test('Namespace, ServiceAccount, StatefulSet, DaemonSet', () => {
    expect(clean(object('v1', 'Namespace', { spec: { finalizers: ['kubernetes'] } }))).not.toHaveProperty('spec')
    expect(clean(object('v1', 'Namespace', { spec: { finalizers: ['a/b', 'kubernetes'] } })).spec).toEqual({
      finalizers: ['a/b'],
    })
    const secrets = [{ name: 'web-token-x7k2p' }, { name: 'mine' }]
    expect(clean(object('v1', 'ServiceAccount', { secrets })).secrets).toEqual([{ name: 'mine' }])
    expect(clean(object('v1', 'ServiceAccount', { secrets: [secrets[0]] }))).not.toHaveProperty('secrets')
    const claim = { metadata: { name: 'data', creationTimestamp: null }, spec: {}, status: { phase: 'Pending' } }
    expect(
      clean(object('apps/v1', 'StatefulSet', { spec: { volumeClaimTemplates: [claim] } })).spec.volumeClaimTemplates,
    ).toEqual([{ metadata: { name: 'data' }, spec: {} }])
    const annotations = { 'deprecated.daemonset.template.generation': '3' }
    expect(clean(object('apps/v1', 'DaemonSet', {}, { annotations })).metadata).not.toHaveProperty('annotations')
  })
})

const json = fc.jsonValue({ maxDepth: 3 })
const record = fc.dictionary(fc.string(), json, { maxKeys: 5, noNullPrototype: true })

test('nothing outside the documented list goes, and the argument is not changed', () => {
  const kinds = [
    ...ALLOCATED_FIELDS.map(({ group, kind }) => [group === '' ? 'v1' : `${group}/v1`, kind]),
    ['a.b/v1', 'Thing'],
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      record,
      record,
      record,
      ([apiVersion, kind], rest, metadata, annotations) => {
        // None of these names is on the list: they start with x-.
        const prefixed = (fields: object) =>
          Object.fromEntries(Object.entries(fields).map(([key, value]) => [`x-${key}`, value]))
        const before = {
          apiVersion,
          kind,
          metadata: {
            name: 'a',
            ...prefixed(metadata),
            annotations: prefixed(annotations),
            labels: prefixed(annotations),
          },
          spec: { ...prefixed(rest), template: { metadata: prefixed(metadata), spec: prefixed(rest) } },
          ...prefixed(rest),
        }
        const copy = structuredClone(before)
        const noise = { ...before, metadata: { ...before.metadata, uid: 'u', managedFields: [] }, status: {} }
        expect(clean(noise)).toEqual(copy)
        expect(before).toEqual(copy)
      },
    ),
  )
})

test('any shape of a kind with allocated fields is taken as it is', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ALLOCATED_FIELDS), json, json, ({ group, kind }, spec, labels) => {
      const apiVersion = group === '' ? 'v1' : `${group}/v1`
      expect(() =>
        clean({ apiVersion, kind, metadata: { name: 'a', labels, annotations: labels }, spec, secrets: spec }),
      ).not.toThrow()
    }),
  )
})
