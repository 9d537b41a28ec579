import type { GroupVersionKind } from '../objects/object.ts'
import { KubeError } from './errors.ts'

/** One kind as the API server serves it. */
export interface ApiResource extends GroupVersionKind {
  /** The name in paths: `deployments`. */
  readonly plural: string
  /** What people type instead: `deploy`. */
  readonly shortNames?: readonly string[]
  readonly namespaced: boolean
  /** `get`, `list`, `watch`, … */
  readonly verbs: readonly string[]
  /** Whether there is a status subresource. */
  readonly hasStatus: boolean
}

/** `apps/v1`; `v1` in the core group. */
export function apiVersionOf({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? version : `${group}/${version}`
}

/**
 * The URL path of a collection, an object or its subresource. Without namespace, a namespaced kind's path spans them all.
 * @throws KubeError `BadRequest` when a namespaced object has no namespace, or a cluster-scoped one has
 */
export function resourcePath(resource: ApiResource, namespace?: string, name?: string, subresource?: string): string {
  const { group, kind, plural, namespaced } = resource
  if (namespace !== undefined && !namespaced)
    throw new KubeError('BadRequest', `${kind} has no namespace, got ${namespace}`)
  if (name !== undefined && namespaced && !namespace)
    throw new KubeError('BadRequest', `${kind} ${name} needs a namespace`)
  if (name === '') throw new KubeError('BadRequest', `${kind} needs a name`)
  const parts = [`/${group === '' ? 'api' : 'apis'}`, apiVersionOf(resource)]
  if (namespace) parts.push('namespaces', encodeURIComponent(namespace))
  parts.push(plural)
  if (name !== undefined) parts.push(encodeURIComponent(name))
  if (subresource !== undefined) parts.push(subresource)
  return parts.join('/')
}
