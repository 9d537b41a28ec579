import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectApi } from '../e2e/harness/api.ts'
import type { Api } from '../e2e/harness/api.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { startCluster } from '../kit/cluster/index.ts'
import type { Cluster } from '../kit/cluster/index.ts'
import { writeKubeconfig } from '../kit/cluster/kubeconfig.ts'
import { CHART, connectHelm } from '../kit/helm/index.ts'
import type { Helm, HelmOptions } from '../kit/helm/index.ts'
import type { Values } from './render.ts'

/** What an account asked for, and was answered: a line of the API server's audit log. */
export interface AuditLine {
  readonly user: string
  readonly verb: string
  readonly group: string
  /** With the subresource: `gitsyncs/status`. */
  readonly resource: string
  readonly namespace: string
  readonly name: string
  readonly isAllowed: boolean
}

/** A real API server, into which charts are installed. Nothing makes Pods of Deployments. */
export interface ChartCluster {
  readonly api: Api
  readonly cluster: Cluster
  helm(version?: HelmOptions['version']): Promise<Helm>
  install(helm: Helm, release: string, namespace: string, values?: Values): Promise<string>
  kubectl(args: readonly string[], input?: string): Promise<string>
  namespace(name: string, labels?: Readonly<Record<string, string>>): Promise<void>
  /** Path of a kubeconfig with a token of the account, as a Pod has one. */
  login(namespace: string, account: string): Promise<string>
  /** What the account asked for so far. */
  audit(namespace: string, account: string): Promise<readonly AuditLine[]>
  stop(): Promise<void>
}

const POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }],
}

export interface ChartClusterOptions {
  /** Further flags of kube-apiserver. */
  readonly flags?: readonly string[]
}

export async function startChartCluster(options: ChartClusterOptions = {}): Promise<ChartCluster> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-chart-'))
  const [policy, log] = [join(dir, 'policy.json'), join(dir, 'audit.log')]
  await writeFile(policy, JSON.stringify(POLICY))
  const flags = [
    `--audit-policy-file=${policy}`,
    `--audit-log-path=${log}`,
    '--audit-log-mode=blocking',
    ...(options.flags ?? []),
  ]
  const cluster = await startCluster({ apiServerFlags: flags })
  const api = connectApi(cluster.url, { ca: cluster.ca, token: cluster.token('admin') })
  const helms: Helm[] = []
  const kubectl: ChartCluster['kubectl'] = (args, input = '') => cluster.kubectl(args, { input })
  const ca = join(dir, 'ca.crt')
  await writeFile(ca, cluster.ca)
  return {
    api,
    cluster,
    kubectl,
    async helm(version = 'helm') {
      const helm = await connectHelm({ version, kubeconfig: cluster.kubeconfig() })
      helms.push(helm)
      return helm
    },
    install: (helm, release, namespace, values = {}) =>
      helm(
        ['upgrade', '--install', release, CHART, '--namespace', namespace, '--create-namespace', '--values=-'],
        JSON.stringify(values),
      ),
    async namespace(name, labels = {}) {
      await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })
    },
    async login(namespace, account) {
      const token = await kubectl(['create', 'token', account, '--namespace', namespace, '--duration=1h'])
      const path = join(dir, `${namespace}-${account}.kubeconfig`)
      await writeKubeconfig(path, { url: cluster.url, user: account, ca, login: { token: token.trim() } })
      return path
    },
    async audit(namespace, account) {
      const user = `system:serviceaccount:${namespace}:${account}`
      const text = await readFile(log, 'utf8').catch(() => '')
      return text
        .split('\n')
        .filter((line) => line.includes(user))
        .map((line) => JSON.parse(line))
        .filter((line) => line.user.username === user && line.objectRef?.resource !== undefined)
        .map(({ verb, objectRef, annotations }) => ({
          user,
          verb,
          group: objectRef.apiGroup ?? '',
          resource:
            objectRef.subresource === undefined ? objectRef.resource : `${objectRef.resource}/${objectRef.subresource}`,
          namespace: objectRef.namespace ?? '',
          name: objectRef.name ?? '',
          isAllowed: annotations['authorization.k8s.io/decision'] === 'allow',
        }))
    },
    async stop() {
      api.close()
      await Promise.all(helms.map((helm) => helm.close()))
      await cluster.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Waits until the API server's authorizer knows what an account may do: it learns that by its own watches. */
export async function until(
  { api }: ChartCluster,
  [home, account]: readonly [string, string],
  attributes: Readonly<Record<string, string>>,
  isAllowed: boolean,
): Promise<void> {
  await waitFor(`${account} ${isAllowed ? 'may' : 'may not'} ${JSON.stringify(attributes)}`, async () => {
    const { body } = await api.send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: `system:serviceaccount:${home}:${account}`,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${home}`, 'system:authenticated'],
        resourceAttributes: attributes,
      },
    })
    return body.status.allowed === isAllowed
  })
}
