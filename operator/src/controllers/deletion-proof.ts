import type { KubeClient } from '../kube/client.ts'
import type { ApiResource, Discovery } from '../kube/discovery.ts'
import { isKubeError } from '../kube/errors.ts'
import type { ObjectIdentity } from '../objects/object.ts'
import { PushFailure } from '../push/failure.ts'
import type { Clock } from '../time/clock.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from './known-resources.ts'

/** For so long one look at a kind serves all its deletions, in milliseconds. */
const KIND_FRESH_MS = 1_000

/**
 * Asks the API server whether an object is truly gone: its kind is served, its definition is not going away with all its
 * objects, and the object itself is not found. Everything else, and every doubt, means no.
 */
export function deletionProof(
  client: KubeClient,
  discovery: Discovery,
  clock: Clock,
): (identity: ObjectIdentity) => Promise<boolean> {
  const stable = new Map<string, { readonly until: number; readonly resource: Promise<ApiResource | undefined> }>()

  const stableKind = (identity: ObjectIdentity): Promise<ApiResource | undefined> => {
    const key = `${identity.kind}.${identity.group}`
    const known = stable.get(key)
    if (known !== undefined && known.until > clock.now()) return known.resource
    const resource = readKind(identity)
    stable.set(key, { until: clock.now() + KIND_FRESH_MS, resource })
    return resource
  }

  const readKind = async ({ group, kind }: ObjectIdentity): Promise<ApiResource | undefined> => {
    const resolution = await discovery.resolve({ group, kind }, { maxAgeMs: 0 })
    if (resolution.state !== 'Served') return undefined
    const { resource } = resolution
    try {
      const crd = await client.get(CUSTOM_RESOURCE_DEFINITIONS, undefined, `${resource.plural}.${group}`)
      return crd.metadata.deletionTimestamp === undefined ? resource : undefined
    } catch (error) {
      // No such definition: the kind is built in, or comes from an aggregated API.
      if (isKubeError(error, 'NotFound')) return resource
      throw error
    }
  }

  return async (identity) => {
    try {
      const resource = await stableKind(identity)
      if (resource === undefined || resource.namespaced !== (identity.namespace !== undefined)) return false
      await client.get(resource, identity.namespace, identity.name)
      return false
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return true
      if (isKubeError(error, 'Forbidden', 'NotServed')) return false
      throw new PushFailure(
        'ClusterUnavailable',
        `cannot tell whether ${identity.kind} ${identity.name} is gone: ${String(error)}`,
        {
          cause: error,
        },
      )
    }
  }
}
