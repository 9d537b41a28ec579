import type { GroupKind } from '../objects/object.ts'
import { systemClock, type Clock } from '../time/clock.ts'
import type { KubeClient } from './client.ts'
import { readCatalogue, type Catalogue } from './discovery-catalogue.ts'
import { isKubeError, KubeError } from './errors.ts'
import type { ApiResource } from './resource.ts'

export type { ApiResource } from './resource.ts'

/** The three answers differ: while discovery fails, nothing is known, and a kind that is not known to be gone is not gone. */
export type Resolution =
  | { readonly state: 'Served'; readonly resource: ApiResource }
  | { readonly state: 'NotServed' }
  | { readonly state: 'Unknown'; readonly error: KubeError }

export interface ResolveQuery extends GroupKind {
  /** Default: the first of the group's versions, as the server prefers them, that has the kind. */
  readonly version?: string | undefined
}

export interface ResourcesQuery {
  /** Default: all. */
  readonly group?: string | undefined
  /** Default: of each kind the first of the group's versions, as the server prefers them, that has it. */
  readonly version?: string | undefined
}

export interface ServedResources {
  readonly resources: readonly ApiResource[]
  /** Groups about which not everything is known (`*`: all of them). */
  readonly unknownGroups: readonly string[]
}

export interface Discovery {
  /**
   * Never throws. Answers from what was read at most `maxAgeMs` ago, else reads again; default `ttlMs` for a kind that is
   * served, `missTtlMs` for one that is not. 0 always asks the server.
   */
  resolve(query: ResolveQuery, options?: { readonly maxAgeMs?: number }): Promise<Resolution>
  /** Every kind in its preferred version. Never throws; `maxAgeMs` as for `resolve`, default `ttlMs`. */
  resources(query?: ResourcesQuery, options?: { readonly maxAgeMs?: number }): Promise<ServedResources>
  /** Reads from the server; concurrent calls share one reading. Never throws: failures show in the answers. */
  refresh(): Promise<void>
  /** What is known is old: the next question asks the server. */
  invalidate(): void
}

export interface DiscoveryOptions {
  readonly clock?: Clock
  /** Milliseconds for which a kind that is served is believed to stay so. Default 300,000. */
  readonly ttlMs?: number
  /** Milliseconds for which a kind stays unknown or not served before the server is asked again. Default 10,000. */
  readonly missTtlMs?: number
}

export function createDiscovery(client: KubeClient, options: DiscoveryOptions = {}): Discovery {
  const { clock = systemClock, ttlMs = 300_000, missTtlMs = 10_000 } = options
  let catalogue: { readonly result: Catalogue | KubeError; readonly readAt: number } | undefined
  let reading: Promise<void> | undefined
  /** What is being read was asked for before something changed. */
  let isOutdated = false

  function refresh(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined
      isOutdated = false
    })
    return reading
  }

  async function read(): Promise<void> {
    const readAt = clock.now()
    try {
      const result = await readCatalogue(client)
      catalogue = { result, readAt: isOutdated ? Number.NEGATIVE_INFINITY : readAt }
    } catch (error) {
      const result = isKubeError(error)
        ? error
        : new KubeError('Malformed', 'discovery: the answer makes no sense', { cause: error })
      catalogue = { result, readAt }
    }
  }

  function answer(query: ResolveQuery): Resolution {
    const result = catalogue?.result
    if (result === undefined || result instanceof KubeError) {
      return { state: 'Unknown', error: result ?? new KubeError('Unavailable', 'discovery: nothing read yet') }
    }
    for (const { version, resources } of result.get(query.group) ?? []) {
      if (query.version !== undefined && query.version !== version) continue
      if (resources instanceof KubeError) return { state: 'Unknown', error: resources }
      const resource = resources.find(({ kind }) => kind === query.kind)
      if (resource !== undefined) return { state: 'Served', resource }
    }
    return { state: 'NotServed' }
  }

  return {
    refresh,
    async resolve(query, { maxAgeMs } = {}) {
      const known = answer(query)
      const limit = maxAgeMs ?? (known.state === 'Served' ? ttlMs : missTtlMs)
      if (catalogue !== undefined && clock.now() - catalogue.readAt < limit) return known
      await refresh()
      return answer(query)
    },
    invalidate() {
      if (catalogue !== undefined) catalogue = { ...catalogue, readAt: Number.NEGATIVE_INFINITY }
      isOutdated = reading !== undefined
    },
    async resources({ group: wanted, version: pinned } = {}, { maxAgeMs = ttlMs } = {}) {
      if (catalogue === undefined || clock.now() - catalogue.readAt >= maxAgeMs) await refresh()
      const result = catalogue?.result
      if (result === undefined || result instanceof KubeError) return { resources: [], unknownGroups: ['*'] }
      const preferred = new Map<string, ApiResource>()
      const unknownGroups = new Set<string>()
      for (const [group, versions] of result) {
        if (wanted !== undefined && wanted !== group) continue
        for (const { version, resources } of versions) {
          if (pinned !== undefined && pinned !== version) continue
          if (resources instanceof KubeError) {
            unknownGroups.add(group)
            break
          }
          for (const each of resources) {
            const key = `${each.kind}.${group}`
            if (!preferred.has(key)) preferred.set(key, each)
          }
        }
      }
      return { resources: [...preferred.values()], unknownGroups: [...unknownGroups] }
    },
  }
}
