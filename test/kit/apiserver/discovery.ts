import type { Fields } from './json.ts'
import { apiVersionOf, type Resource } from './kinds.ts'
import type { Registry } from './registry.ts'

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

interface Subresource {
  readonly name: string
  readonly kind: string
  readonly apiVersion: string
  readonly verbs: readonly string[]
}

function subresources(resource: Resource): Subresource[] {
  const apiVersion = apiVersionOf(resource)
  const verbs = ['get', 'patch', 'update']
  const found: Subresource[] = []
  if (resource.status) found.push({ name: 'status', kind: resource.kind, apiVersion, verbs })
  if (resource.scale !== undefined) found.push({ name: 'scale', kind: 'Scale', apiVersion: 'autoscaling/v1', verbs })
  if (resource.storage === '/namespaces')
    found.push({ name: 'finalize', kind: 'Namespace', apiVersion, verbs: ['update'] })
  if (resource.storage === '/serviceaccounts') {
    found.push({ name: 'token', kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', verbs: ['create'] })
  }
  return found
}

const verbsOf = (resource: Resource): readonly string[] => (resource.review ? ['create'] : VERBS)

/** `/api`. */
export const coreVersions = (): Fields => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [],
})

/** Groups and their versions, preferred first: stable before beta before alpha, newer before older. */
function groupsOf(registry: Registry): Map<string, Map<string, Resource[]>> {
  const groups = new Map<string, Map<string, Resource[]>>()
  for (const resource of registry.all()) {
    const versions = groups.get(resource.group) ?? new Map<string, Resource[]>()
    groups.set(resource.group, versions)
    const resources = versions.get(resource.version) ?? []
    versions.set(resource.version, resources)
    resources.push(resource)
  }
  for (const [name, versions] of groups) {
    groups.set(name, new Map([...versions].sort(([a], [b]) => rank(b) - rank(a))))
  }
  return groups
}

const STAGES: Record<string, number> = { '': 2, beta: 1, alpha: 0 }

/** Orders versions such as v2, v1, v1beta2, v1alpha1; others come last. */
function rank(version: string): number {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (match === null) return -1
  return (STAGES[match[2] ?? ''] ?? 0) * 1e8 + Number(match[1]) * 1e4 + Number(match[3] ?? 0)
}

function groupOf(name: string, versions: Iterable<string>): Fields {
  const listed = [...versions].map((version) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions: listed, preferredVersion: listed[0] }
}

/** `/apis`. */
export function groupList(registry: Registry): Fields {
  const groups = [...groupsOf(registry)].filter(([name]) => name !== '')
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map(([name, versions]) => groupOf(name, versions.keys())),
  }
}

/** `/apis/{group}`; undefined for an unknown group. */
export function group(registry: Registry, name: string): Fields | undefined {
  const versions = groupsOf(registry).get(name)
  return versions === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(name, versions.keys()) }
}

/** `/api/v1` and `/apis/{group}/{version}`; undefined when not served. */
export function resourceList(registry: Registry, groupName: string, version: string): Fields | undefined {
  const resources = groupsOf(registry).get(groupName)?.get(version)
  if (resources === undefined) return undefined
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupName === '' ? version : `${groupName}/${version}`,
    resources: resources.flatMap((resource) => [
      describe(resource),
      ...subresources(resource).map((part) => describePart(resource, part)),
    ]),
  }
}

const describe = (resource: Resource): Fields => ({
  name: resource.plural,
  singularName: resource.singular,
  namespaced: resource.namespaced,
  kind: resource.kind,
  verbs: verbsOf(resource),
  ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
  ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
})

function describePart(resource: Resource, { name, kind, apiVersion, verbs }: Subresource): Fields {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const foreign = apiVersion === apiVersionOf(resource) ? {} : { group, version }
  return {
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...foreign,
    kind,
    verbs,
  }
}

/** Media type of aggregated discovery, without which clients ask for each group and version. */
export const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** `/api` (core group only) or `/apis` (all others) in one document. */
export function aggregated(registry: Registry, isCore: boolean): Fields {
  const groups = [...groupsOf(registry)].filter(([name]) => (name === '') === isCore)
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(([name, versions]) => ({
      metadata: { name, creationTimestamp: null },
      versions: [...versions].map(([version, resources]) => ({
        version,
        freshness: 'Current',
        resources: resources.map(aggregate),
      })),
    })),
  }
}

function aggregate(resource: Resource): Fields {
  const { group, version, kind } = resource
  const parts = subresources(resource)
  return {
    resource: resource.plural,
    responseKind: { group, version, kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: verbsOf(resource),
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(parts.length === 0
      ? {}
      : {
          subresources: parts.map((part) => {
            const [group, version] = part.apiVersion.includes('/') ? part.apiVersion.split('/') : ['', part.apiVersion]
            return { subresource: part.name, responseKind: { group, version, kind: part.kind }, verbs: part.verbs }
          }),
        }),
  }
}
