import type { ApiResource } from '../kube/discovery.ts'

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
