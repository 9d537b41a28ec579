/** Removes what the server keeps about an object; everything else stays, known or not. */
import { parseApiVersion, type KubernetesObject } from '../objects/object.ts'
import { ALLOCATED_FIELDS } from './allocated.ts'
import { omitKeys, updateAt, type JsonRecord } from './tree.ts'

/** Removed from `metadata` of every object. */
export const REMOVED_METADATA = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
  'ownerReferences',
]

/**
 * Removed from `metadata.annotations`: exact keys, since others with the same prefix say what somebody wants (Argo CD's
 * sync-wave, Flux's prune).
 */
export const REMOVED_ANNOTATIONS = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  'gitsync.dev/changed-by',
  'gitsync.dev/on-behalf-of',
  'argocd.argoproj.io/tracking-id',
  'argocd.argoproj.io/installation-id',
  'kustomize.toolkit.fluxcd.io/checksum',
]

/** Removed from `metadata.labels`: which Argo CD application or Flux object applied it. */
export const REMOVED_LABELS = [
  'argocd.argoproj.io/instance',
  'kustomize.toolkit.fluxcd.io/name',
  'kustomize.toolkit.fluxcd.io/namespace',
  'kustomize.toolkit.fluxcd.io/checksum',
  'helm.toolkit.fluxcd.io/name',
  'helm.toolkit.fluxcd.io/namespace',
]

const ALLOCATED_BY_KIND = Map.groupBy(ALLOCATED_FIELDS, ({ group, kind }) => `${group}/${kind}`)

export interface CleanOptions {
  /** Whether the kind has a status subresource; only then is a top-level `status` the server's. */
  readonly hasStatus: boolean
}

/** The object without server-side fields; the argument is not changed. */
export function cleanObject(object: KubernetesObject, { hasStatus }: CleanOptions): KubernetesObject {
  let rest: JsonRecord = hasStatus ? omitKeys(object, ['status']) : object
  rest = updateAt(rest, ['metadata'], (metadata) => omitKeys(metadata, REMOVED_METADATA))
  rest = updateAt(rest, ['metadata', 'annotations'], (annotations) => omitKeys(annotations, REMOVED_ANNOTATIONS))
  rest = updateAt(rest, ['metadata', 'labels'], (labels) => omitKeys(labels, REMOVED_LABELS))
  const { group } = parseApiVersion(object.apiVersion)
  for (const allocated of ALLOCATED_BY_KIND.get(`${group}/${object.kind}`) ?? []) rest = allocated.remove(rest)
  return rest as KubernetesObject
}
