/** Kubernetes objects as they come from the API server: only metadata has a known shape, everything else is kept as it is. */

export interface ManagedFieldsEntry {
  readonly manager?: string
  readonly operation?: string
  readonly subresource?: string
  /** Fields that it names, in the format FieldsV1. */
  readonly fieldsV1?: unknown
  /** RFC 3339 */
  readonly time?: string
}

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
  readonly ownerReferences?: readonly OwnerReference[]
  readonly managedFields?: readonly ManagedFieldsEntry[]
}

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly [field: string]: unknown
}

export interface GroupKind {
  /** '' is the core group */
  readonly group: string
  readonly kind: string
}

export interface GroupVersionKind extends GroupKind {
  readonly version: string
}

/** Names one object whatever its version; `namespace` is absent for cluster-scoped kinds. */
export interface ObjectIdentity extends GroupKind {
  readonly namespace?: string
  readonly name: string
}

/** `apps/v1` → group `apps`, version `v1`; `v1` → group ''. */
export function parseApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/')
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

/** A string that is equal for equal identities: `Deployment.apps/shop/web`, `ConfigMap/shop/settings`, `ClusterRole.rbac…//admin`. */
export function identityKey(id: ObjectIdentity): string {
  return `${groupKindKey(id)}/${id.namespace ?? ''}/${id.name}`
}

/** `Deployment.apps`; `ConfigMap` in the core group. */
export function groupKindKey(gk: GroupKind): string {
  return gk.group === '' ? gk.kind : `${gk.kind}.${gk.group}`
}
