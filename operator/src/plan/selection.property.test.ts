/** Random selectors on random objects, against a model that is written for being read and nothing else. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ResourceSelector } from '../api/gitsync.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { clusterNoise, isExcluded, isLastWrittenBy } from './exclusions.ts'
import type { Exclusions } from './exclusions.ts'
import { selects } from './selection.ts'

const word = fc.constantFrom('a', 'b', 'web', 'web-1', 'kube-root-ca.crt', 'default')
const glob = fc.constantFrom('a', 'web*', '*', '*-1', 'kube-root-ca.crt', 'kube-*')
const label = fc.constantFrom('app', 'tier', 'example.com/team')
const value = fc.constantFrom('x', 'y', '')
const operator = fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const)
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

const expression = <K>(key: fc.Arbitrary<K>, values: fc.Arbitrary<string>) =>
  fc
    .record({ key, operator, values: fc.array(values, { minLength: 1, maxLength: 2 }) })
    .map(({ key, operator, values }) =>
      operator === 'In' || operator === 'NotIn' ? { key, operator, values } : { key, operator },
    )
const labelSelector = fc.record(
  {
    matchLabels: fc.dictionary(label, value, { maxKeys: 2 }),
    matchExpressions: fc.array(expression(label, value), { maxLength: 2 }),
  },
  { requiredKeys: [] },
)

/** Paths, and by hand what lies there. */
const FIELDS: Readonly<Record<string, (object: KubernetesObject) => unknown>> = {
  'spec.type': (object) => (object['spec'] as any)?.type,
  'spec.replicas': (object) => (object['spec'] as any)?.replicas,
  'spec.paused': (object) => (object['spec'] as any)?.paused,
  'spec.selector': (object) => (object['spec'] as any)?.selector,
  "metadata.labels['example.com/team']": ({ metadata }) => metadata.labels?.['example.com/team'],
  'metadata.name': ({ metadata }) => metadata.name,
  type: (object) => object['type'],
}
const fieldValue = fc.constantFrom('x', 'ClusterIP', '1', 'true', 'web')

const selector: fc.Arbitrary<ResourceSelector> = fc
  .record({
    kind: fc.constantFrom('ConfigMap', 'ServiceAccount', '*'),
    names: optional(fc.array(glob, { minLength: 1, maxLength: 2 })),
    labelSelector: optional(labelSelector),
    fieldSelector: optional(
      fc.record({
        matchFields: fc.array(expression(fc.constantFrom(...Object.keys(FIELDS)), fieldValue), { maxLength: 2 }),
      }),
    ),
    owned: optional(fc.constantFrom('Include' as const, 'Exclude' as const)),
  })
  .map((fields) => ({ group: '', ...fields }))

