/**
 * Fields that the cluster fills in, per kind: without them the file can be applied to a fresh cluster, and applied to this one
 * it gives back the same object. The documentation's table is made from this list.
 *
 * What stays although a server may have chosen it, because a person may have too and a fresh cluster accepts it: Service
 * nodePort, ipFamilies and ipFamilyPolicy; a Pod's default tolerations; aggregated rules of a ClusterRole.
 */
import { isRecord, omitKeys, updateAt, type Path, type JsonRecord } from './tree.ts'

export interface AllocatedFields {
  /** `''` is the core group. */
  readonly group: string
  readonly kind: string
  /** For the documentation: what is removed. */
  readonly fields: string
  /** For the documentation: why. */
  readonly why: string
  readonly remove: (object: JsonRecord) => JsonRecord
}

const at = (...path: Path): Path => path

const JOB_LABELS = ['controller-uid', 'job-name', 'batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name']
const BIND_ANNOTATIONS = [
  'pv.kubernetes.io/bind-completed',
  'pv.kubernetes.io/bound-by-controller',
  'volume.kubernetes.io/selected-node',
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
]
const TOKEN_VOLUME = /^kube-api-access-[a-z0-9]{5}$/

function removeClusterIPs(object: JsonRecord): JsonRecord {
  return updateAt(object, at('spec'), (spec) => {
    const headless = spec['clusterIP'] === 'None'
    return omitKeys(spec, headless ? ['healthCheckNodePort'] : ['clusterIP', 'clusterIPs', 'healthCheckNodePort'])
  })
}

function removeClaimBinding(object: JsonRecord): JsonRecord {
  const unbound = updateAt(object, at('metadata', 'annotations'), (annotations) =>
    omitKeys(annotations, BIND_ANNOTATIONS),
  )
  return updateAt(unbound, at('spec'), (spec) => omitKeys(spec, ['volumeName']))
}

function removeVolumeBinding(object: JsonRecord): JsonRecord {
  const unbound = updateAt(object, at('metadata', 'annotations'), (annotations) =>
    omitKeys(annotations, ['pv.kubernetes.io/bound-by-controller']),
  )
  return updateAt(unbound, at('spec', 'claimRef'), (claim) => omitKeys(claim, ['uid', 'resourceVersion']))
}

function removePodPlacement(object: JsonRecord): JsonRecord {
  return updateAt(object, at('spec'), (spec) => {
    let rest = omitKeys(spec, ['nodeName', 'priority', 'ephemeralContainers'])
    rest = withoutTokenVolume(rest, 'volumes')
    for (const containers of ['containers', 'initContainers']) {
      const list = rest[containers]
      if (!Array.isArray(list)) continue
      const cleaned = list.map((container) =>
        isRecord(container) ? withoutTokenVolume(container, 'volumeMounts') : container,
      )
      if (cleaned.some((container, i) => container !== list[i])) rest = { ...rest, [containers]: cleaned }
    }
    return rest
  })
}

function withoutTokenVolume(owner: JsonRecord, field: string): JsonRecord {
  const list = owner[field]
  if (!Array.isArray(list)) return owner
  const kept = list.filter((entry) => !(isRecord(entry) && TOKEN_VOLUME.test(String(entry['name']))))
  if (kept.length === list.length) return owner
  return kept.length === 0 ? omitKeys(owner, [field]) : { ...owner, [field]: kept }
}

function removeJobSelector(object: JsonRecord): JsonRecord {
  const spec = object['spec']
  if (isRecord(spec) && spec['manualSelector'] === true) return object
  let rest = updateAt(object, at('spec'), (inner) => omitKeys(inner, ['selector']))
  for (const path of [at('metadata', 'labels'), at('spec', 'template', 'metadata', 'labels')]) {
    rest = updateAt(rest, path, (labels) => omitKeys(labels, JOB_LABELS))
  }
  return rest
}

function removeNamespaceFinalizer(object: JsonRecord): JsonRecord {
  return updateAt(object, at('spec'), (spec) => {
    const finalizers = spec['finalizers']
    if (!Array.isArray(finalizers) || !finalizers.includes('kubernetes')) return spec
    const others = finalizers.filter((finalizer) => finalizer !== 'kubernetes')
    return others.length === 0 ? omitKeys(spec, ['finalizers']) : { ...spec, finalizers: others }
  })
}

function removeGeneratedSecrets(object: JsonRecord): JsonRecord {
  const secrets = object['secrets']
  const metadata = object['metadata']
  if (!Array.isArray(secrets) || !isRecord(metadata)) return object
  const prefix = `${String(metadata['name'])}-token-`
  const kept = secrets.filter((secret) => {
    const name = isRecord(secret) ? String(secret['name']) : ''
    return !(name.startsWith(prefix) && /^[a-z0-9]{5}$/.test(name.slice(prefix.length)))
  })
  if (kept.length === secrets.length) return object
  return kept.length === 0 ? omitKeys(object, ['secrets']) : { ...object, secrets: kept }
}

