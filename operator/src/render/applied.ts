/**
 * What people and their tools have set of an object, by its record of writes (`metadata.managedFields`): no defaults of the
 * server for what was applied, no replicas of an autoscaler, nothing that controllers wrote.
 */
import type { KubernetesObject, ManagedFieldsEntry } from '../objects/object.ts'
import { same } from './edit/same.ts'
import { isRecord, type JsonRecord } from './tree.ts'

/**
 * Whoever writes with server-side apply states an intent. Of those who write otherwise, these are controllers; everybody else,
 * known or not, is a person's tool, since an edit that is left out would be lost.
 */
const CONTROLLERS: readonly RegExp[] = [
  /^(?:kube|cloud|k3s|k0s|rke2|openshift)-/,
  /^(?:kubelet|k3s|k0s|cluster-policy-controller|apiserver|manager|controller|operator|cainjector|speaker|node-fetcher)$/,
  /(?:^|[-_])(?:controllers?|controller-manager|operator|scheduler|provisioner|attacher|resizer|snapshotter|autoscaler|recommender|updater|injector|agent|webhook|descheduler)$/i,
]

/** Controllers that write what people have put into Git or a chart. */
const DEPLOYERS: readonly RegExp[] = [/^argocd-/, /^(?:kustomize|helm)-controller$/, /^fleet-?agent$/]

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
/** What says in this annotation alone what was meant: the record has the server's defaults as well. */
const CLIENT_SIDE_APPLY = 'kubectl-client-side-apply'

/** Fields of the format FieldsV1 (KEP-555): `f:` a field, `k:` an item by its keys, `v:` by its value, `i:` by its place, `.` itself. */
export type FieldTree = JsonRecord

/** Whether an entry of the record is somebody's intent. */
export function isIntent({ manager = '', operation, subresource = '' }: ManagedFieldsEntry): boolean {
  if (subresource === 'status') return false
  if (operation === 'Apply' || DEPLOYERS.some((pattern) => pattern.test(manager))) return true
  return !CONTROLLERS.some((pattern) => pattern.test(manager))
}

/** The object with what is intended of it; all of it where it has no record. The argument is not changed. */
export function appliedFields(object: KubernetesObject): KubernetesObject {
  const { managedFields = [], name, namespace } = object.metadata
  const known = managedFields.filter(({ fieldsV1 }) => isRecord(fieldsV1))
  if (known.length === 0) return object
  let tree: FieldTree = { '.': {} }
  for (const entry of known) if (isIntent(entry)) tree = union(tree, treeOf(entry, object))
  const kept = keepFields(object, tree) as KubernetesObject
  const { apiVersion, kind } = object
  return {
    ...kept,
    apiVersion,
    kind,
    metadata: { ...kept.metadata, name, ...(namespace === undefined ? {} : { namespace }) },
  }
}

function treeOf({ manager, fieldsV1 }: ManagedFieldsEntry, object: KubernetesObject): FieldTree {
  const tree = fieldsV1 as FieldTree
  const text = object.metadata.annotations?.[LAST_APPLIED]
  if (manager !== CLIENT_SIDE_APPLY || text === undefined) return tree
  try {
    return narrowed(tree, JSON.parse(text))
  } catch {
    return tree
  }
}

/** What both the tree and the value name. */
function narrowed(tree: FieldTree, value: unknown): FieldTree {
  const kept: [string, unknown][] = []
  for (const [name, below] of Object.entries(tree)) {
    if (name === '.') kept.push([name, below])
    const inner = name === '.' ? undefined : innerOf(value, name, true)
    if (inner !== undefined) kept.push([name, isWhole(below) ? below : narrowed(below as FieldTree, inner.value)])
  }
  return Object.fromEntries(kept)
}

/** Everything at a place: a single value, or a list or map that has one owner. */
const isWhole = (tree: unknown): boolean => !isRecord(tree) || Object.keys(tree).length === 0

function union(a: unknown, b: unknown): FieldTree {
  if (isWhole(a) || isWhole(b)) return {}
  const both = new Map(Object.entries(a as FieldTree))
  for (const [name, below] of Object.entries(b as FieldTree)) {
    both.set(name, both.has(name) ? union(both.get(name), below) : below)
  }
  return Object.fromEntries(both)
}

/** The parts of a value that a tree names. */
function keepFields(value: unknown, tree: FieldTree): unknown {
  if (isWhole(tree)) return value
  if (Array.isArray(value)) {
    const kept = new Map<unknown, FieldTree>()
    const keys = new Map<unknown, JsonRecord>()
    for (const [name, below] of Object.entries(tree)) {
      const inner = name === '.' ? undefined : innerOf(value, name, false)
      if (inner === undefined) continue
      kept.set(inner.value, kept.has(inner.value) ? union(kept.get(inner.value), below) : (below as FieldTree))
      if (inner.keys !== undefined) keys.set(inner.value, inner.keys)
    }
    return value
      .filter((item) => kept.has(item))
      .map((item: unknown) => {
        const inner = keepFields(item, kept.get(item) ?? {})
        const names = keys.get(item) ?? {}
        // Without what names it an item would be another one; of several keys the server fills in those that nobody has set.
        if (!isRecord(inner) || Object.keys(names).some((key) => Object.hasOwn(inner, key))) return inner
        return { ...pick(item, names), ...inner }
      })
  }
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const below = tree[`f:${key}`]
      return below === undefined ? [] : [[key, keepFields(inner, below as FieldTree)]]
    }),
  )
}

function pick(item: unknown, keys: JsonRecord): JsonRecord {
  if (!isRecord(item)) return {}
  return Object.fromEntries(Object.entries(item).filter(([key]) => Object.hasOwn(keys, key)))
}

/** @param isPartial an item may lack some of the keys that name it, as where the server fills them in */
function innerOf(
  value: unknown,
  name: string,
  isPartial: boolean,
): { readonly value: unknown; readonly keys?: JsonRecord } | undefined {
  const kind = name.slice(0, 2)
  const text = name.slice(2)
  if (kind === 'f:') return isRecord(value) && Object.hasOwn(value, text) ? { value: value[text] } : undefined
  if (!Array.isArray(value)) return undefined
  const index = kind === 'i:' ? Number(text) : findItem(value, { kind, wanted: parsed(text), isPartial })
  if (!(index in value)) return undefined
  const keys = kind === 'k:' ? (parsed(text) as JsonRecord) : undefined
  return keys === undefined ? { value: value[index] } : { value: value[index], keys }
}

function findItem(
  items: readonly unknown[],
  { kind, wanted, isPartial }: { readonly kind: string; readonly wanted: unknown; readonly isPartial: boolean },
): number {
  if (kind === 'v:') return items.findIndex((item) => same(item, wanted))
  if (kind !== 'k:' || !isRecord(wanted)) return -1
  return items.findIndex((item) => {
    if (!isRecord(item)) return false
    const names = Object.keys(wanted).filter((key) => !isPartial || Object.hasOwn(item, key))
    return names.length > 0 && names.every((key) => same(item[key], wanted[key]))
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
