import { isKubeError } from '../../kube/errors.ts'
import { resourcePath } from '../../kube/resource.ts'
import type { ApiResource } from '../../kube/resource.ts'
import { groupKindKey, parseApiVersion } from '../../objects/object.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { cleanObject } from '../../render/clean.ts'
import { parsePointer, removeIgnored } from '../../render/ignore.ts'
import { renderObject } from '../../render/render.ts'
import { FIELD_MANAGER } from '../common/cluster.ts'
import type { Cluster } from '../common/cluster.ts'
import { CommandFailure } from '../common/command-failure.ts'
import { filePath, readLive } from './file-of.ts'
import { keyOf } from './place-of.ts'
import type { Folder } from './with-folder.ts'
import type { NamedObject } from '../common/find-object.ts'
import { findWithheld, pick, readObjects } from './read-file.ts'
import type { Version } from './version-of.ts'
import { readOne } from '../common/wanted.ts'
import type { Resolved } from '../common/wanted.ts'

/** An old version of an object, fit to be applied. */
export interface Restorable {
  readonly object: KubernetesObject
  readonly resource: ApiResource
  readonly live: KubernetesObject | undefined
}

/**
 * What a version of a file holds, without what is the server's and what the GitSync ignores.
 * @throws CommandFailure for what is no object, has another name, or lacks values that were not to be shown
 */
export async function restorable(version: Version, folder: Folder, cluster: Cluster): Promise<Restorable> {
  const { metadata, spec } = folder.resolved.gitsync
  const { namespace: home = '' } = metadata
  const objects = readObjects(version.bytes, version.path)
  const named = version.object
  const { group, kind } = named?.resource ?? {}
  const found =
    named === undefined || group === undefined || kind === undefined
      ? objects.length === 1
        ? objects[0]
        : undefined
      : pick(objects, { group, kind, namespace: named.namespace, name: named.name })
  if (found === undefined) {
    const what = named === undefined ? 'one object; name the object instead of the file' : keyOf(named)
    throw new CommandFailure('other', `${version.path} at ${version.commit} does not hold ${what}`)
  }
  const withheldAt = findWithheld(found)
  if (withheldAt !== undefined) {
    throw new CommandFailure(
      'other',
      `${version.path} is not restored: ${withheldAt} is encrypted, redacted or hashed, and applying it would overwrite the value with that. Decrypt it (sops -d) and use kubectl apply`,
    )
  }
  const resource = await servedAs(found, cluster.discovery)
  const namespace = resource.namespaced ? (found.metadata.namespace ?? home) : undefined
  const object = { resource, namespace, name: found.metadata.name }
  if (named === undefined && (await filePath(object, folder, cluster)) !== version.path) {
    const what = [groupKindKey(resource), ...(namespace === undefined ? [] : [namespace]), object.name].join('/')
    throw new CommandFailure(
      'conflict',
      `${version.path} at ${version.commit} holds ${what}, whose file it is not: name that object instead, or have kubectl gitsync show print the file`,
    )
  }
  const live = await readLive(cluster, object)
  const { metadata: own, ...fields } = restorableObject(found, { ...resource, ignore: spec.ignore })
  return {
    object: { ...fields, metadata: namespace === undefined ? own : { ...own, namespace } },
    resource,
    live,
  }
}

/** Whoever may push has a say in what is in a file: what the difference does not show is not applied. */
export function restorableObject(
  object: KubernetesObject,
  { hasStatus, ignore }: { readonly hasStatus: boolean; readonly ignore: readonly string[] },
): KubernetesObject {
  return removeIgnored(cleanObject(object, { hasStatus }), ignore.map(parsePointer))
}

async function servedAs({ apiVersion, kind }: KubernetesObject, discovery: Cluster['discovery']): Promise<ApiResource> {
  const resolution = await discovery.resolve({ ...parseApiVersion(apiVersion), kind })
  if (resolution.state === 'Served') return resolution.resource
  if (resolution.state === 'Unknown') throw resolution.error
  throw new CommandFailure('notFound', `the API server does not serve ${kind} in ${apiVersion}, which the file has`)
}

/** Fields would have to be taken over from another manager, which the message names. */
export class OwnedByOthers extends CommandFailure {
  constructor(message: string, options: ErrorOptions) {
    super('conflict', `${message}; --force-conflicts takes these fields over`, options)
  }
}

export interface ApplyOptions {
  readonly dryRun: boolean
  /** Takes fields over that another manager owns. */
  readonly force: boolean
}

/**
 * Applies an old version on the server's side. Made of what was seen before: an object that has changed meanwhile is left alone.
 * @returns the object as it is, or would be, then
 * @throws OwnedByOthers unless that is forced; CommandFailure for an object that has changed meanwhile; KubeError
 */
export async function apply(
  { client }: Cluster,
  { object, resource, live }: Restorable,
  { dryRun, force }: ApplyOptions,
): Promise<KubernetesObject> {
  const { name, namespace } = object.metadata
  const resourceVersion = live?.metadata.resourceVersion
  const body = resourceVersion === undefined ? object : { ...object, metadata: { ...object.metadata, resourceVersion } }
  try {
    return await client.request<KubernetesObject>({
      method: 'PATCH',
      path: resourcePath(resource, namespace, name),
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager: FIELD_MANAGER, force, ...(dryRun ? { dryRun: 'All' } : {}) },
      body,
    })
  } catch (error) {
    if (!isKubeError(error, 'Conflict')) throw error
    const what = `${groupKindKey(resource)} ${name}`
    if (/conflict with/.test(error.details ?? ''))
      throw new OwnedByOthers(`${what}: ${error.details}`, { cause: error })
    throw new CommandFailure('conflict', `${what} has changed just now: look at it, and try again`, { cause: error })
  }
}

/** The object's file, as the GitSync would write it; by the defaults where it does not select it. */
export async function render(resolved: Resolved, object: KubernetesObject, named: NamedObject): Promise<Uint8Array> {
  const { member } = await readOne(resolved, object, named.resource)
  const file = member.desired.ofObject(keyOf(named))
  const bytes = file === undefined ? undefined : member.spool.get(file.oid)
  const { format } = resolved.gitsync.spec.layout
  return bytes ?? renderObject(object, { format, hasStatus: named.resource.hasStatus }).bytes
}
