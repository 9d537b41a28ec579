import { at, fieldsOf, isFields, textOf, type Fields } from './json.ts'
import type { KubeObject } from './object.ts'

type Defaulter = (object: KubeObject) => KubeObject

const withSpec = (
  object: KubeObject,
  defaults: Fields,
  more: (spec: Fields) => Fields = (spec) => spec,
): KubeObject => ({
  ...object,
  spec: more({ ...defaults, ...fieldsOf(object['spec']) }),
})

const each = (list: unknown, fill: (item: Fields) => Fields): unknown =>
  Array.isArray(list) ? list.map((item) => (isFields(item) ? fill(item) : item)) : list

function container(item: Fields): Fields {
  const image = textOf(item['image'])
  const latest = image.endsWith(':latest') || !/:[^/]+$/.test(image)
  return {
    ...item,
    ...(item['ports'] === undefined
      ? {}
      : { ports: each(item['ports'], (port) => ({ ...port, protocol: port['protocol'] ?? 'TCP' })) }),
    resources: item['resources'] ?? {},
    terminationMessagePath: item['terminationMessagePath'] ?? '/dev/termination-log',
    terminationMessagePolicy: item['terminationMessagePolicy'] ?? 'File',
    imagePullPolicy: item['imagePullPolicy'] ?? (latest ? 'Always' : 'IfNotPresent'),
  }
}

const podSpec = (spec: Fields, restartPolicy = 'Always'): Fields => ({
  restartPolicy,
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  securityContext: {},
  schedulerName: 'default-scheduler',
  ...spec,
  ...(spec['initContainers'] === undefined ? {} : { initContainers: each(spec['initContainers'], container) }),
  containers: each(spec['containers'], container),
})

const withTemplate = (spec: Fields, restartPolicy?: string): Fields => {
  const template = fieldsOf(spec['template'])
  const metadata = fieldsOf(template['metadata'])
  return { ...spec, template: { ...template, metadata, spec: podSpec(fieldsOf(template['spec']), restartPolicy) } }
}

