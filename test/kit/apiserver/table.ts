import { convert } from './convert.ts'
import { at, fieldsOf, isFields, isRawNumber, listOf, textOf, toNumber, type Fields } from './json.ts'
import { evaluate } from './json-path.ts'
import type { Resource } from './kinds.ts'
import type { KubeObject } from './object.ts'
import type { Stored } from './store.ts'

interface Column {
  readonly name: string
  readonly type: string
  readonly format?: string
  readonly description?: string
  readonly priority?: number
  readonly cell: (object: KubeObject, now: Date) => unknown
}

export type IncludeObject = 'None' | 'Metadata' | 'Object'

const count = (value: unknown): number => (isFields(value) ? Object.keys(value).length : listOf(value).length)
const text =
  (...path: string[]) =>
  (object: KubeObject): unknown =>
    cellValue(at(object, ...path))
const number =
  (...path: string[]) =>
  (object: KubeObject): number =>
    toNumber(at(object, ...path)) ?? 0
const column = (name: string, cell: Column['cell'], type = 'string'): Column => ({ name, type, cell })

const NAME: Column = { name: 'Name', type: 'string', format: 'name', cell: (object) => object.metadata.name }
const AGE = column('Age', (object, now) => age(object.metadata.creationTimestamp, now))

const ready = (object: KubeObject): string =>
  `${toNumber(at(object, 'status', 'readyReplicas')) ?? 0}/${toNumber(at(object, 'spec', 'replicas')) ?? 0}`

const ports = (object: KubeObject): string =>
  listOf(at(object, 'spec', 'ports'))
    .map(fieldsOf)
    .map((port) => `${String(cellValue(port['port']))}/${textOf(port['protocol'])}`)
    .join(',') || '<none>'

/** The columns between Name and Age of builtin kinds; the others have none. */
const COLUMNS: Record<string, readonly Column[]> = {
  ConfigMap: [column('Data', (object) => count(object['data']) + count(object['binaryData']), 'integer')],
  Secret: [column('Type', text('type')), column('Data', (object) => count(object['data']), 'integer')],
  Namespace: [column('Status', text('status', 'phase'))],
  Pod: [
    column('Ready', (object) => {
      const statuses = listOf(at(object, 'status', 'containerStatuses'))
      return `${statuses.filter((status) => at(status, 'ready') === true).length}/${count(at(object, 'spec', 'containers'))}`
    }),
    column('Status', (object) =>
      object.metadata.deletionTimestamp === undefined ? text('status', 'phase')(object) : 'Terminating',
    ),
    column('Restarts', () => '0'),
  ],
  Service: [
    column('Type', text('spec', 'type')),
    column('Cluster-IP', text('spec', 'clusterIP')),
    column('External-IP', () => '<none>'),
    column('Port(s)', ports),
  ],
  Deployment: [
    column('Ready', ready),
    column('Up-to-date', number('status', 'updatedReplicas'), 'integer'),
    column('Available', number('status', 'availableReplicas'), 'integer'),
  ],
  StatefulSet: [column('Ready', ready)],
  ReplicaSet: [
    column('Desired', number('spec', 'replicas'), 'integer'),
    column('Current', number('status', 'replicas'), 'integer'),
    column('Ready', number('status', 'readyReplicas'), 'integer'),
  ],
  DaemonSet: [
    column('Desired', number('status', 'desiredNumberScheduled'), 'integer'),
    column('Current', number('status', 'currentNumberScheduled'), 'integer'),
    column('Ready', number('status', 'numberReady'), 'integer'),
  ],
  Job: [
    column(
      'Completions',
      (object) => `${number('status', 'succeeded')(object)}/${number('spec', 'completions')(object)}`,
    ),
  ],
  CronJob: [
    column('Schedule', text('spec', 'schedule')),
    column('Suspend', (object) => (at(object, 'spec', 'suspend') === true ? 'True' : 'False')),
  ],
  ServiceAccount: [],
  RoleBinding: [column('Role', roleRef)],
  ClusterRoleBinding: [column('Role', roleRef)],
  Lease: [column('Holder', text('spec', 'holderIdentity'))],
  StorageClass: [column('Provisioner', text('provisioner')), column('ReclaimPolicy', text('reclaimPolicy'))],
  PriorityClass: [column('Value', text('value'), 'integer')],
  Ingress: [column('Class', text('spec', 'ingressClassName'))],
  PersistentVolumeClaim: [
    column('Status', text('status', 'phase')),
    column('StorageClass', text('spec', 'storageClassName')),
  ],
}
const EVENT: readonly Column[] = [
  column('Last Seen', (object, now) => age(textOf(object['lastTimestamp']) || textOf(object['eventTime']), now)),
  column('Type', text('type')),
  column('Reason', text('reason')),
  column('Object', (object) => {
    const about = fieldsOf(object['involvedObject'] ?? object['regarding'])
    return `${textOf(about['kind']).toLowerCase()}/${textOf(about['name'])}`
  }),
  column('Message', (object) => object['message'] ?? object['note'] ?? ''),
]
const DEFINITION: readonly Column[] = [
  NAME,
  column('Created At', (object) => object.metadata.creationTimestamp ?? '', 'date'),
]

