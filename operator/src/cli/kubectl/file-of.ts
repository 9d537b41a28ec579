import { identityKey } from '../../objects/object.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { isKubeError } from '../../kube/errors.ts'
import { DEFAULT_PATH_TEMPLATE, parseTemplate, renderPath } from '../../render/path.ts'
import type { Cluster } from '../common/cluster.ts'
import { findObject } from '../common/find-object.ts'
import type { NamedObject } from '../common/find-object.ts'
import { readOne } from '../common/wanted.ts'
import type { Resolved } from '../common/wanted.ts'

/** Where something is in a GitSync's folder. */
export interface NamedFile {
  /** Below the folder. */
  readonly path: string
  /** Undefined where a path was named. */
  readonly object: NamedObject | undefined
}

/** Names of files, as a layout gives them. */
const FILE = /\.(?:ya?ml|json)$/i

/**
 * The file of an object, also of one that is gone; or the path itself where a file below the folder is named.
 * @throws CommandFailure, KubeError
 */
export async function fileOf(text: string, resolved: Resolved, cluster: Cluster): Promise<NamedFile> {
  if (FILE.test(text)) return { path: text.replace(/^\.\//, ''), object: undefined }
  const home = resolved.gitsync.metadata.namespace ?? cluster.namespace
  const object = await findObject(text, home, cluster.discovery)
  const live = await readLive(cluster, object).catch((error: unknown) => {
    // Who may read Git but not the object has its file where the layout puts it.
    if (isKubeError(error, 'Forbidden')) return undefined
    throw error
  })
  const wanted = live === undefined ? undefined : await wantedPath(resolved, live, object)
  return { object, path: wanted ?? pathByTemplate(resolved, object) }
}

/** The object as it is now; undefined when there is none. @throws KubeError */
export async function readLive(
  { client }: Cluster,
  { resource, namespace, name }: NamedObject,
): Promise<KubernetesObject | undefined> {
  try {
    return await client.get(resource, namespace, name)
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return undefined
    throw error
  }
}

async function wantedPath(
  resolved: Resolved,
  live: KubernetesObject,
  object: NamedObject,
): Promise<string | undefined> {
  const { member } = await readOne(resolved, live, object.resource)
  return member.desired.ofObject(keyOf(object))?.path
}

export function keyOf({ resource: { group, kind }, namespace, name }: NamedObject): string {
  return identityKey(namespace === undefined ? { group, kind, name } : { group, kind, namespace, name })
}

/** For an object that is gone, or no longer selected: its file is where it was when the layout was the same. */
function pathByTemplate({ gitsync, run }: Resolved, { resource, namespace, name }: NamedObject): string {
  const { group, kind } = resource
  const selected = run.selected.find((one) => one.resource.group === group && one.resource.kind === kind)
  const { version } = selected?.resource ?? resource
  const identity = { group, kind, version, resource: resource.plural, name }
  return renderPath(
    parseTemplate(gitsync.spec.layout.template ?? DEFAULT_PATH_TEMPLATE),
    namespace === undefined ? identity : { ...identity, namespace },
  )
}
