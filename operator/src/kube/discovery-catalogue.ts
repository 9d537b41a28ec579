import type { KubeClient } from './client.ts'
import { isKubeError, KubeError } from './errors.ts'
import { apiVersionOf, type ApiResource } from './resource.ts'

/** What the server serves: the versions of each group, most preferred first. */
export type Catalogue = ReadonlyMap<string, readonly ServedVersion[]>

export interface ServedVersion {
  readonly version: string
  /** The error where the server that backs this version did not answer. */
  readonly resources: readonly ApiResource[] | KubeError
}

const AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(',')

/**
 * Reads `/api` and `/apis`: aggregated discovery (KEP-3352, two requests) where the server has it, else one more request
 * for each version of each group.
 * @throws KubeError when either of the two cannot be read
 */
export async function readCatalogue(client: KubeClient): Promise<Catalogue> {
  const accept = `${AGGREGATED},application/json`
  const [core, groups] = await Promise.all(
    ['/api', '/apis'].map((path) => client.request<DiscoveryDocument>({ method: 'GET', path, accept })),
  )
  const entries = await Promise.all([readDocument(client, core), readDocument(client, groups)])
  return new Map(entries.flat())
}

/** The union of what `/api` and `/apis` may answer: APIGroupDiscoveryList, APIVersions, APIGroupList. */
interface DiscoveryDocument {
  readonly kind?: string
  readonly items?: readonly GroupDiscovery[]
  readonly versions?: readonly string[]
  readonly groups?: readonly LegacyGroup[]
}
interface GroupDiscovery {
  readonly metadata?: { readonly name?: string }
  readonly versions?: readonly {
    readonly version: string
    readonly freshness?: string
    readonly resources?: readonly ResourceDiscovery[] | null
  }[]
}
interface ResourceDiscovery {
  readonly resource: string
  readonly shortNames?: readonly string[] | null
  readonly responseKind?: { readonly kind?: string } | null
  readonly scope?: string
  readonly verbs?: readonly string[]
  readonly subresources?: readonly { readonly subresource: string }[] | null
}
interface LegacyGroup {
  readonly name: string
  readonly versions: readonly { readonly version: string }[]
  readonly preferredVersion?: { readonly version: string }
}
interface LegacyResource {
  readonly name: string
  readonly shortNames?: readonly string[] | null
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
}

type Entry = readonly [group: string, versions: readonly ServedVersion[]]

async function readDocument(client: KubeClient, document: DiscoveryDocument | undefined): Promise<Entry[]> {
  switch (document?.kind) {
    case 'APIGroupDiscoveryList':
      return (document.items ?? []).map(aggregatedGroup)
    case 'APIVersions':
      return [await legacyGroup(client, '', document.versions ?? [])]
    case 'APIGroupList':
      return Promise.all(
        (document.groups ?? []).map(({ name, versions, preferredVersion }) => {
          const all = versions.map(({ version }) => version)
          const first = preferredVersion === undefined ? [] : [preferredVersion.version]
          return legacyGroup(client, name, [...new Set([...first, ...all])])
        }),
      )
    default:
      throw new KubeError('Malformed', `discovery: unexpected answer of kind ${document?.kind ?? 'none'}`)
  }
}

function aggregatedGroup({ metadata, versions }: GroupDiscovery): Entry {
  const group = metadata?.name ?? ''
  return [
    group,
    (versions ?? []).map(({ version, freshness, resources }) => ({
      version,
      resources:
        freshness === 'Stale'
          ? new KubeError(
              'Unavailable',
              `discovery: the server behind ${apiVersionOf({ group, version })} does not answer`,
            )
          : (resources ?? []).flatMap(({ resource, shortNames, responseKind, scope, verbs, subresources }) =>
              responseKind?.kind
                ? {
                    group,
                    version,
                    kind: responseKind.kind,
                    plural: resource,
                    ...(shortNames ? { shortNames } : {}),
                    namespaced: scope === 'Namespaced',
                    verbs: verbs ?? [],
                    hasStatus: subresources?.some(({ subresource }) => subresource === 'status') ?? false,
                  }
                : [],
            ),
    })),
  ]
}

async function legacyGroup(client: KubeClient, group: string, versions: readonly string[]): Promise<Entry> {
  return [
    group,
    await Promise.all(versions.map(async (version) => ({ version, resources: await legacy(client, group, version) }))),
  ]
}

async function legacy(client: KubeClient, group: string, version: string): Promise<ApiResource[] | KubeError> {
  const path = `/${group === '' ? 'api' : 'apis'}/${apiVersionOf({ group, version })}`
  try {
    const { resources } = await client.request<{ resources?: readonly LegacyResource[] }>({ method: 'GET', path })
    const all = resources ?? []
    const withStatus = new Set(
      all.flatMap(({ name }) => (name.endsWith('/status') ? name.slice(0, -'/status'.length) : [])),
    )
    return all
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, shortNames, kind, namespaced, verbs }) => ({
        group,
        version,
        kind,
        plural: name,
        ...(shortNames ? { shortNames } : {}),
        namespaced,
        verbs,
        hasStatus: withStatus.has(name),
      }))
  } catch (error) {
    if (isKubeError(error)) return error
    throw error
  }
}
