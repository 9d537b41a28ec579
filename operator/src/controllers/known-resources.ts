import type { ApiResource } from '../kube/discovery.ts'
import type { ObjectIdentity } from '../objects/object.ts'

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']
const core = (kind: string, plural: string, namespaced: boolean): ApiResource => ({
  group: '',
  version: 'v1',
  kind,
  plural,
  namespaced,
  verbs: VERBS,
  hasStatus: false,
})
const own = (kind: string, plural: string, namespaced: boolean): ApiResource => ({
  group: 'gitsync.dev',
  version: 'v1alpha1',
  kind,
  plural,
  namespaced,
  verbs: VERBS,
  hasStatus: true,
})

/** The kinds that the operator itself deals with; what tenants select is discovered. */
export const GITSYNCS = own('GitSync', 'gitsyncs', true)
export const GITPROVIDERS = own('GitProvider', 'gitproviders', false)
export const DASHBOARDS = own('Dashboard', 'dashboards', true)
/** Whether this is the kind Dashboard, in whatever version it is served. */
export const isDashboardKind = ({ group, plural }: Pick<ApiResource, 'group' | 'plural'>): boolean =>
  group === DASHBOARDS.group && plural === DASHBOARDS.plural
export const dashboardIdentity = (namespace: string | undefined, name: string): ObjectIdentity => {
  const { group, kind } = DASHBOARDS
  return namespace === undefined ? { group, kind, name } : { group, kind, namespace, name }
}
/** The Dashboard that a file is of: one may stand for many, `NAME/KEY` each. Undefined for files of other kinds. */
export const dashboardOf = ({ group, kind, namespace, name }: ObjectIdentity): ObjectIdentity | undefined =>
  group === DASHBOARDS.group && kind === DASHBOARDS.kind
    ? dashboardIdentity(namespace, name.slice(0, `${name}/`.indexOf('/')))
    : undefined
export const NAMESPACES = core('Namespace', 'namespaces', false)
export const SECRETS = core('Secret', 'secrets', true)
/** Whether this is the kind of core Secrets, in whatever version it is served. */
export const isSecretKind = ({ group, plural }: Pick<ApiResource, 'group' | 'plural'>): boolean =>
  group === SECRETS.group && plural === SECRETS.plural
export const CONFIGMAPS = core('ConfigMap', 'configmaps', true)
export const SERVICE_ACCOUNTS = core('ServiceAccount', 'serviceaccounts', true)
export const CUSTOM_RESOURCE_DEFINITIONS: ApiResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
  verbs: VERBS,
  hasStatus: true,
}

/** Groups with a dot in their name that the API server has itself; what is missing here is found out by asking for definitions. */
const BUILT_IN: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
])
/** Whether no definition can take the group's kinds away: those of definitions and aggregated APIs have a dot. */
export const isBuiltIn = (group: string): boolean => !group.includes('.') || BUILT_IN.has(group)
