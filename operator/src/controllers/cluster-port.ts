import PQueue from 'p-queue'
import { isKubeError } from '../kube/errors.ts'
import type { DesiredFile } from '../plan/desired-files.ts'
import { PushFailure } from '../push/failure.ts'
import type { ClusterPort, RenderedFile } from '../push/member-settings.ts'
import { deletionProof } from './deletion-proof.ts'
import type { Environment } from './environment.ts'
import type { InventoryStore } from './inventory-store.ts'
import type { Renderer } from './renderer.ts'
import type { SourceSet } from './source-set.ts'

export interface ClusterPortOptions {
  readonly environment: Pick<Environment, 'client' | 'discovery' | 'clock'>
  /** namespace/name of the GitSync. */
  readonly name: string
  readonly sources: SourceSet
  readonly renderer: Renderer
  readonly store: InventoryStore
  /** Whether everything that the spec selects is being read. */
  readonly isWhole: () => boolean
}

const REREAD_AT_ONCE = 8

/** What a member needs of the cluster, by what its GitSync reads and may ask. */
export function clusterPort(options: ClusterPortOptions): ClusterPort {
  const { environment, name, sources, store, isWhole } = options
  const { client, discovery, clock } = environment
  return {
    listed: () => sources.listed,
    knows: (identity) => sources.knows(identity),
    leavesAlone: (identity) => sources.leavesAlone(identity),
    complete: () => isWhole() && sources.current,
    ...deletionProof(client, discovery, clock),
    reread: (files) => reread(files, options),
    saveInventory: async (inventory) => {
      try {
        await store.save(inventory)
      } catch (error) {
        throw refusal(`cannot record the paths of ${name}`, error)
      }
    },
  }
}

async function reread(
  files: readonly DesiredFile[],
  { environment, sources, renderer }: ClusterPortOptions,
): Promise<ReadonlyMap<string, RenderedFile>> {
  const queue = new PQueue({ concurrency: REREAD_AT_ONCE })
  const found = new Map<string, RenderedFile>()
  await queue.addAll(
    files.map(({ key, identity }) => async () => {
      const source = sources.of(identity)
      if (source === undefined) return
      try {
        const object = await environment.client.get(source.resource, identity.namespace, identity.name)
        if (!source.selects(object)) return
        const rendered = renderer.render(object, source)
        if (rendered !== undefined) found.set(key, rendered)
      } catch (error) {
        if (isKubeError(error, 'NotFound')) return
        throw refusal(`cannot read ${key} again`, error)
      }
    }),
  )
  return found
}

function refusal(what: string, error: unknown): PushFailure {
  const reason = isKubeError(error, 'Forbidden') ? 'Forbidden' : 'ClusterUnavailable'
  return new PushFailure(reason, `${what}: ${String(error)}`, { cause: error })
}
