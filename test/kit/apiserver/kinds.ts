import type { PrinterColumn } from './printer-column.ts'
import type { Schema } from './schema.ts'

/** One served resource: a kind in one group and version. */
export interface Resource {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly listKind: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  /** Has a `status` subresource: writes to the object leave status alone, and the other way round. */
  readonly status: boolean
  readonly scale?: ScalePaths
  /** Whether metadata.generation is kept at all; builtin kinds differ, custom ones always have it. */
  readonly generation: boolean
  /** Dotted paths that fieldSelector accepts besides metadata.name and metadata.namespace. */
  readonly selectable: readonly string[]
  /** Where the objects are kept: versions of one kind share it. */
  readonly storage: string
  /** Answers a POST with a computed object and stores nothing. */
  readonly review: boolean
  readonly custom?: CustomResource
}

export interface ScalePaths {
  readonly spec: readonly string[]
  readonly status: readonly string[]
  readonly selector?: readonly string[]
}

/** What only resources defined by a CustomResourceDefinition have. */
export interface CustomResource {
  readonly definition: string
  readonly schema: Schema
  readonly columns: readonly PrinterColumn[]
}

interface Traits {
  readonly short?: string
  readonly status?: boolean
  readonly scale?: boolean
  readonly generation?: boolean
  readonly all?: boolean
  readonly fields?: readonly string[]
  readonly storage?: string
  readonly review?: boolean
}

type Row = readonly [plural: string, kind: string, traits?: Traits]

const EVENT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
const CORE_EVENT_FIELDS = [...EVENT_FIELDS.map((name) => `involvedObject.${name}`), 'reason', 'type', 'source']
const POD_FIELDS = [
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'status.phase',
  'status.podIP',
]
const WORKLOAD: Traits = { status: true, generation: true, all: true }
const SCALED: Traits = { ...WORKLOAD, scale: true }

const NAMESPACED: Record<string, readonly Row[]> = {
  v1: [
    ['bindings', 'Binding', { review: true }],
    ['configmaps', 'ConfigMap', { short: 'cm' }],
    ['endpoints', 'Endpoints', { short: 'ep' }],
    ['events', 'Event', { short: 'ev', fields: CORE_EVENT_FIELDS, storage: '/events' }],
    ['limitranges', 'LimitRange', { short: 'limits' }],
    ['persistentvolumeclaims', 'PersistentVolumeClaim', { short: 'pvc', status: true }],
    ['pods', 'Pod', { short: 'po', status: true, generation: true, all: true, fields: POD_FIELDS }],
    ['podtemplates', 'PodTemplate'],
    ['replicationcontrollers', 'ReplicationController', { ...SCALED, short: 'rc', fields: ['status.replicas'] }],
    ['resourcequotas', 'ResourceQuota', { short: 'quota', status: true }],
    ['secrets', 'Secret', { fields: ['type'] }],
    ['serviceaccounts', 'ServiceAccount', { short: 'sa' }],
    ['services', 'Service', { short: 'svc', status: true, all: true, fields: ['spec.clusterIP', 'spec.type'] }],
  ],
  'apps/v1': [
    ['controllerrevisions', 'ControllerRevision'],
    ['daemonsets', 'DaemonSet', { ...WORKLOAD, short: 'ds' }],
    ['deployments', 'Deployment', { ...SCALED, short: 'deploy' }],
    ['replicasets', 'ReplicaSet', { ...SCALED, short: 'rs', fields: ['status.replicas'] }],
    ['statefulsets', 'StatefulSet', { ...SCALED, short: 'sts' }],
  ],
  'batch/v1': [
    ['cronjobs', 'CronJob', { ...WORKLOAD, short: 'cj' }],
    ['jobs', 'Job', { ...WORKLOAD, fields: ['status.successful'] }],
  ],
  'autoscaling/v2': [
    ['horizontalpodautoscalers', 'HorizontalPodAutoscaler', { short: 'hpa', status: true, all: true }],
  ],
  'autoscaling/v1': [
    ['horizontalpodautoscalers', 'HorizontalPodAutoscaler', { short: 'hpa', status: true, all: true }],
  ],
  'networking.k8s.io/v1': [
    ['ingresses', 'Ingress', { short: 'ing', status: true, generation: true }],
    ['networkpolicies', 'NetworkPolicy', { short: 'netpol', generation: true }],
  ],
  'policy/v1': [['poddisruptionbudgets', 'PodDisruptionBudget', { short: 'pdb', status: true, generation: true }]],
  'rbac.authorization.k8s.io/v1': [
    ['rolebindings', 'RoleBinding'],
    ['roles', 'Role'],
  ],
  'storage.k8s.io/v1': [['csistoragecapacities', 'CSIStorageCapacity']],
  'coordination.k8s.io/v1': [['leases', 'Lease']],
  'discovery.k8s.io/v1': [['endpointslices', 'EndpointSlice', { generation: true }]],
  'events.k8s.io/v1': [
    [
      'events',
      'Event',
      {
        short: 'ev',
        fields: [...EVENT_FIELDS.map((name) => `regarding.${name}`), 'reason', 'type'],
        storage: '/events',
      },
    ],
  ],
  'authorization.k8s.io/v1': [['localsubjectaccessreviews', 'LocalSubjectAccessReview', { review: true }]],
}

