import type { KubeClient } from '../kube/client.ts'
import type { ApiResource, Discovery } from '../kube/discovery.ts'
import { isKubeError } from '../kube/errors.ts'
import { groupKindKey, identityKey } from '../objects/object.ts'
import type { GroupKind, KubernetesObject, ObjectIdentity } from '../objects/object.ts'
import { PushFailure } from '../push/failure.ts'
import { sleep } from '../time/clock.ts'
import type { Clock } from '../time/clock.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from './known-resources.ts'

export interface DeletionProof {
  /** Whether the kind is served, and its definition is not going away with all its objects. */
  isServed(kind: GroupKind): Promise<boolean>
  /** Whether that is so, and the object itself is not found. */
  isGone(identity: ObjectIdentity): Promise<boolean>
}

/** For so long one look at a kind serves all its deletions, in milliseconds. */
const KIND_FRESH_MS = 1_000
/** The API server stops serving a kind well within this time after its definition is gone, in milliseconds. */
const UNSERVED_MS = 2_000

/**
 * Asks the API server whether an object is truly gone. Both functions reject with a PushFailure `ClusterUnavailable` when that
 * cannot be told: no answer, or no permission to ask.
 */
export function deletionProof(client: KubeClient, discovery: Discovery, clock: Clock): DeletionProof {
  const stable = new Map<string, { readonly until: number; readonly resource: Promise<ApiResource | undefined> }>()
  /** Kinds that have a definition, or were away: where none is found for them they are going away again, not built in. */
  const defined = new Set<string>()
  /** Kinds that were served for {@link UNSERVED_MS} without a definition: built in, or of an aggregated API. */
  const undefinedKinds = new Set<string>()

  const stableKind = (identity: GroupKind): Promise<ApiResource | undefined> => {
    const key = groupKindKey(identity)
    const known = stable.get(key)
    if (known !== undefined && known.until > clock.now()) return known.resource
    const resource = readKind(identity)
    stable.set(key, { until: clock.now() + KIND_FRESH_MS, resource })
    // Only answers are kept.
    resource.catch(() => stable.delete(key))
    return resource
  }

  const readKind = async ({ group, kind }: GroupKind): Promise<ApiResource | undefined> => {
    const key = groupKindKey({ group, kind })
    const resolution = await discovery.resolve({ group, kind }, { maxAgeMs: 0 })
    if (resolution.state === 'Unknown') throw resolution.error
    if (resolution.state === 'NotServed') {
      defined.add(key)
      return undefined
    }
    const { resource } = resolution
    // The group of a definition has a dot; the others are built in, and their kinds stay.
    if (!group.includes('.')) return resource
    const crd = await find(CUSTOM_RESOURCE_DEFINITIONS, undefined, `${resource.plural}.${group}`)
    if (crd !== undefined) {
      defined.add(key)
      return crd.metadata.deletionTimestamp === undefined ? resource : undefined
    }
    if (defined.has(key)) return undefined
    if (undefinedKinds.has(key)) return resource
    // It may have gone just now, with all objects, and discovery be late.
    await sleep(clock, UNSERVED_MS)
    undefinedKinds.add(key)
    return await readKind({ group, kind })
  }

  const find = async (
    resource: ApiResource,
    namespace: string | undefined,
    name: string,
  ): Promise<KubernetesObject | undefined> => {
    try {
      return await client.get(resource, namespace, name)
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined
      throw error
    }
  }

  const answer = async (about: string, ask: () => Promise<boolean>): Promise<boolean> => {
    try {
      return await ask()
    } catch (error) {
      if (isKubeError(error, 'NotServed')) return false
      const why = error instanceof Error ? error.message : String(error)
      throw new PushFailure(
        isKubeError(error, 'Forbidden') ? 'Forbidden' : 'ClusterUnavailable',
        `cannot tell whether ${about}: ${why}`,
        { cause: error },
      )
    }
  }

  return {
    isServed: (kind) => answer(`${groupKindKey(kind)} is served`, async () => (await stableKind(kind)) !== undefined),
    isGone: (identity) =>
      answer(`${identityKey(identity)} is gone`, async () => {
        const resource = await stableKind(identity)
        if (resource === undefined || resource.namespaced !== (identity.namespace !== undefined)) return false
        return (await find(resource, identity.namespace, identity.name)) === undefined
      }),
  }
}