const write = fc.record({
  manager: fc.constantFrom('kubectl-edit', 'kustomize-controller', 'argocd-controller'),
  operation: fc.constantFrom('Update', 'Apply'),
  subresource: optional(fc.constantFrom('status', 'scale')),
  time: optional(fc.constantFrom('2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z', '2026-01-01T00:00:03Z')),
})
const object: fc.Arbitrary<KubernetesObject> = fc
  .record({
    kind: fc.constantFrom('ConfigMap', 'ServiceAccount'),
    name: word,
    namespace: fc.constantFrom('shop', 'kube-system'),
    labels: optional(fc.dictionary(label, value, { maxKeys: 3 })),
    owner: optional(fc.boolean()),
    writes: fc.array(write, { maxLength: 4 }),
    spec: optional(
      fc.record(
        {
          type: fc.constantFrom<unknown>('x', 'ClusterIP', null),
          replicas: fc.constantFrom(0, 1),
          paused: fc.boolean(),
          selector: fc.constantFrom<unknown>({}, ['x'], null),
        },
        { requiredKeys: [] },
      ),
    ),
  })
  .map(({ kind, name, namespace, labels, owner, writes, spec }) => ({
    apiVersion: 'v1',
    kind,
    metadata: {
      name,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(owner === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u', controller: owner }] }),
      managedFields: writes.map(({ subresource, time, ...entry }) => ({
        ...entry,
        ...(subresource === undefined ? {} : { subresource }),
        ...(time === undefined ? {} : { time }),
      })),
    },
    ...(spec === undefined ? {} : { spec }),
  }))

const exclusions: fc.Arbitrary<Exclusions> = fc.record({
  exclude: optional(
    fc.array(
      fc.record(
        {
          group: fc.constantFrom('', '*', 'apps'),
          kind: fc.constantFrom('ConfigMap', '*', 'Pod'),
          names: fc.array(glob, { minLength: 1, maxLength: 2 }),
          namespaces: fc.record({ names: fc.array(fc.constantFrom('kube-*', 'shop'), { minLength: 1, maxLength: 1 }) }),
          labelSelector,
        },
        { requiredKeys: [] },
      ),
      { maxLength: 2 },
    ),
  ),
  defaultExclusions: fc.boolean(),
  ignoreManagers: optional(fc.array(fc.constantFrom('kustomize-*', 'argocd-controller'), { maxLength: 2 })),
})

const like = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.replaceAll('.', String.raw`\.`).replaceAll('*', '.*')}$`).test(text)
const holds = (value: string | undefined, exists: boolean, { operator, values = [] }: any): boolean =>
  ({
    In: exists && values.includes(value),
    NotIn: !exists || !values.includes(value),
    Exists: exists,
    DoesNotExist: !exists,
  })[operator as 'In']
const labelsHold = (wanted: any, labels: Readonly<Record<string, string>> = {}): boolean =>
  Object.entries(wanted?.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
  (wanted?.matchExpressions ?? []).every((each: any) => holds(labels[each.key], each.key in labels, each))

test('an object is selected when every part of the entry says so', () => {
  fc.assert(
    fc.property(selector, object, (entry, object) => {
      const { name, labels, ownerReferences = [] } = object.metadata
      const isOwned = ownerReferences[0]?.controller === true
      const skipsOwned = entry.owned === 'Exclude' || (entry.owned === undefined && entry.kind === '*')
      const fieldsHold = (entry.fieldSelector?.matchFields ?? []).every((each) => {
        const found = FIELDS[each.key]?.(object) ?? undefined
        const text = typeof found === 'string' ? found : JSON.stringify(found)?.replace(/^[[{].*/, '\u0000')
        return holds(text, found !== undefined, each)
      })
      const expected =
        (entry.names ?? ['*']).some((each) => like(each, name)) &&
        !(skipsOwned && isOwned) &&
        labelsHold(entry.labelSelector, labels) &&
        fieldsHold
      expect(selects(entry, object)).toBe(expected)
    }),
    { numRuns: 5_000 },
  )
})

test('an object is excluded when every part of one exclusion says so', () => {
  fc.assert(
    fc.property(exclusions, object, (rules, object) => {
      const { name, namespace = '', labels } = object.metadata
      const expected = (rules.exclude ?? []).some(
        (rule) =>
          ['', '*', undefined].includes(rule.group) &&
          [object.kind, '*', undefined].includes(rule.kind) &&
          (rule.names ?? ['*']).some((each) => like(each, name)) &&
          (rule.namespaces?.names ?? ['*']).some((each) => like(each, namespace)) &&
          labelsHold(rule.labelSelector, labels),
      )
      expect(isExcluded(rules, { group: '', kind: object.kind }, object)).toBe(expected)
      expect(clusterNoise({ group: '', kind: object.kind }, object) !== undefined).toBe(
        (object.kind === 'ConfigMap' && name === 'kube-root-ca.crt') ||
          (object.kind === 'ServiceAccount' && name === 'default' && Object.keys(labels ?? {}).length === 0),
      )
    }),
    { numRuns: 5_000 },
  )
})

test('an object is left alone when nobody but ignored managers made its newest write', () => {
  fc.assert(
    fc.property(exclusions, object, (rules, object) => {
      const times = (object.metadata.managedFields ?? []).filter(
        ({ subresource, time }) => subresource !== 'status' && time !== undefined,
      )
      const newest = times.map(({ time = '' }) => time).reduce((latest, time) => (time > latest ? time : latest), '')
      const expected =
        times.length > 0 &&
        times
          .filter(({ time }) => time === newest)
          .every(({ manager = '' }) => (rules.ignoreManagers ?? []).some((each) => like(each, manager)))
      expect(isLastWrittenBy(rules, object)).toBe(expected)
    }),
    { numRuns: 5_000 },
  )
})
