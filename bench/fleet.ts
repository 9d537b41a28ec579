/**
 * Many namespaces with a GitSync each, all on one branch of one repository: the bundled operator as a process of its own, against
 * a real kube-apiserver and git http-backend. First until everything is in Git, then while nothing changes.
 *
 * `BENCH_PROFILE=DIR` leaves a CPU profile of the operator there.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { bundle } from '../scripts/bundle.ts'
import { startOperatorProcess } from '../test/chaos/operator-process.ts'
import { connectApi } from '../test/e2e/harness/api.ts'
import type { Api, KubeObject } from '../test/e2e/harness/api.ts'
import { startCluster } from '../test/kit/cluster/index.ts'
import { startRemote } from '../test/kit/remote/index.ts'
import { profileOptions, usageOf } from './process-usage.ts'

export interface FleetOptions {
  readonly gitsyncs: number
  readonly configMapsEach: number
  /** Minutes without a change that are measured afterwards. */
  readonly idleMinutes: number
}

export interface FleetResult extends FleetOptions {
  /** From the first GitSync that is created until every file is in Git. */
  readonly seconds: number
  /** Until every GitSync is Ready. */
  readonly readySeconds: number
  readonly cpuSeconds: number
  readonly peakRss: number
  readonly requests: number
  readonly up: number
  readonly down: number
  readonly commits: number
  /** Watches of ConfigMaps that were opened. */
  readonly watches: number
  readonly idle: {
    readonly seconds: number
    readonly gitRequests: number
    /** Requests to the API server that wrote something, Leases and access reviews apart. */
    readonly writes: number
    readonly leaseWrites: number
    readonly accessReviews: number
    readonly reads: number
    readonly cpuSeconds: number
  }
}

interface AuditLine {
  readonly verb: string
  readonly resource: string
}

const PATIENCE = 600_000
const AT_ONCE = 16
const OPERATOR = 'operator'
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['ResponseStarted', 'ResponseComplete', 'Panic'],
  rules: [{ level: 'Metadata', users: [OPERATOR] }, { level: 'None' }],
}

export async function benchFleet(options: FleetOptions): Promise<FleetResult> {
  const { gitsyncs, configMapsEach, idleMinutes } = options
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-fleet-'))
  const [policy, audit] = [join(scratch, 'policy.json'), join(scratch, 'audit.log')]
  await writeFile(policy, JSON.stringify(AUDIT_POLICY))
  const script = await bundle('gitsync-operator', scratch)
  const cluster = await startCluster({
    apiServerFlags: [`--audit-policy-file=${policy}`, `--audit-log-path=${audit}`, '--audit-log-mode=blocking'],
  })
  const api = connectApi(cluster.url, { ca: cluster.ca, token: cluster.token('admin') })
  const remote = await startRemote()
  const store = await remote.createRepository('audit.git')
  await cluster.kubectl(['apply', '--server-side', '-f', join(import.meta.dirname, '../crds')])
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'])
  await cluster.kubectl(['create', 'clusterrolebinding', OPERATOR, '--clusterrole=cluster-admin', `--user=${OPERATOR}`])
  const names = Array.from({ length: gitsyncs }, (_, index) => `tenant-${String(index).padStart(4, '0')}`)
  for (const step of [0, 1]) {
    await each(names, async (name) => {
      for (const object of tenant(name, configMapsEach)[step] ?? []) await api.create(object)
    })
  }
  const linesOf = async (): Promise<AuditLine[]> =>
    (await readFile(audit, 'utf8').catch(() => ''))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { verb: string; objectRef?: { resource: string } })
      .map(({ verb, objectRef }) => ({ verb, resource: objectRef?.resource ?? '' }))
  const operator = await startOperatorProcess({
    kubeconfig: cluster.kubeconfig(OPERATOR),
    script,
    nodeOptions: profileOptions(`fleet-${gitsyncs}`),
  })
  try {
    await until('the operator reconciles', () => /is held: reconciling/.test(operator.output()))
    const before = usageOf(operator.pid)
    const started = performance.now()
    const since = (): number => (performance.now() - started) / 1000
    await each(names, (name) => api.create(gitsync(name, store.url)))
    const wanted = gitsyncs * configMapsEach
    await until(`${wanted} files are in Git`, async () => (await filesIn(store)) === wanted)
    const seconds = since()
    await until('everybody is Ready', async () => (await readyCount(api)) === gitsyncs)
    const readySeconds = since()
    const after = usageOf(operator.pid)
    const requests = [...remote.requests]
    const watches = (await linesOf()).filter(({ verb, resource }) => verb === 'watch' && resource === 'configmaps')
    const commits = Number(await store.git('rev-list', '--count', 'main'))

    remote.reset()
    const quietLines = (await linesOf()).length
    const idleBegan = performance.now()
    await pause(idleMinutes * 60_000)
    const lines = (await linesOf()).slice(quietLines)
    const count = (matches: (line: AuditLine) => boolean): number => lines.filter(matches).length
    const isWrite = ({ verb }: AuditLine): boolean => ['create', 'update', 'patch', 'delete'].includes(verb)
    const isLease = ({ resource }: AuditLine): boolean => resource === 'leases'
    const isReview = ({ resource }: AuditLine): boolean => resource.endsWith('subjectaccessreviews')
    return {
      ...options,
      seconds,
      readySeconds,
      cpuSeconds: after.cpu - before.cpu,
      peakRss: after.peakRss,
      requests: requests.length,
      up: requests.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
      down: requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
      commits,
      watches: watches.length,
      idle: {
        seconds: (performance.now() - idleBegan) / 1000,
        gitRequests: remote.requests.length,
        writes: count((line) => isWrite(line) && !isLease(line) && !isReview(line)),
        leaseWrites: count((line) => isWrite(line) && isLease(line)),
        accessReviews: count(isReview),
        reads: count((line) => !isWrite(line)),
        cpuSeconds: usageOf(operator.pid).cpu - after.cpu,
      },
    }
  } finally {
    await operator.stop()
    await remote.stop()
    api.close()
    await cluster.stop()
    await rm(scratch, { recursive: true, force: true })
  }
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items]
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${PATIENCE / 1000} s`)
    await pause(50)
  }
}

async function filesIn(store: { lsTree(revision: string): Promise<readonly { readonly path: string }[]> }) {
  const files = await store.lsTree('main').catch(() => [])
  return files.filter(({ path }) => path.endsWith('.yaml')).length
}

async function readyCount(api: Api): Promise<number> {
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

const gitsync = (namespace: string, url: string): KubeObject => ({
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'GitSync',
  metadata: { name: 'all', namespace },
  spec: {
    repository: { url, branch: 'main', path: `tenants/${namespace}` },
    serviceAccountName: 'auditor',
    resources: [{ kind: 'ConfigMap' }],
  },
})
