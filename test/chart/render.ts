import { parseAllDocuments } from 'yaml'
import { CHART } from '../kit/helm/index.ts'
import type { Helm } from '../kit/helm/index.ts'
import type { KubeObject } from '../e2e/harness/api.ts'

/** Labels of a namespace that takes only Pods of the strictest standard. */
export const RESTRICTED = { 'pod-security.kubernetes.io/enforce': 'restricted' }

export const NAMESPACE = 'gitsync-system'

export type Values = Readonly<Record<string, unknown>>

/** What the chart makes of these values, as text. Throws CommandError with helm's message. */
export function template(helm: Helm, values: Values = {}, args: readonly string[] = []): Promise<string> {
  // As the cluster of the tests serves it.
  const served = ['--api-versions', 'admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy']
  const what = ['template', 'gitsync-operator', CHART, `--namespace=${NAMESPACE}`, '--values=-', ...served, ...args]
  return helm(what, JSON.stringify(values))
}

export function objectsOf(text: string): KubeObject[] {
  return parseAllDocuments(text)
    .map((document) => {
      const [error] = document.errors
      if (error !== undefined) throw error
      return document.toJS() as KubeObject | null
    })
    .filter((object) => object !== null)
}

export async function render(helm: Helm, values: Values = {}, args: readonly string[] = []): Promise<KubeObject[]> {
  return objectsOf(await template(helm, values, args))
}

export const kindsOf = (objects: readonly KubeObject[]): string[] => objects.map(({ kind }) => kind)

export function only(objects: readonly KubeObject[], kind: string): KubeObject {
  const [found, another] = objects.filter((object) => object.kind === kind)
  if (found === undefined || another !== undefined)
    throw new Error(`not exactly one ${kind}: ${kindsOf(objects).join()}`)
  return found
}

/** Each switch of the chart on its own, and all together. */
export const MATRIX: Readonly<Record<string, Values>> = {
  defaults: {},
  'two replicas': {
    replicas: 2,
    topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
  },
  'no replica': { replicas: 0 },
  'pinned image': { image: { repository: 'registry.example/gitsync', tag: 'v1', digest: `sha256:${'a'.repeat(64)}` } },
  'no definitions': { crds: { enabled: false } },
  'definitions that go': { crds: { keep: false } },
  'own account': { serviceAccount: { create: false, name: 'mine' } },
  'no roles': { rbac: { create: false, aggregate: false } },
  'no kinds': { watch: { ordinaryKinds: false } },
  'custom kinds': { watch: { rules: [{ apiGroups: ['a.example', 'b.example'], resources: ['*'] }] } },
  secrets: { watch: { secrets: true } },
  'secrets, roles only': {
    namespaces: ['shop'],
    rbac: { rolesOnly: true },
    crds: { enabled: false },
    watch: { secrets: true },
  },
  namespaced: { namespaces: ['shop', 'billing'] },
  'roles only': { namespaces: ['shop'], rbac: { rolesOnly: true }, crds: { enabled: false } },
  monitoring: {
    metrics: {
      serviceMonitor: {
        enabled: true,
        interval: '30s',
        labels: { release: 'prom' },
        metricRelabelings: [{ action: 'labeldrop', regex: 'host' }],
      },
      prometheusRule: { enabled: true, labels: { release: 'prom' } },
      dashboard: { enabled: true, annotations: { folder: 'GitOps' } },
    },
  },
  'pod monitor': { metrics: { service: { enabled: false }, podMonitor: { enabled: true, interval: '1m' } } },
  admin: { admin: { enabled: true, heapSnapshots: true, port: 7070 } },
  'push hooks': {
    pushHooks: { enabled: true, port: 9080, secretName: 'hooks', secretKey: 'key' },
    budgetRedis: { secretName: 'budget', secretKey: 'address' },
    networkPolicy: { enabled: true },
  },
  'two replicas that are told': {
    replicas: 2,
    pushHooks: { enabled: true, secretName: 'hooks' },
    attribution: { deletions: true },
    networkPolicy: { enabled: true },
  },
  traces: {
    tracing: {
      endpoint: 'http://collector:4318',
      ratio: 0.1,
      resourceAttributes: { 'deployment.environment': 'prod' },
    },
  },
  'network policy': {
    networkPolicy: {
      enabled: true,
      gitPorts: [443, 22],
      metricsFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
      extraEgress: [{ ports: [{ port: 4318 }] }],
    },
  },
  'attribution by policy': {
    attribution: {
      enabled: true,
      mode: 'Policy',
      trustedAccounts: ['monitoring/grafana'],
      extra: { email: 'example.com/email' },
    },
    namespaces: ['shop'],
  },
  'attribution by webhook': {
    attribution: {
      enabled: true,
      mode: 'Webhook',
      deletions: true,
      webhookPort: 8443,
      audit: { enabled: true, tokenSecret: 'audit-token' },
      extra: { email: 'example.com/email', name: 'example.com/name' },
    },
    networkPolicy: { enabled: true },
  },
  'deletions alone': { attribution: { deletions: true }, namespaces: ['shop'] },
  'audit page': {
    auditPage: {
      enabled: true,
      port: 9070,
      audiences: ['gitsync-audit'],
      proxy: { networks: ['10.20.0.7/32', 'fd00::/64'], userHeader: 'X-Auth-User' },
      from: [{ podSelector: { matchLabels: { app: 'proxy' } } }],
      ingress: { enabled: true, className: 'nginx', host: 'audit.example.com', tlsSecretName: 'audit-tls' },
    },
    networkPolicy: { enabled: true },
  },
  'audit page, namespaced': { auditPage: { enabled: true }, namespaces: ['shop'] },
  'keys that are made': { signing: { generate: true } },
  'no admission policy': { admissionPolicy: { enabled: false } },
  'admission policy that warns': { admissionPolicy: { validationActions: ['Warn'] } },
  'everything of a Pod': {
    nameOverride: 'sync',
    fullnameOverride: 'corp-sync',
    commonLabels: { team: 'platform' },
    podLabels: { a: 'b' },
    podAnnotations: { c: 'd' },
    imagePullSecrets: [{ name: 'pull' }],
    logLevel: 'debug',
    allowPrivateHosts: true,
    extraArgs: ['--lease-name=other'],
    extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
    maxHeapMiB: 0,
    terminationGracePeriodSeconds: 60,
    priorityClassName: 'system-cluster-critical',
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'dedicated', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    extraVolumes: [{ name: 'tmp', emptyDir: {} }],
    extraVolumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
    serviceAccount: { annotations: { 'iam.example/role': 'x' }, automount: false },
    metrics: { port: 9090, service: { annotations: { 'prometheus.io/scrape': 'true' } } },
  },
  'further objects': {
    extraObjects: [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: '{{ include "gitsync.fullname" . }}-extra', namespace: '{{ .Release.Namespace }}' },
      },
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: as-text\n  namespace: {{ .Release.Namespace }}\n',
    ],
  },
}
