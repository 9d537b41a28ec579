import { badRequest, conflict, invalid, type ApiError, type Cause } from './errors.ts'
import { fieldsOf, isEqual, isFields, listOf, type Fields } from './json.ts'
import type { Resource } from './kinds.ts'
import type { KubeObject, Metadata } from './object.ts'

const METADATA_FIELDS = new Set(
  (
    'name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp ' +
    'deletionGracePeriodSeconds labels annotations ownerReferences finalizers managedFields'
  ).split(' '),
)

/** Metadata that only the server writes, besides the version. */
const SERVER_METADATA = ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation']

/** Removes unknown fields from metadata, in place; returns their paths. */
export function pruneMetadata(metadata: Metadata): string[] {
  const unknown = Object.keys(metadata).filter((field) => !METADATA_FIELDS.has(field))
  for (const field of unknown) delete metadata[field]
  return unknown.map((field) => `metadata.${field}`)
}

/** Metadata of a new object: what the client may choose. */
export function newMetadata(given: Metadata, name: string): Metadata {
  const metadata: Metadata = { ...given, name }
  for (const field of [...SERVER_METADATA, 'resourceVersion', 'managedFields', 'selfLink']) delete metadata[field]
  return metadata
}

/** Metadata of a changed object: the server's part stays. */
export function keepServerMetadata(current: Metadata, given: Metadata): Metadata {
  const next: Metadata = { ...given }
  for (const field of [...SERVER_METADATA, 'resourceVersion', 'managedFields', 'generateName']) {
    if (current[field] === undefined) delete next[field]
    else next[field] = current[field]
  }
  delete next['selfLink']
  return next
}

/** A change must be meant for this object, in the state it is in. Throws ApiError 400, 409, 422. */
export function checkIdentity(resource: Resource, current: KubeObject, given: KubeObject): void {
  const { name, uid, resourceVersion } = given.metadata
  if (name !== current.metadata.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${current.metadata.name})`)
  }
  if (uid !== undefined && uid !== '' && uid !== current.metadata.uid) {
    throw wrongUid(resource, name, uid, current.metadata.uid)
  }
  if (resourceVersion === undefined || resourceVersion === '') {
    if (resource.custom === undefined && resource.kind !== 'Lease') return
    const message = 'Invalid value: 0: must be specified for an update'
    throw invalid(resource.plural, resource.group, name, [
      { reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' },
    ])
  }
  if (resourceVersion !== current.metadata.resourceVersion) throw conflict(resource, name)
}

const wrongUid = (resource: Resource, name: string, wanted: string, actual: string | undefined): ApiError =>
  conflict(resource, name, `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${actual}`)

export interface Preconditions {
  readonly uid?: string
  readonly resourceVersion?: string
}

/** Throws ApiError 409. */
export function checkPreconditions(resource: Resource, current: KubeObject, wanted: Preconditions): void {
  const { uid, resourceVersion, name } = current.metadata
  if (wanted.uid !== undefined && wanted.uid !== uid) {
    const why = `the UID in the precondition (${wanted.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`
    throw conflict(resource, name, why)
  }
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) {
    const why = `the ResourceVersion in the precondition (${wanted.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`
    throw conflict(resource, name, why)
  }
}

/** A write goes either to the status or to everything else. */
export function mergeStatus(resource: Resource, current: KubeObject, given: KubeObject, isStatus: boolean): KubeObject {
  if (!resource.status) return given
  const { status: _, ...rest } = isStatus ? current : given
  const status = isStatus ? given['status'] : current['status']
  const merged: KubeObject = status === undefined ? rest : { ...rest, status }
  if (!isStatus || resource.custom !== undefined) return merged
  // Builtin kinds take annotations through their status, but not labels.
  const { labels: __, ...metadata } = given.metadata
  const { labels } = current.metadata
  return { ...merged, metadata: labels === undefined ? metadata : { ...metadata, labels } }
}

/** Whether a write to other than the status asks for something new: metadata does not count. */
export function wantsMore(resource: Resource, current: KubeObject, next: KubeObject): boolean {
  const wish = ({ metadata, ...rest }: KubeObject): Fields => ({
    ...rest,
    ...(resource.kind === 'Deployment' && resource.custom === undefined ? { annotations: metadata.annotations } : {}),
  })
  return !isEqual(wish(current), wish(next))
}

/** Marked for deletion with nothing left to wait for. */
export function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = object.metadata
  if (deletionTimestamp === undefined || finalizers.length > 0) return false
  return (
    object.apiVersion !== 'v1' ||
    object.kind !== 'Namespace' ||
    listOf(fieldsOf(object['spec'])['finalizers']).length === 0
  )
}

/** What is being deleted may lose finalizers, not gain any. */
export function checkFinalizers(current: KubeObject, next: KubeObject): Cause[] {
  if (current.metadata.deletionTimestamp === undefined) return []
  const before = current.metadata.finalizers ?? []
  const added = (next.metadata.finalizers ?? []).filter((name) => !before.includes(name))
  if (added.length === 0) return []
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`
  return [{ reason: 'FieldValueForbidden', message, field: 'metadata.finalizers' }]
}

const WORKLOADS = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'])

/** A workload needs a selector that selects its own pods, and a container. */
export function checkWorkload(object: KubeObject): Cause[] {
  if (!WORKLOADS.has(object.kind)) return []
  const spec = fieldsOf(object['spec'])
  const template = fieldsOf(spec['template'])
  const labels = fieldsOf(fieldsOf(template['metadata'])['labels'])
  const wanted = fieldsOf(fieldsOf(spec['selector'])['matchLabels'])
  const required = (field: string): Cause => ({ reason: 'FieldValueRequired', message: 'Required value', field })
  const causes = isFields(spec['selector']) ? [] : [required('spec.selector')]
  if (listOf(fieldsOf(template['spec'])['containers']).length === 0)
    causes.push(required('spec.template.spec.containers'))
  if (Object.entries(wanted).some(([key, value]) => labels[key] !== value)) {
    const message = `Invalid value: ${JSON.stringify(labels)}: \`selector\` does not match template \`labels\``
    causes.push({ reason: 'FieldValueInvalid', message, field: 'spec.template.metadata.labels' })
  }
  return causes
}
