import type { GitSyncStatus } from '../../api/gitsync.ts'
import { GITSYNCS } from '../../controllers/known-resources.ts'
import { isKubeError } from '../../kube/errors.ts'
import { listAll } from '../../kube/list-pages.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import type { Cluster } from '../common/cluster.ts'
import { CommandFailure } from '../common/command-failure.ts'

/** One GitSync. @throws CommandFailure, KubeError */
export async function getGitSync({ client, namespace }: Cluster, name: string): Promise<KubernetesObject> {
  try {
    return await client.get(GITSYNCS, namespace, name)
  } catch (error) {
    if (isKubeError(error, 'NotFound'))
      throw new CommandFailure(
        'notFound',
        `there is no GitSync ${name} in namespace ${namespace}; kubectl gitsync status -A lists all`,
        { cause: error },
      )
    throw explain(error, `get gitsync ${name} in namespace ${namespace}`)
  }
}

/** GitSyncs of the namespace, or of all. @throws CommandFailure, KubeError */
export async function listGitSyncs(
  { client, namespace }: Cluster,
  options: { readonly everywhere: boolean },
): Promise<readonly KubernetesObject[]> {
  try {
    return await listAll(client, GITSYNCS, { namespace: options.everywhere ? undefined : namespace })
  } catch (error) {
    throw explain(error, options.everywhere ? 'list gitsyncs in all namespaces' : `list gitsyncs in ${namespace}`)
  }
}

/** GitSyncs of all namespaces; where this user may not list those, of the one namespace, after a note. @throws as listGitSyncs */
export async function listReachable(cluster: Cluster, note: () => void): Promise<readonly KubernetesObject[]> {
  try {
    return await listGitSyncs(cluster, { everywhere: true })
  } catch (error) {
    if (!(error instanceof CommandFailure) || error.kind !== 'permission') throw error
    note()
    return await listGitSyncs(cluster, { everywhere: false })
  }
}

/** Of a GitSync that no operator has seen it is empty. */
export const statusOf = (object: KubernetesObject): GitSyncStatus => object['status'] ?? {}

/** What the API server refused, in words that say what to do. */
export function explain(error: unknown, what: string): unknown {
  if (isKubeError(error, 'NotServed'))
    return new CommandFailure(
      'notFound',
      'the API server does not serve GitSyncs: install the definitions (kubectl apply -f deploy/base/crds.yaml), or choose another --context',
      { cause: error },
    )
  if (isKubeError(error, 'Forbidden'))
    return new CommandFailure(
      'permission',
      `you may not ${what}: ask for the role view (to look) or edit (to change) there (${error.details ?? error.message})`,
      { cause: error },
    )
  return error
}
