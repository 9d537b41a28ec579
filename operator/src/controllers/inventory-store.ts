import { createHash } from 'node:crypto'
import type { GitSync } from '../api/parse.ts'
import type { KubeClient } from '../kube/client.ts'
import { isKubeError } from '../kube/errors.ts'
import { Inventory } from '../plan/inventory.ts'
import { INTERNAL_LABEL } from '../plan/selection.ts'
import { CONFIGMAPS } from './known-resources.ts'

const KEY = 'paths'

/**
 * Keeps a GitSync's inventory in a ConfigMap that it owns, so that it goes when the GitSync goes. It is about one place:
 * in another folder, branch or repository the same paths are somebody else's files.
 */
export interface InventoryStore {
  load(): Promise<Inventory>
  save(inventory: Inventory): Promise<void>
}

export function inventoryStore(
  client: KubeClient,
  { apiVersion, kind, metadata }: GitSync,
  place: string,
): InventoryStore {
  const { name, namespace, uid = '' } = metadata
  const configMap = `gitsync-inventory-${uid}`
  const owner = { apiVersion, kind, name, uid }
  const placeHash = createHash('sha256').update(place).digest('hex')
  return {
    async load() {
      try {
        const found = await client.get(CONFIGMAPS, namespace, configMap)
        const data = (found['data'] ?? {}) as Record<string, unknown>
        if (data['place'] !== placeHash) return new Inventory()
        const encoded = (found['binaryData'] as Record<string, unknown> | undefined)?.[KEY]
        const inventory = Inventory.decode(Buffer.from(typeof encoded === 'string' ? encoded : '', 'base64'))
        inventory.confirmed = typeof data['confirmed'] === 'string' ? data['confirmed'] : ''
        return inventory
      } catch (error) {
        if (isKubeError(error, 'NotFound')) return new Inventory()
        throw error
      }
    },
    async save(inventory) {
      const data = { place: placeHash, confirmed: inventory.confirmed }
      const binaryData = { [KEY]: inventory.encode().toString('base64') }
      const patch = (): Promise<unknown> => client.mergePatch(CONFIGMAPS, namespace, configMap, { data, binaryData })
      try {
        // The patch states no version: a conflict is the server's own haste, and passes.
        await patch().catch((error: unknown) => {
          if (isKubeError(error, 'Conflict')) return patch()
          throw error
        })
      } catch (error) {
        if (!isKubeError(error, 'NotFound')) throw error
        const labels = { [INTERNAL_LABEL]: 'true', 'app.kubernetes.io/managed-by': 'gitsync-operator' }
        const object = {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: configMap, namespace, labels, ownerReferences: [owner] },
          data,
          binaryData,
        }
        await client.create(CONFIGMAPS, namespace, object)
      }
    },
  }
}
