import { METADATA_ONLY } from '../kube/client.ts'
import type { KubeClient } from '../kube/client.ts'
import type { ApiResource, Discovery } from '../kube/discovery.ts'
import { isKubeError } from '../kube/errors.ts'
import { groupKindKey, identityKey } from '../objects/object.ts'
import type { GroupKind, KubernetesObject, ObjectIdentity } from '../objects/object.ts'
import { sleep } from '../time/clock.ts'
import type { Clock } from '../time/clock.ts'
import { clusterFailure } from './cluster-failure.ts'
import { CUSTOM_RESOURCE_DEFINITIONS, isBuiltIn } from './known-resources.ts'
import { RecentAnswers } from './recent-answers.ts'

/** The longest path of an API server holds many of it. */
const MAX_NAME = 1_024

/**
 * Whether a question can be about this name (apimachinery, path segment names). A file says what its writer likes, and one that
 * fails would stop all others; without the API server's word the file stays.
 */
export const isAskable = (name: string): boolean =>
  name.length <= MAX_NAME && name.isWellFormed() && !/^\.{0,2}$|[/%]/.test(name)

export interface DeletionProof {
  /** Whether the kind is served, and its definition is not going away with all its objects. */
  isServed(kind: GroupKind): Promise<boolean>
  /** Whether that is so, and the object itself is not found. */
  isGone(identity: ObjectIdentity): Promise<boolean>
}

/** For so long one reading of what is served does for all deletions, in milliseconds: it says nothing of definitions that end. */
const SERVED_FRESH_MS = 1_000
/**
 * For so long one look at a kind does for all files of a kind that is not read any more, in milliseconds: less than the
 * operator takes to notice that a kind went.
 */
const LOOK_FRESH_MS = 100
/** The API server stops serving a kind well within this time after its definition is gone, in milliseconds. */
const UNSERVED_MS = 2_000

/**
 * Asks the API server whether an object is truly gone. Both functions reject with a PushFailure `ClusterUnavailable` when that
 * cannot be told: no answer, or no permission to ask.
 */
export function deletionProof(client: KubeClient, discovery: Discovery, clock: Clock): DeletionProof {
  const looks = new RecentAnswers<ApiResource | undefined>(clock, LOOK_FRESH_MS)
  /** Kinds that have had a definition: where none is found for them, they are going away. */
  const defined = new Set<string>()
  /** Kinds that are served, and were for {@link UNSERVED_MS}, without a definition: of an aggregated API. */
  const undefinedKinds = new Set<string>()

  /** The kind, when it is served and stays: a definition that ends is seen before the first of its objects is gone. */
  const stableKind = async ({ group, kind }: GroupKind, hasWaited = false): Promise<ApiResource | undefined> => {
    const key = groupKindKey({ group, kind })
    const resolution = await discovery.resolve({ group, kind }, { maxAgeMs: hasWaited ? 0 : SERVED_FRESH_MS })
    if (resolution.state === 'Unknown') throw resolution.error
    if (resolution.state === 'NotServed') {
      undefinedKinds.delete(key)
      return undefined
    }
    const { resource } = resolution
    if (isBuiltIn(group)) return resource
    const definition = await find(CUSTOM_RESOURCE_DEFINITIONS, undefined, `${resource.plural}.${group}`, METADATA_ONLY)
    if (definition !== undefined) {
      defined.add(key)
      return definition.metadata.deletionTimestamp === undefined ? resource : undefined
    }
    if (defined.has(key)) return undefined
    if (undefinedKinds.has(key)) return resource
    if (!hasWaited) {
      // It may have gone just now, with all objects, and discovery be late.
      await sleep(clock, UNSERVED_MS)
      return await stableKind({ group, kind }, true)
    }
    undefinedKinds.add(key)
    return resource
  }

  const find = async (
    resource: ApiResource,
    namespace: string | undefined,
    name: string,
    accept?: string,
  ): Promise<KubernetesObject | undefined> => {
    try {
      return await client.get(resource, namespace, name, accept === undefined ? {} : { accept })
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
      throw clusterFailure(`cannot tell whether ${about}`, error)
    }
  }

  return {
    isServed: (kind) =>
      answer(
        `${groupKindKey(kind)} is served`,
        async () => (await looks.of(groupKindKey(kind), () => stableKind(kind))) !== undefined,
      ),
    isGone: (identity) =>
      answer(`${identityKey(identity)} is gone`, async () => {
        // Looked at for each: what was seen before this object went does not tell why it did.
        const resource = await stableKind(identity)
        if (resource === undefined || resource.namespaced !== (identity.namespace !== undefined)) return false
        return isAskable(identity.name) && (await find(resource, identity.namespace, identity.name)) === undefined
      }),
  }
}
