import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApiServer } from '../../kit/apiserver/index.ts'
import type { EmbeddedApiServer } from '../../kit/apiserver/index.ts'
import { startCluster } from '../../kit/cluster/index.ts'
import type { Cluster } from '../../kit/cluster/index.ts'
import { component } from '../../kit/components/index.ts'
import { run } from '../../kit/process/index.ts'
import { connectApi } from './api.ts'
import type { Api, KubeObject } from './api.ts'
import type { Condition } from './gitsync.ts'
import { waitFor } from './wait-for.ts'

/** A cluster of either sort with the operator's kinds installed. */
export interface ControlPlane {
  readonly api: Api
  /** Path of an administrator's kubeconfig. */
  readonly kubeconfig: string
  /** The embedded server, with its fault switches; undefined in front of a real one. */
  readonly embedded: EmbeddedApiServer | undefined
  /** The real cluster; undefined in front of the embedded server. */
  readonly cluster: Cluster | undefined
  /** The real kubectl. Throws CommandError with what it says. */
  kubectl(args: readonly string[], input?: string): Promise<string>
  /** Deletes a namespace with all that it holds, and waits until it is gone. */
  deleteNamespace(name: string): Promise<void>
  stop(): Promise<void>
}

const CRDS = new URL('../../../crds', import.meta.url).pathname

export async function embeddedControlPlane(): Promise<ControlPlane> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-e2e-'))
  const embedded = await startApiServer()
  const kubeconfig = join(dir, 'kubeconfig')
  await embedded.writeKubeconfig(kubeconfig)
  const program = await component('kubectl')
  const api = connectApi(embedded.url)
  return await withKinds({
    api,
    kubeconfig,
    embedded,
    cluster: undefined,
    async kubectl(args, input = '') {
      const env = { PATH: process.env['PATH'], HOME: dir, KUBECONFIG: kubeconfig }
      return (await run(program, args, { env, input })).stdout.toString()
    },
    async deleteNamespace(name) {
      await api.delete({ apiVersion: 'v1', kind: 'Namespace', name })
      await waitFor(
        `namespace ${name} is gone`,
        async () => (await api.send('GET', `/api/v1/namespaces/${name}`)).code === 404,
      )
    },
    async stop() {
      api.close()
      await embedded.stop()
      await rm(dir, { recursive: true, force: true })
    },
  })
}

export async function realControlPlane(
  etcd: 'etcd' | 'etcd34',
  apiServerFlags: readonly string[] = [],
): Promise<ControlPlane> {
  const cluster = await startCluster({ etcd, apiServerFlags })
  const api = connectApi(cluster.url, { ca: cluster.ca, token: cluster.token('admin') })
  return await withKinds({
    api,
    kubeconfig: cluster.kubeconfig(),
    embedded: undefined,
    cluster,
    kubectl: (args, input = '') => cluster.kubectl(args, { input }),
    deleteNamespace: (name) => cluster.finishNamespaceDeletion(name),
    async stop() {
      api.close()
      await cluster.stop()
    },
  })
}

async function withKinds(plane: ControlPlane): Promise<ControlPlane> {
  try {
    await plane.kubectl(['apply', '-f', CRDS])
    await definitionsEstablished(plane.api)
    return plane
  } catch (error) {
    await plane.stop()
    throw error
  }
}

/** Waits until every kind that is defined is served. `kubectl wait` fails where a definition has no conditions yet. */
export async function definitionsEstablished(api: Api): Promise<void> {
  await waitFor(
    'every definition is established',
    async () => {
      const all = await api.list({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' })
      return all.length > 0 && all.every(isEstablished)
    },
    { timeout: 30_000 },
  )
}

function isEstablished({ status }: KubeObject): boolean {
  const conditions: readonly Pick<Condition, 'type' | 'status'>[] = status?.conditions ?? []
  return conditions.some(({ type, status }) => type === 'Established' && status === 'True')
}
