import { createHash } from 'node:crypto'
import type { GitSync } from '../api/parse.ts'
import type { KubeClient } from '../kube/client.ts'
import { isKubeError } from '../kube/errors.ts'
import { Inventory } from '../plan/inventory.ts'
import { branchKey } from '../plan/overlap.ts'
import { INTERNAL_LABEL } from '../plan/selection.ts'
import { CONFIGMAPS } from './known-resources.ts'

const KEY = 'paths'

/** Where a GitSync writes. */
export interface Location {
  /** In its one spelling; see `normalizeUrl`. */
  readonly url: string
  readonly branch: string
  readonly path: string
}

/**
 * Keeps a GitSync's inventory in a ConfigMap that it owns, so that it goes when the GitSync goes. It is about one place:
 * in another folder, branch or repository the same paths are somebody else's files.
 */
export interface InventoryStore {
  load(): Promise<Inventory>
  /** The place that the saved inventory is about, and the inventory, where it is another place and not empty. */
  loadFormer(): Promise<{ readonly location: Location; readonly inventory: Inventory } | undefined>
  save(inventory: Inventory): Promise<void>
}

export function inventoryStore(
  client: KubeClient,
  { apiVersion, kind, metadata }: GitSync,
  location: Location,
): InventoryStore {
  const { name, namespace, uid = '' } = metadata
  const configMap = `gitsync-inventory-${uid}`
  const owner = { apiVersion, kind, name, uid }
  const placeHash = createHash('sha256').update(placeKey(location)).digest('hex')
  const { url, branch, path } = location
  const read = async (): Promise<Record<string, unknown>> => {
    try {
      const { data, binaryData } = await client.get(CONFIGMAPS, namespace, configMap)
      return { ...(data as object | undefined), paths: (binaryData as Record<string, unknown> | undefined)?.[KEY] }
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return {}
      throw error
    }
  }
  const toInventory = ({ paths, confirmed }: Record<string, unknown>): Inventory => {
    const bytes = Buffer.from(typeof paths === 'string' ? paths : '', 'base64')
    return Inventory.decode(bytes, typeof confirmed === 'string' ? confirmed : undefined)
  }
  return {
    async load() {
      const saved = await read()
      return saved['place'] === placeHash ? toInventory(saved) : new Inventory()
    },
    async loadFormer() {
      const saved = await read()
      const former = parseLocation(saved['location'])
      if (former === undefined || saved['place'] === placeHash) return undefined
      const inventory = toInventory(saved)
      return inventory.size === 0 ? undefined : { location: former, inventory }
    },
    async save(inventory) {
      const data = { place: placeHash, location: JSON.stringify([url, branch, path]), confirmed: inventory.confirmed }
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

/** Equal for equal places. */
export const placeKey = (location: Location): string => JSON.stringify([branchKey(location), location.path])

function parseLocation(text: unknown): Location | undefined {
  if (typeof text !== 'string' || text.length > MAX_LOCATION) return undefined
  try {
    const parts: unknown = JSON.parse(text)
    if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string')) return undefined
    const [url, branch, path] = parts
    return url === undefined || branch === undefined || path === undefined ? undefined : { url, branch, path }
  } catch {
    return undefined
  }
}

/** More than the bounds of URL, branch and path together. */
const MAX_LOCATION = 16_384