const workload = (group: string, kind: string, ...templates: readonly Path[]): AllocatedFields => ({
  group,
  kind,
  fields: templates.map((path) => [...path, 'metadata', 'creationTimestamp'].join('.')).join(', '),
  why: 'null in older servers, absent in newer ones',
  remove: (object) =>
    templates.reduce(
      (rest, path) =>
        updateAt(rest, [...path, 'metadata'], (metadata) =>
          metadata['creationTimestamp'] === null ? omitKeys(metadata, ['creationTimestamp']) : metadata,
        ),
      object,
    ),
})

function removeClaimTemplateNoise(object: JsonRecord): JsonRecord {
  return updateAt(object, at('spec'), (spec) => {
    const templates = spec['volumeClaimTemplates']
    if (!Array.isArray(templates)) return spec
    const cleaned = templates.map((template) => {
      if (!isRecord(template)) return template
      return updateAt(omitKeys(template, ['status']), at('metadata'), (metadata) =>
        metadata['creationTimestamp'] === null ? omitKeys(metadata, ['creationTimestamp']) : metadata,
      )
    })
    return cleaned.every((template, i) => template === templates[i]) ? spec : { ...spec, volumeClaimTemplates: cleaned }
  })
}

const POD_TEMPLATE = at('spec', 'template')

export const ALLOCATED_FIELDS: readonly AllocatedFields[] = [
  {
    group: '',
    kind: 'Service',
    fields: 'spec.clusterIP and spec.clusterIPs (unless None), spec.healthCheckNodePort',
    why: 'addresses and ports of this cluster; kept by the server when absent in an update',
    remove: removeClusterIPs,
  },
  {
    group: '',
    kind: 'PersistentVolumeClaim',
    fields: `spec.volumeName, annotations ${BIND_ANNOTATIONS.join(', ')}`,
    why: 'the volume it was bound to; elsewhere the claim would wait for it for ever',
    remove: removeClaimBinding,
  },
  {
    group: '',
    kind: 'PersistentVolume',
    fields: 'spec.claimRef.uid, spec.claimRef.resourceVersion, annotation pv.kubernetes.io/bound-by-controller',
    why: 'with the uid of a claim that is gone the volume is Released; namespace and name keep the pair together',
    remove: removeVolumeBinding,
  },
  {
    group: '',
    kind: 'Pod',
    fields: 'spec.nodeName, spec.priority, spec.ephemeralContainers, the kube-api-access-* volume and its mounts',
    why: 'set by scheduler, admission and debug sessions; a new Pod gets its own',
    remove: removePodPlacement,
  },
  {
    group: 'batch',
    kind: 'Job',
    fields: `unless spec.manualSelector: spec.selector, labels ${JOB_LABELS.join(', ')} of the Job and its Pod template`,
    why: 'generated from the uid; refused in a new Job',
    remove: removeJobSelector,
  },
  {
    group: '',
    kind: 'Namespace',
    fields: 'kubernetes in spec.finalizers',
    why: 'set by the server on every Namespace',
    remove: removeNamespaceFinalizer,
  },
  {
    group: '',
    kind: 'ServiceAccount',
    fields: 'entries <name>-token-xxxxx of secrets',
    why: 'token Secrets that older clusters made; they do not exist elsewhere',
    remove: removeGeneratedSecrets,
  },
  {
    group: 'apps',
    kind: 'DaemonSet',
    fields: 'annotation deprecated.daemonset.template.generation',
    why: 'counted by the server',
    remove: (object) =>
      updateAt(object, at('metadata', 'annotations'), (annotations) =>
        omitKeys(annotations, ['deprecated.daemonset.template.generation']),
      ),
  },
  {
    group: 'apps',
    kind: 'ReplicaSet',
    fields:
      'annotations deployment.kubernetes.io/desired-replicas, deployment.kubernetes.io/max-replicas, deployment.kubernetes.io/revision-history',
    why: 'book-keeping of its Deployment',
    remove: (object) =>
      updateAt(object, at('metadata', 'annotations'), (annotations) =>
        omitKeys(annotations, [
          'deployment.kubernetes.io/desired-replicas',
          'deployment.kubernetes.io/max-replicas',
          'deployment.kubernetes.io/revision-history',
        ]),
      ),
  },
  {
    group: 'apps',
    kind: 'StatefulSet',
    fields: 'status and metadata.creationTimestamp (null) of spec.volumeClaimTemplates[]',
    why: 'filled in by the server as if the template were a claim',
    remove: removeClaimTemplateNoise,
  },
  workload('apps', 'Deployment', POD_TEMPLATE),
  workload('apps', 'DaemonSet', POD_TEMPLATE),
  workload('apps', 'ReplicaSet', POD_TEMPLATE),
  workload('apps', 'StatefulSet', POD_TEMPLATE),
  workload('batch', 'Job', POD_TEMPLATE),
  workload('batch', 'CronJob', at('spec', 'jobTemplate'), at('spec', 'jobTemplate', 'spec', 'template')),
  workload('', 'ReplicationController', POD_TEMPLATE),
  workload('', 'PodTemplate', at('template')),
]
