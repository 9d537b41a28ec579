import { standsForMany } from '../../api/dashboard.ts'
import { dashboardSpec } from '../../api/parse.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { isKubeError } from '../../kube/errors.ts'
import { counted } from '../../controllers/counted.ts'
import type { Runtime } from '../../controllers/runtime.ts'
import type { Cluster } from '../common/cluster.ts'
import { CommandFailure } from '../common/command-failure.ts'
import { findObject } from '../common/find-object.ts'
import type { NamedObject } from '../common/find-object.ts'
import { readOne } from '../common/wanted.ts'
import { findPlace, isOwnDashboard, pathByLayout, pathByStatus } from './place-of.ts'
import type { Folder } from './with-folder.ts'

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
 * @throws CommandFailure, KubeError, GitError
 */
export async function fileOf(text: string, folder: Folder, cluster: Cluster): Promise<NamedFile> {
  if (FILE.test(text)) return { path: text.replace(/^\.\//, ''), object: undefined }
  const home = folder.resolved.gitsync.metadata.namespace ?? cluster.namespace
  const object = await findObject(text, home, cluster.discovery)
  return { object, path: await filePath(object, folder, cluster) }
}

/** The path of an object's file, below the folder. @throws CommandFailure, KubeError, GitError */
export async function filePath(
  object: NamedObject,
  { resolved, repository }: Pick<Folder, 'resolved' | 'repository'>,
  cluster: Cluster,
): Promise<string> {
  const live = await readLive(cluster, object).catch((error: unknown) => {
    // Who may read Git but not the object has its file where the layout puts it.
    if (isKubeError(error, 'Forbidden')) return undefined
    throw error
  })
  if (live !== undefined) {
    const { member, feeds } = await readOne(resolved, live, object.resource)
    const spec = isOwnDashboard(resolved, object, live) ? dashboardSpec(live) : undefined
    if (spec !== undefined && standsForMany(spec.source)) throw ofMany(object, feeds)
    const place = await findPlace(member, object, { repository, resolved })
    if (place !== undefined) return place.path
    if (isOwnDashboard(resolved, object, live)) {
      const path = pathByStatus(resolved, live)
      if (path !== undefined) return path
      throw new CommandFailure('notFound', `Dashboard ${object.name} has no file yet: kubectl describe it`)
    }
  }
  return await pathByLayout(resolved, object, live)
}

function ofMany({ name }: NamedObject, feeds: Runtime['feeds']): CommandFailure {
  const known = feeds.stateOf(name)?.files.size
  const files = known === undefined ? 'many files' : counted(known, 'file', 'files')
  const remedy = 'name one of them by its path below the folder, as in dashboards/nodes.json'
  return new CommandFailure('usage', `Dashboard ${name} stands for ${files}: ${remedy}`)
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
