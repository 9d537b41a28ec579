import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import type { Io } from '@gitsync/protocol/cli'
import { isNamespaceName } from '../../api/fields.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { Discovery } from '../../kube/discovery.ts'
import { VERSION } from '../../version.ts'

/** Under this name fields are owned that a command of a person writes. */
export const FIELD_MANAGER = 'kubectl-gitsync'

/** As kubectl has them. */
export interface ClusterFlags {
  readonly namespace?: string
  readonly context?: string
  readonly kubeconfig?: string
}

/** The cluster as the user of the kubeconfig sees it: with their rights, and no others. */
export interface Cluster {
  readonly client: KubeClient
  readonly discovery: Discovery
  /** `--namespace`, else the context's. */
  readonly namespace: string
}

export function parseNamespace(value: string): string {
  if (isNamespaceName(value)) return value
  throw new InvalidArgumentError('It must be a namespace: lower case letters, digits and -, 63 at most.')
}

export function addClusterOptions(command: Command, namespace = "namespace of the GitSync (default: the context's)") {
  return command
    .option('-n, --namespace <name>', namespace, parseNamespace)
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--kubeconfig <file>', 'default: KUBECONFIG, else ~/.kube/config')
}

/**
 * Runs one verb's work on the cluster; its connections are closed afterwards.
 * @throws KubeError, and what the work throws
 */
export async function withCluster<T>(
  flags: ClusterFlags,
  { env }: Pick<Io, 'env'>,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  // Help, completion and what is wrong with the command line need no client.
  const [{ createKubeClient }, { loadConnection }, { createDiscovery }] = await Promise.all([
    import('../../kube/client.ts'),
    import('../../kube/connection.ts'),
    import('../../kube/discovery.ts'),
  ])
  const connection = await loadConnection({
    kubeconfig: flags.kubeconfig,
    context: flags.context,
    fallback: join(env['HOME'] ?? homedir(), '.kube', 'config'),
    env,
  })
  const client = createKubeClient(connection, { userAgent: `${FIELD_MANAGER}/${VERSION}` })
  try {
    const namespace = flags.namespace ?? connection.namespace
    return await work({ client, namespace, discovery: createDiscovery(client) })
  } finally {
    await client.close()
  }
}