function roleRef(object: KubeObject): string {
  const reference = fieldsOf(object['roleRef'])
  return `${textOf(reference['kind'])}/${textOf(reference['name'])}`
}

function columnsOf(resource: Resource): readonly Column[] {
  if (resource.custom === undefined) {
    if (resource.kind === 'Event') return EVENT
    if (resource.kind === 'CustomResourceDefinition') return DEFINITION
    return [NAME, ...(COLUMNS[resource.kind] ?? []), AGE]
  }
  const own = resource.custom.columns.map(({ jsonPath, ...definition }): Column => {
    const cell = (object: KubeObject, now: Date): unknown => {
      const [value] = evaluate(jsonPath, object)
      if (value === undefined || value === null) return null
      return definition.type === 'date' ? age(textOf(value), now) : typedCell(value, definition.type)
    }
    return { ...definition, cell }
  })
  return [NAME, ...own]
}

/** Objects as the Table that `kubectl get` prints. */
export function tableOf(
  items: readonly Stored[],
  resource: Resource,
  metadata: Fields,
  include: IncludeObject,
  now: Date,
): Fields {
  const columns = columnsOf(resource)
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, type, format = '', description = '', priority = 0 }) => ({
      name,
      type,
      format,
      description,
      priority,
    })),
    rows: items.map((stored) => {
      const object = convert(stored.object, resource)
      const cells = columns.map(({ cell }) => cell(object, now) ?? null)
      return { cells, ...(include === 'None' ? {} : { object: include === 'Object' ? object : partialOf(object) }) }
    }),
  }
}

/** Only the metadata of an object. */
export const partialOf = ({ metadata }: KubeObject): Fields => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
})

function cellValue(value: unknown): unknown {
  if (isRawNumber(value)) return value
  return value === undefined || value === null ? '<none>' : value
}

function typedCell(value: unknown, type: string): unknown {
  if (type === 'string' && typeof value === 'object' && !isRawNumber(value)) return JSON.stringify(value)
  if (type === 'string' && typeof value !== 'string') return String(isRawNumber(value) ? value.rawJSON : value)
  return value
}

const UNITS = [
  ['d', 86_400, 2],
  ['h', 3_600, 3],
  ['m', 60, 2],
] as const

/** How long ago, as kubectl writes it for short spans: `5s`, `12m`, `7h`, `3d`. */
function age(since: string | undefined, now: Date): string {
  const start = since === undefined ? Number.NaN : Date.parse(since)
  if (Number.isNaN(start)) return '<unknown>'
  const seconds = Math.max(0, Math.floor((now.getTime() - start) / 1000))
  const unit = UNITS.find(([, size, least]) => seconds >= size * least)
  return unit === undefined ? `${seconds}s` : `${Math.floor(seconds / unit[1])}${unit[0]}`
}
