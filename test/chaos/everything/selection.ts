/** What a GitSync selects, as its documentation says it, told without the operator's code. */
import type { EmbeddedApiServer, KubeObject } from '../../kit/apiserver/index.ts'
import { KINDS, NAMESPACES } from './specs.ts'
import type { Condition, Entry, LabelSelector, Spec } from './specs.ts'

type Labels = Readonly<Record<string, string>>

/** What exists, and the labels of its namespaces. */
export interface Cluster {
  readonly objects: ReadonlyMap<string, KubeObject>
  readonly namespaces: ReadonlyMap<string, Labels>
  /** Whether the custom resource's kind is served. */
  readonly hasWidgets: boolean
}

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '')

/** group/Kind/namespace/name: the same for an object and for a document that says it. */
export const idOf = ({ apiVersion, kind, metadata }: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>): string =>
  [groupOf(apiVersion), kind, metadata.namespace ?? '', metadata.name].join('/')

export function readCluster({ objects }: EmbeddedApiServer): Cluster {
  const namespaces = new Map<string, Labels>()
  for (const { metadata } of objects.list({ apiVersion: 'v1', kind: 'Namespace' })) {
    namespaces.set(metadata.name, metadata.labels ?? {})
  }
  const hasWidgets = isServed(() => objects.list({ apiVersion: 'example.com/v1', kind: 'Widget' }))
  const all = new Map<string, KubeObject>()
  for (const namespace of NAMESPACES) {
    for (const { apiVersion, kind } of [...KINDS, { apiVersion: 'v1', kind: 'ServiceAccount' }]) {
      if (kind === 'Widget' && !hasWidgets) continue
      for (const object of objects.list({ apiVersion, kind, namespace })) all.set(idOf(object), object)
    }
  }
  return { objects: all, namespaces, hasWidgets }
}

function isServed(list: () => unknown): boolean {
  try {
    list()
    return true
  } catch {
    return false
  }
}

const holds = ({ operator, values = [] }: Condition, value: string | undefined): boolean => {
  switch (operator) {
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
  }
}

const fits = (labels: Labels, { matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every((condition) => holds(condition, labels[condition.key]))

const isNamed = (patterns: readonly string[] | undefined, name: string): boolean =>
  patterns === undefined ||
  patterns.some((pattern) =>
    new RegExp(
      `^${pattern
        .split('*')
        .map((part) => part.replace(/\W/g, '\\$&'))
        .join('.*')}$`,
    ).test(name),
  )

function fieldOf(object: KubeObject, key: string): string | undefined {
  let value: unknown = object
  for (const part of key.split('.')) value = (value as Record<string, unknown> | undefined)?.[part]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

/** Whether an entry looks for objects of this kind in this namespace. */
export function isCovered(entry: Entry, id: string, cluster: Cluster): boolean {
  const [group = '', kind = '', namespace = ''] = id.split('/')
  if (entry.group !== '*' && (entry.group ?? '') !== group) return false
  if (entry.kind === '*' ? kind === 'Secret' : entry.kind !== kind) return false
  const labels = cluster.namespaces.get(namespace)
  return 'names' in entry.namespaces
    ? entry.namespaces.names.includes(namespace)
    : labels !== undefined && fits(labels, entry.namespaces.selector)
}

function isSelected(spec: Spec, object: KubeObject, cluster: Cluster): boolean {
  const id = idOf(object)
  const { kind, metadata } = object
  const { labels = {}, name, namespace = '', ownerReferences = [] } = metadata
  if (labels['gitsync.dev/internal'] === 'true') return false
  // What every namespace has by itself.
  if ((kind === 'ConfigMap' && name === 'kube-root-ca.crt') || (kind === 'ServiceAccount' && name === 'default'))
    return false
  const isExcluded = (spec.exclude ?? []).some(
    (each) =>
      (each.group === undefined || each.group === groupOf(object.apiVersion)) &&
      (each.kind === undefined || each.kind === '*' || each.kind === kind) &&
      isNamed(each.names, name) &&
      (each.namespaces === undefined || isNamed(each.namespaces.names, namespace)) &&
      fits(labels, each.labelSelector),
  )
  if (isExcluded) return false
  return spec.resources.some((entry) => {
    if (!isCovered(entry, id, cluster)) return false
    const owned = entry.owned ?? (entry.kind === '*' ? 'Exclude' : 'Include')
    if (owned === 'Exclude' && ownerReferences.some(({ controller }) => controller === true)) return false
    const { matchFields = [] } = entry.fieldSelector ?? {}
    return (
      isNamed(entry.names, name) &&
      fits(labels, entry.labelSelector) &&
      matchFields.every((condition) => holds(condition, fieldOf(object, condition.key)))
    )
  })
}

export function selectedBy(spec: Spec, cluster: Cluster): Map<string, KubeObject> {
  return new Map([...cluster.objects].filter(([, object]) => isSelected(spec, object, cluster)))
}
