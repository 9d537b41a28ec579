/**
 * The order of keys in a file: apiVersion, kind, metadata, then the rest by code unit, at every level. In metadata: name,
 * namespace, labels, annotations, finalizers, then the rest. Lists keep their order. So a file depends neither on the order in
 * which a server sends fields nor on its version.
 */
import type { KubernetesObject } from '../objects/object.ts'
import { isRecord, type JsonRecord } from './tree.ts'

const TOP_FIRST = ['apiVersion', 'kind', 'metadata']
const METADATA_FIRST = ['name', 'namespace', 'labels', 'annotations', 'finalizers']

/** A copy with its keys in file order. */
export function orderObject(object: KubernetesObject): KubernetesObject {
  const ordered = orderRecord(object, TOP_FIRST, (key, value) =>
    key === 'metadata' && isRecord(value) ? orderRecord(value, METADATA_FIRST, orderField) : orderValue(value),
  )
  return ordered as KubernetesObject
}

function orderRecord(
  record: JsonRecord,
  first: readonly string[],
  inner: (key: string, value: unknown) => unknown,
): JsonRecord {
  const keys = Object.keys(record)
  const rest = keys.filter((key) => !first.includes(key)).sort()
  const ordered = [...first.filter((key) => Object.hasOwn(record, key)), ...rest]
  // fromEntries defines properties, so that a key named __proto__ stays a key.
  return Object.fromEntries(ordered.map((key) => [key, inner(key, record[key])]))
}

const orderField = (_key: string, value: unknown): unknown => orderValue(value)

/** A copy with all keys by code unit; lists keep their order. */
export function orderValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(orderValue)
  return isRecord(value) ? orderRecord(value, [], orderField) : value
}
