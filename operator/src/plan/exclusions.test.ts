import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { KubernetesObject } from '../objects/object.ts'
import { DEFAULT_EXCLUSIONS, isByWildcard, NOT_BY_WILDCARD } from './default-exclusions.ts'
import { clusterNoise, isKindExcluded, isLastWrittenBy } from './exclusions.ts'
import { parseFieldPath } from './field-selector.ts'

const object = (kind: string, name: string, metadata: object = {}, fields: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop', ...metadata },
  ...fields,
})
const HELM = { labels: { owner: 'helm' } }
const LEADER = { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }

test.each([
  [object('ConfigMap', 'kube-root-ca.crt'), true],
  [object('ConfigMap', 'settings'), false],
  [object('ConfigMap', 'extension-apiserver-authentication'), false],
  [object('ConfigMap', 'extension-apiserver-authentication', { namespace: 'kube-system' }), true],
  [object('ConfigMap', 'lock', LEADER), true],
  [object('ConfigMap', 'sh.helm.release.v1.web.v1', HELM), true],
  [object('ConfigMap', 'mine', HELM), false],
  [object('Secret', 'web', {}, { type: 'helm.sh/release.v1' }), true],
  [object('Secret', 'web', {}, { type: 'Opaque' }), false],
  [object('Secret', 'default-token-x', {}, { type: 'kubernetes.io/service-account-token' }), true],
  [object('ServiceAccount', 'default'), true],
  [object('ServiceAccount', 'default', { labels: {} }, { secrets: [{ name: 'default-token-x' }] }), true],
  [object('ServiceAccount', 'default', {}, { imagePullSecrets: [{ name: 'registry' }] }), false],
  [object('ServiceAccount', 'default', {}, { automountServiceAccountToken: false }), false],
  [object('ServiceAccount', 'default', { annotations: { 'eks.amazonaws.com/role-arn': 'x' } }), false],
  [object('ServiceAccount', 'robot'), false],
  [object('Service', 'kubernetes', { namespace: 'default' }), true],
  [object('Service', 'kubernetes'), false],
])('noise: %j: %s', (object, isNoise) => {
  expect(clusterNoise({ group: '', kind: object.kind }, object) !== undefined).toBe(isNoise)
})

test('a kind of the same name in another group is another kind', () => {
  expect(
    clusterNoise({ group: 'example.com', kind: 'ConfigMap' }, object('ConfigMap', 'kube-root-ca.crt')) !== undefined,
  ).toBe(false)
  expect(isByWildcard({ group: 'vault.example.com', kind: 'Secret' })).toBe(true)
})

test.each([
  ['', 'Secret'],
  ['', 'Event'],
  ['events.k8s.io', 'Event'],
  ['', 'Endpoints'],
  ['discovery.k8s.io', 'EndpointSlice'],
  ['coordination.k8s.io', 'Lease'],
  ['metrics.k8s.io', 'PodMetrics'],
  ['authorization.k8s.io', 'SubjectAccessReview'],
  ['apps', 'ControllerRevision'],
])('* does not stand for %s/%s', (group, kind) => {
  expect(isByWildcard({ group, kind })).toBe(false)
})

test.each([
  [{ kind: 'ConfigMap' }, true],
  [{}, true],
  [{ group: '*', kind: '*' }, true],
  [{ kind: 'Secret' }, false],
  [{ group: 'apps', kind: 'ConfigMap' }, false],
  [{ kind: 'ConfigMap', names: ['*'] }, false],
  [{ kind: 'ConfigMap', namespaces: { names: ['shop'] } }, false],
  [{ kind: 'ConfigMap', labelSelector: { matchLabels: { a: 'b' } } }, false],
])('with exclude %j ConfigMaps need not be read: %s', (rule, isExcluded) => {
  expect(isKindExcluded({ defaultExclusions: true, exclude: [rule] }, { group: '', kind: 'ConfigMap' })).toBe(
    isExcluded,
  )
})

const written = (...writes: readonly (readonly [manager: string, second: number, subresource?: string])[]) =>
  object('ConfigMap', 'settings', {
    managedFields: writes.map(([manager, second, subresource]) => ({
      manager,
      time: `2026-01-01T00:00:0${second}Z`,
      ...(subresource === undefined ? {} : { subresource }),
    })),
  })

test.each([
  [['flux*'], written(['flux', 1]), true],
  [['flux*'], written(['kubectl', 1], ['flux', 2]), true],
  [['flux*'], written(['flux', 1], ['kubectl', 2]), false],
  [['flux*'], written(['flux', 2], ['kubectl', 2]), false],
  [['flux*', 'kubectl'], written(['flux', 2], ['kubectl', 2]), true],
  [['flux*'], written(['flux', 1], ['kubectl', 2, 'status']), true],
  [['flux*'], written(), false],
  [['flux*'], object('ConfigMap', 'settings'), false],
  [undefined, written(['flux', 1]), false],
] as const)('written last by %j: %j: %s', (ignoreManagers, object, expected) => {
  expect(
    isLastWrittenBy({ defaultExclusions: true, ignoreManagers: ignoreManagers && [...ignoreManagers] }, object),
  ).toBe(expected)
})

test('field paths come apart at dots, but not within brackets', () => {
  expect(parseFieldPath('spec.type')).toEqual(['spec', 'type'])
  expect(parseFieldPath("metadata.annotations['a.b/c'].d")).toEqual(['metadata', 'annotations', 'a.b/c', 'd'])
})

test('the page lists everything that is left out by default', async () => {
  const page = await readFile(new URL('../../../docs/selection.md', import.meta.url), 'utf8')
  for (const { kind, shown } of DEFAULT_EXCLUSIONS) expect(page).toContain(`| ${kind} | ${shown} |`)
  for (const { groups, kinds } of NOT_BY_WILDCARD) {
    const all = kinds.map((kind) => (kind === '*' ? 'all' : `\`${kind}\``)).join(', ')
    for (const group of groups) expect(page).toContain(`| ${group === '' ? 'core' : `\`${group}\``} | ${all} |`)
  }
})
