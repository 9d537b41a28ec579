import PQueue from 'p-queue'
import { isKubeError } from '../kube/errors.ts'
import type { DesiredFile } from '../plan/desired-files.ts'
import type { ClusterPort, RenderedFile } from '../push/member-settings.ts'
import { clusterFailure } from './cluster-failure.ts'
import type { Environment } from './environment.ts'
import { identityKey } from '../objects/object.ts'
import type { Feeds } from './feeds/feeds.ts'
import type { Histories } from './grafana/histories.ts'
import { dashboardOf } from './known-resources.ts'
import type { InventoryStore } from './inventory-store.ts'
import type { Renderer } from './renderer.ts'
import type { SourceSet } from './source-set.ts'

export interface ClusterPortOptions {
  readonly environment: Pick<Environment, 'client' | 'proof'>
  /** namespace/name of the GitSync. */
  readonly name: string
  readonly sources: SourceSet
  readonly feeds: Feeds
  readonly histories: Histories
  readonly renderer: Renderer
  readonly store: InventoryStore
  /** Whether everything that the spec selects is being read. */
  readonly isWhole: () => boolean
}

const REREAD_AT_ONCE = 8

/** What a member needs of the cluster, by what its GitSync reads and may ask. */
export function clusterPort(options: ClusterPortOptions): ClusterPort {
  const { environment, name, sources, feeds, histories, store, isWhole } = options
  return {
    listed: () => sources.listed && feeds.listed,
    knows(identity) {
      const dashboard = dashboardOf(identity)
      return dashboard === undefined ? sources.knows(identity) : sources.knows(dashboard) && feeds.knows(identity)
    },
    leavesAlone: (identity) =>
      sources.leavesAlone(dashboardOf(identity) ?? identity) || histories.isBeginning(identityKey(identity)),
    complete: () => isWhole() && sources.current && feeds.current,
    isServed: (kind) => environment.proof.isServed(kind),
    isGone: async (identity) => {
      if (histories.isGone(identityKey(identity))) return true
      return await (feeds.has(identity) ? feeds.isGone(identity) : environment.proof.isGone(identity))
    },
    reread: (files) => reread(files, options),
    saveInventory: async (inventory) => {
      try {
        await store.save(inventory)
      } catch (error) {
        throw clusterFailure(`cannot record the paths of ${name}`, error)
      }
    },
  }
}

async function reread(
  files: readonly DesiredFile[],
  { environment, sources, feeds, histories, renderer }: ClusterPortOptions,
): Promise<ReadonlyMap<string, RenderedFile>> {
  const queue = new PQueue({ concurrency: REREAD_AT_ONCE })
  const found = new Map<string, RenderedFile>()
  await queue.addAll(
    files.map((file) => async () => {
      const { key, identity } = file
      const source = sources.of(identity)
      if (source === undefined) return
      if (histories.follows(key)) {
        const rendered = await histories.reread(file)
        if (rendered !== undefined) found.set(key, rendered)
        return
      }
      if (feeds.has(identity)) {
        const rendered = await feeds.reread(identity)
        if (rendered !== undefined) found.set(key, rendered)
        return
      }
      try {
        const object = await environment.client.get(source.resource, identity.namespace, identity.name)
        if (!source.selects(object)) return
        const rendered = renderer.render(object, source)
        if (rendered !== undefined) found.set(key, rendered)
      } catch (error) {
        if (isKubeError(error, 'NotFound')) return
        throw clusterFailure(`cannot read ${key} again`, error)
      }
    }),
  )
  return found
}
