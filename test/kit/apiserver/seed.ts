import type { Fields } from './json.ts'

const RBAC = 'rbac.authorization.k8s.io/v1'
const ALL = ['*']
const READ = ['get', 'list', 'watch']
const WRITE = [...READ, 'create', 'delete', 'deletecollection', 'patch', 'update']
const DISCOVERY = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', '/version', '/version/']
const HEALTH = ['/healthz', '/livez', '/readyz', '/version', '/version/']

const clusterRole = (name: string, rules: readonly Fields[]): Fields => ({
  apiVersion: RBAC,
  kind: 'ClusterRole',
  metadata: { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
  rules,
})

/** A role that also has the rules of the roles labelled for it. */
const aggregatedRole = (name: string, rules: readonly Fields[]): Fields => ({
  ...clusterRole(name, rules),
  aggregationRule: {
    clusterRoleSelectors: [{ matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${name}`]: 'true' } }],
  },
})

const clusterBinding = (name: string, ...groups: string[]): Fields => ({
  apiVersion: RBAC,
  kind: 'ClusterRoleBinding',
  metadata: { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
  roleRef: { kind: 'ClusterRole', name },
  subjects: groups.map((group) => ({ kind: 'Group', name: group })),
})

const namespace = (name: string): Fields => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })

/** What a view of a namespace includes: no Secrets, no RBAC. */
const viewable = (verbs: readonly string[]): Fields[] => [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'events',
      'persistentvolumeclaims',
      'pods',
      'serviceaccounts',
      'services',
      'resourcequotas',
      'limitranges',
    ],
    verbs,
  },
  {
    apiGroups: ['apps', 'batch', 'autoscaling', 'networking.k8s.io', 'policy', 'discovery.k8s.io'],
    resources: ALL,
    verbs,
  },
]
const seeNamespaces = { apiGroups: [''], resources: ['namespaces'], verbs: READ }
const secrets = { apiGroups: [''], resources: ['secrets'], verbs: WRITE }
const localRbac = { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: WRITE }
const nodeRules = [
  {
    apiGroups: [''],
    resources: ['nodes', 'nodes/status'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'update'],
  },
  { apiGroups: [''], resources: ['configmaps', 'secrets', 'pods', 'services'], verbs: READ },
]

/** What a new cluster contains. */
export const SEED: readonly Fields[] = [
  ...['default', 'kube-system', 'kube-public', 'kube-node-lease'].map(namespace),
  clusterRole('cluster-admin', [
    { apiGroups: ALL, resources: ALL, verbs: ALL },
    { nonResourceURLs: ALL, verbs: ALL },
  ]),
  aggregatedRole('admin', [...viewable(WRITE), seeNamespaces, secrets, localRbac]),
  aggregatedRole('edit', [...viewable(WRITE), seeNamespaces, secrets]),
  aggregatedRole('view', [...viewable(READ), seeNamespaces]),
  clusterRole('system:discovery', [{ nonResourceURLs: [...DISCOVERY, ...HEALTH], verbs: ['get'] }]),
  clusterRole('system:public-info-viewer', [{ nonResourceURLs: HEALTH, verbs: ['get'] }]),
  clusterRole('system:basic-user', [
    {
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      verbs: ['create'],
    },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ]),
  clusterRole('system:node', nodeRules),
  clusterRole('system:auth-delegator', [
    { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  ]),
  clusterBinding('cluster-admin', 'system:masters'),
  clusterBinding('system:discovery', 'system:authenticated'),
  clusterBinding('system:basic-user', 'system:authenticated'),
  clusterBinding('system:public-info-viewer', 'system:authenticated', 'system:unauthenticated'),
]