const CLUSTER: Record<string, readonly Row[]> = {
  v1: [
    ['namespaces', 'Namespace', { short: 'ns', status: true, fields: ['status.phase'] }],
    ['nodes', 'Node', { short: 'no', status: true, fields: ['spec.unschedulable'] }],
    ['persistentvolumes', 'PersistentVolume', { short: 'pv', status: true }],
  ],
  'networking.k8s.io/v1': [['ingressclasses', 'IngressClass', { generation: true }]],
  'rbac.authorization.k8s.io/v1': [
    ['clusterrolebindings', 'ClusterRoleBinding'],
    ['clusterroles', 'ClusterRole'],
  ],
  'storage.k8s.io/v1': [
    ['csidrivers', 'CSIDriver'],
    ['csinodes', 'CSINode'],
    ['storageclasses', 'StorageClass', { short: 'sc' }],
    ['volumeattachments', 'VolumeAttachment', { status: true }],
  ],
  'scheduling.k8s.io/v1': [['priorityclasses', 'PriorityClass', { short: 'pc', generation: true }]],
  'node.k8s.io/v1': [['runtimeclasses', 'RuntimeClass']],
  'admissionregistration.k8s.io/v1': [
    ['mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', { generation: true }],
    ['validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', { generation: true }],
    ['validatingadmissionpolicies', 'ValidatingAdmissionPolicy', { generation: true, status: true }],
    ['validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', { generation: true }],
  ],
  'apiextensions.k8s.io/v1': [
    ['customresourcedefinitions', 'CustomResourceDefinition', { short: 'crd,crds', status: true, generation: true }],
  ],
  'apiregistration.k8s.io/v1': [['apiservices', 'APIService', { status: true, fields: ['spec.group'] }]],
  'authentication.k8s.io/v1': [
    ['selfsubjectreviews', 'SelfSubjectReview', { review: true }],
    ['tokenreviews', 'TokenReview', { review: true }],
  ],
  'authorization.k8s.io/v1': [
    ['selfsubjectaccessreviews', 'SelfSubjectAccessReview', { review: true }],
    ['selfsubjectrulesreviews', 'SelfSubjectRulesReview', { review: true }],
    ['subjectaccessreviews', 'SubjectAccessReview', { review: true }],
  ],
}

const WORKLOAD_SCALE: ScalePaths = {
  spec: ['spec', 'replicas'],
  status: ['status', 'replicas'],
  selector: ['spec', 'selector'],
}

function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/')
  if (slash < 0) return { group: '', version: apiVersion }
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

export const apiVersionOf = (resource: { readonly group: string; readonly version: string }): string =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`

function builtin(apiVersion: string, namespaced: boolean, [plural, kind, traits = {}]: Row): Resource {
  const { group, version } = splitApiVersion(apiVersion)
  return {
    group,
    version,
    plural,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    namespaced,
    shortNames: traits.short?.split(',') ?? [],
    categories: traits.all === true ? ['all'] : [],
    status: traits.status ?? false,
    ...(traits.scale === true ? { scale: WORKLOAD_SCALE } : {}),
    generation: traits.generation ?? false,
    selectable: traits.fields ?? [],
    storage: traits.storage ?? `${group}/${plural}`,
    review: traits.review ?? false,
  }
}

const rowsOf = (table: Record<string, readonly Row[]>, namespaced: boolean): Resource[] =>
  Object.entries(table).flatMap(([apiVersion, rows]) => rows.map((row) => builtin(apiVersion, namespaced, row)))

/** Every kind served without a CustomResourceDefinition; the preferred version of a group comes first. */
export const BUILTIN: readonly Resource[] = [...rowsOf(NAMESPACED, true), ...rowsOf(CLUSTER, false)]
