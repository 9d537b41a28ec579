/** Tenants of a chaos run: a namespace each, a folder each, all on one branch. */
export const NAMESPACES = ['shop', 'bank', 'farm'] as const

/** What they write. */
export const KINDS = [
  { apiVersion: 'v1', kind: 'ConfigMap', type: 'configmap' },
  { apiVersion: 'apps/v1', kind: 'Deployment', type: 'deployment.apps' },
] as const

export const folderOf = (namespace: string): string => `tenants/${namespace}`

/** Everything a tenant needs before it has something to write. */
export function tenantObjects(namespace: string, url: string): object[] {
  const metadata = { name: 'auditor', namespace }
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] },
        { apiGroups: ['apps'], resources: ['deployments'], verbs: ['list', 'watch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'auditor' },
      subjects: [{ kind: 'ServiceAccount', name: 'auditor', namespace }],
    },
    {
      apiVersion: 'gitsync.dev/v1alpha1',
      kind: 'GitSync',
      metadata: { name: 'all', namespace },
      spec: {
        repository: { url, branch: 'main', path: folderOf(namespace) },
        serviceAccountName: 'auditor',
        resources: [{ kind: 'ConfigMap' }, { group: 'apps', kind: 'Deployment' }],
        // What API servers put into every namespace is written too: it is what the oracle expects.
        defaultExclusions: false,
        commit: { window: '150ms', maxLatency: '1s' },
        // Nothing may need the comparison that is made now and then.
        interval: '24h',
      },
    },
  ]
}
