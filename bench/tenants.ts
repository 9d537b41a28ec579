/** What measurements of many tenants stand on: a real kube-apiserver, git http-backend, and the bundled operator as a process. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { bundle } from '../scripts/bundle.ts'
import { startOperatorProcess } from '../test/chaos/operator-process.ts'
import { connectApi } from '../test/e2e/harness/api.ts'
import type { Api, KubeObject } from '../test/e2e/harness/api.ts'
import { startCluster } from '../test/kit/cluster/index.ts'
import type { RunningProcess } from '../test/kit/process/index.ts'
import { startRemote } from '../test/kit/remote/index.ts'
import type { Remote } from '../test/kit/remote/index.ts'
import { profileOptions } from './process-usage.ts'

/** The user that the operator is at the API server. */
export const OPERATOR = 'operator'
const PATIENCE = 600_000
const AT_ONCE = 16

export interface TenantWorld {
  readonly api: Api
  readonly remote: Remote
  readonly operator: RunningProcess
  stop(): Promise<void>
}

/**
 * Namespaces with their ConfigMaps and an account that may read them, and the operator reconciling nothing yet.
 * @param options.profile name of the CPU profile that `BENCH_PROFILE` asks for
 */
export async function startTenants(
  namespaces: readonly string[],
  options: { readonly configMapsEach: number; readonly profile: string; readonly apiServerFlags?: readonly string[] },
): Promise<TenantWorld> {
  const { configMapsEach, profile, apiServerFlags = [] } = options
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-tenants-'))
  const script = await bundle('gitsync-operator', scratch)
  const cluster = await startCluster({ apiServerFlags: [...apiServerFlags] })
  const api = connectApi(cluster.url, { ca: cluster.ca, token: cluster.token('admin') })
  const remote = await startRemote()
  await cluster.kubectl(['apply', '--server-side', '-f', join(import.meta.dirname, '../crds')])
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'])
  await cluster.kubectl(['create', 'clusterrolebinding', OPERATOR, '--clusterrole=cluster-admin', `--user=${OPERATOR}`])
  for (const step of [0, 1]) {
    await each(namespaces, async (name) => {
      for (const object of tenant(name, configMapsEach)[step] ?? []) await api.create(object)
    })
  }
  const nodeOptions = profileOptions(profile)
  const operator = await startOperatorProcess({ kubeconfig: cluster.kubeconfig(OPERATOR), script, nodeOptions })
  const stop = async (): Promise<void> => {
    await operator.stop()
    await remote.stop()
    api.close()
    await cluster.stop()
    await rm(scratch, { recursive: true, force: true })
  }
  try {
    await until('the operator reconciles', () => /is held: reconciling/.test(operator.output()))
  } catch (error) {
    await stop()
    throw error
  }
  return { api, remote, operator, stop }
}

export async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items]
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${PATIENCE / 1000} s`)
    await pause(50)
  }
}

export async function readyCount(api: Api): Promise<number> {
  const { body } = await api.send('GET', '/apis/gitsync.dev/v1alpha1/gitsyncs')
  const { items } = body as { readonly items: readonly KubeObject[] }
  return items.filter(({ status }: any) =>
    status?.conditions?.some(({ type, status: value }: any) => type === 'Ready' && value === 'True'),
  ).length
}

/** What is there before the GitSync: the namespace, then what is in it. */
function tenant(namespace: string, configMaps: number): readonly (readonly KubeObject[])[] {
  const metadata = { name: 'auditor', namespace }
  const rbac = 'rbac.authorization.k8s.io'
  return [
    [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }],
    [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'Role',
        metadata,
        rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] }],
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: rbac, kind: 'Role', name: 'auditor' },
        subjects: [{ kind: 'ServiceAccount', name: 'auditor', namespace }],
      },
      ...Array.from({ length: configMaps }, (_, index) => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `settings-${index}`, namespace },
        data: { tenant: namespace, index: String(index) },
      })),
    ],
  ]
}

/** A GitSync of all ConfigMaps of a namespace. */
export const gitsync = (namespace: string, url: string): KubeObject => ({
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'GitSync',
  metadata: { name: 'all', namespace },
  spec: {
    repository: { url, branch: 'main', path: `tenants/${namespace}` },
    serviceAccountName: 'auditor',
    resources: [{ kind: 'ConfigMap' }],
  },
})