const DEFAULTS: Record<string, Defaulter> = {
  Namespace: (object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      labels: { 'kubernetes.io/metadata.name': object.metadata.name, ...object.metadata.labels },
    },
    spec: { finalizers: ['kubernetes'], ...fieldsOf(object['spec']) },
    status: { phase: 'Active', ...fieldsOf(object['status']) },
  }),
  Secret: ({ stringData, ...object }) => {
    const texts = Object.entries(fieldsOf(stringData))
    const encoded = texts.map(([key, text]) => [key, Buffer.from(textOf(text)).toString('base64')])
    const data = { ...fieldsOf(object['data']), ...Object.fromEntries(encoded) }
    const hasData = object['data'] !== undefined || texts.length > 0
    return { ...object, ...(hasData ? { data } : {}), type: object['type'] ?? 'Opaque' }
  },
  Service: (object) =>
    withSpec(object, { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster' }, (spec) => ({
      ...spec,
      ports: each(spec['ports'], (port) => ({ protocol: 'TCP', targetPort: port['port'], ...port })),
    })),
  Pod: (object) => {
    const account = fieldsOf(object['spec'])['serviceAccountName'] ?? 'default'
    return {
      ...withSpec(object, { serviceAccountName: account, serviceAccount: account }, podSpec),
      status: { phase: 'Pending', ...fieldsOf(object['status']) },
    }
  },
  Deployment: (object) => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } }
    return withSpec(
      object,
      { replicas: 1, strategy, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 },
      withTemplate,
    )
  },
  ReplicaSet: (object) => withSpec(object, { replicas: 1 }, withTemplate),
  ReplicationController: (object) => withSpec(object, { replicas: 1 }, withTemplate),
  StatefulSet: (object) => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 0 } }
    const defaults = { replicas: 1, podManagementPolicy: 'OrderedReady', updateStrategy, revisionHistoryLimit: 10 }
    return withSpec(object, defaults, withTemplate)
  },
  DaemonSet: (object) => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } }
    return withSpec(object, { updateStrategy, revisionHistoryLimit: 10 }, withTemplate)
  },
  Job: (object) => {
    const uid = textOf(object.metadata.uid)
    const labels = { 'batch.kubernetes.io/controller-uid': uid }
    const defaults = {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      suspend: false,
      selector: { matchLabels: labels },
    }
    return withSpec(object, { ...defaults, completionMode: 'NonIndexed' }, (spec) => {
      const template = fieldsOf(spec['template'])
      const metadata = fieldsOf(template['metadata'])
      const marked = { ...metadata, labels: { ...fieldsOf(metadata['labels']), ...labels } }
      return withTemplate({ ...spec, template: { ...template, metadata: marked } })
    })
  },
  CronJob: (object) => {
    const limits = { successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 }
    return withSpec(object, { concurrencyPolicy: 'Allow', suspend: false, ...limits }, (spec) => {
      const jobTemplate = fieldsOf(spec['jobTemplate'])
      return { ...spec, jobTemplate: { ...jobTemplate, spec: withTemplate(fieldsOf(jobTemplate['spec'])) } }
    })
  },
  PersistentVolumeClaim: (object) => ({
    ...withSpec(object, { volumeMode: 'Filesystem' }),
    status: { phase: 'Pending', ...fieldsOf(object['status']) },
  }),
  StorageClass: (object) => ({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate', ...object }),
  PriorityClass: (object) => ({ preemptionPolicy: 'PreemptLowerPriority', ...object }),
  NetworkPolicy: (object) =>
    withSpec(object, {
      policyTypes: at(object, 'spec', 'egress') === undefined ? ['Ingress'] : ['Ingress', 'Egress'],
    }),
  HorizontalPodAutoscaler: (object) => withSpec(object, { minReplicas: 1 }),
  RoleBinding: binding,
  ClusterRoleBinding: binding,
}

const RBAC = 'rbac.authorization.k8s.io'

function binding(object: KubeObject): KubeObject {
  const subjects = each(object['subjects'], (subject) =>
    subject['kind'] === 'ServiceAccount' || subject['apiGroup'] !== undefined
      ? subject
      : { ...subject, apiGroup: RBAC },
  )
  return {
    ...object,
    roleRef: { apiGroup: RBAC, ...fieldsOf(object['roleRef']) },
    ...(subjects === undefined ? {} : { subjects }),
  }
}

/** Gives a Service without a virtual address the one it had, else the n-th of 10.96.0.0/16. */
export function withClusterIP(
  object: KubeObject,
  previous: KubeObject | undefined,
  nextNumber: () => number,
): KubeObject {
  const spec = fieldsOf(object['spec'])
  if (spec['type'] === 'ExternalName' || textOf(spec['clusterIP']) !== '') return object
  const { clusterIP: kept, clusterIPs, ipFamilies, ipFamilyPolicy } = fieldsOf(previous?.['spec'])
  if (textOf(kept) !== '') {
    return { ...object, spec: { ...spec, clusterIP: kept, clusterIPs, ipFamilies, ipFamilyPolicy } }
  }
  const n = nextNumber()
  const clusterIP = `10.96.${(n >> 8) & 255}.${n & 255}`
  const families = { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }
  return { ...object, spec: { ...families, ...spec, clusterIP, clusterIPs: [clusterIP] } }
}

/** The status of an object of which no controller has said anything. */
const NO_STATUS: Record<string, Fields> = {
  Deployment: {},
  StatefulSet: { replicas: 0, availableReplicas: 0 },
  DaemonSet: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
  ReplicaSet: { replicas: 0 },
  Job: {},
  CronJob: {},
  Service: { loadBalancer: {} },
  Ingress: { loadBalancer: {} },
}

/** What the real server fills in for a builtin kind: the fields people meet most, not all of them. */
export function withDefaults(object: KubeObject): KubeObject {
  const filled = DEFAULTS[object.kind]?.(object) ?? object
  const status = NO_STATUS[object.kind]
  return status === undefined || filled['status'] !== undefined ? filled : { ...filled, status: { ...status } }
}
