import { copyOf, isEqual, isFields, listOf, textOf, type Fields } from './json.ts'

/**
 * Which field identifies an item of a list, by the list's field name. Names that mean different lists in different
 * places are told apart by the name of the field that holds them. Lists not named here are replaced whole.
 */
const MERGE_KEYS: Record<string, string> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  imagePullSecrets: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
  resourceClaims: 'name',
  schedulingGates: 'name',
  conditions: 'type',
  ownerReferences: 'uid',
  secrets: 'name',
  taints: 'key',
  addresses: 'type',
  podIPs: 'ip',
  hostIPs: 'ip',
  webhooks: 'name',
  'ports in spec': 'port',
  'ports in containers': 'containerPort',
  'ports in initContainers': 'containerPort',
}

/** Lists of plain values that are merged as sets. */
const SETS = new Set(['finalizers', 'podCIDRs'])

const DELETE_FROM = '$deleteFromPrimitiveList/'
const ORDER = '$setElementOrder/'

/** Strategic merge patch, for builtin kinds. The result shares no part with the patch. */
export function strategicMerge(target: Fields, patch: Fields, holder = ''): Fields {
  if (patch['$patch'] === 'replace') return withoutDirectives(patch)
  if (patch['$patch'] === 'delete') return {}
  const retained = patch['$retainKeys']
  const merged: Fields = Array.isArray(retained)
    ? Object.fromEntries(Object.entries(target).filter(([name]) => retained.includes(name)))
    : { ...target }
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith(DELETE_FROM)) {
      const name = field.slice(DELETE_FROM.length)
      merged[name] = listOf(merged[name]).filter((item) => !listOf(value).some((gone) => isEqual(gone, item)))
    } else if (field.startsWith('$')) continue
    else if (value === null) delete merged[field]
    else merged[field] = mergeField(merged[field], value, field, holder)
  }
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith(ORDER)) {
      const name = field.slice(ORDER.length)
      if (Array.isArray(merged[name])) merged[name] = inOrder(merged[name], listOf(value), keyFor(name, holder))
    }
  }
  return merged
}

function mergeField(target: unknown, value: unknown, field: string, holder: string): unknown {
  if (Array.isArray(value)) {
    const key = keyFor(field, holder)
    if (SETS.has(field)) return [...new Set([...listOf(target), ...value])]
    return key === undefined ? copyOf(value) : mergeList(listOf(target), value, key, field)
  }
  if (!isFields(value)) return value
  return strategicMerge(isFields(target) ? target : {}, value, field)
}

const keyFor = (field: string, holder: string): string | undefined => {
  const key = `${field} in ${holder}`
  return MERGE_KEYS[key] ?? MERGE_KEYS[field]
}

function mergeList(target: readonly unknown[], patch: readonly unknown[], key: string, field: string): unknown[] {
  const items = patch.filter(isFields)
  if (items.some((item) => item['$patch'] === 'replace' && !Object.hasOwn(item, key))) {
    return items.filter((item) => item['$patch'] === undefined).map(copyOf)
  }
  let merged = [...target]
  for (const item of items) {
    const id = item[key]
    const index = merged.findIndex((other) => isFields(other) && isEqual(other[key], id))
    if (item['$patch'] === 'delete') {
      if (index >= 0) merged = merged.toSpliced(index, 1)
    } else if (index < 0) merged.push(strategicMerge({}, item, field))
    else merged[index] = strategicMerge(merged[index] as Fields, item, field)
  }
  return merged
}

/** Items named in `order` as they come there, the others after them. */
function inOrder(list: readonly unknown[], order: readonly unknown[], key: string | undefined): unknown[] {
  const idOf = (item: unknown): unknown => (key !== undefined && isFields(item) ? item[key] : item)
  const rank = (item: unknown): number => {
    const index = order.findIndex((other) => isEqual(idOf(other), idOf(item)))
    return index < 0 ? order.length : index
  }
  return [...list].sort((a, b) => rank(a) - rank(b))
}

function withoutDirectives(patch: Fields): Fields {
  return Object.fromEntries(Object.entries(copyOf(patch)).filter(([field]) => !textOf(field).startsWith('$')))
}
