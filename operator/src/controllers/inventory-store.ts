import { createHash } from 'node:crypto'
import type { GitSync } from '../api/parse.ts'
import type { KubeClient } from '../kube/client.ts'
import { isKubeError } from '../kube/errors.ts'
import { PushFailure } from '../push/failure.ts'
import { Inventory } from '../plan/inventory.ts'
import { branchKey } from '../plan/overlap.ts'
import { INTERNAL_LABEL } from '../plan/selection.ts'
import { CONFIGMAPS, dashboardIdentity } from './known-resources.ts'

const KEY = 'paths'
/** What an API server takes as the data of a ConfigMap. */
const MAX_BYTES = 1 << 20

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
  /** @throws PushFailure `LimitExceeded` for more than fits into a ConfigMap; KubeError */
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
  const toInventory = ({ paths, confirmed, dashboards }: Record<string, unknown>): Inventory => {
    const bytes = Buffer.from(typeof paths === 'string' ? paths : '', 'base64')
    return Inventory.decode(
      bytes,
      typeof confirmed === 'string' ? confirmed : undefined,
      parseDashboards(dashboards).map(([at, dashboard]) => [at, dashboardIdentity(namespace, dashboard)]),
    )
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
      const { confirmed, owners } = inventory
      const dashboards = JSON.stringify(owners.map(([at, identity]) => [at, identity.name]))
      const data = {
        place: placeHash,
        location: JSON.stringify([url, branch, path]),
        confirmed,
        ...(owners.length === 0 ? {} : { dashboards }),
      }
      const paths = inventory.encode()
      const size = Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), paths.length)
      if (size > MAX_BYTES) {
        const message = `the paths of ${inventory.size} files, ${owners.length} of them of Dashboards, have ${size} bytes, more than the ${MAX_BYTES} of a ConfigMap`
        throw new PushFailure('LimitExceeded', message)
      }
      const binaryData = { [KEY]: paths.toString('base64') }
      const changes = { data: { dashboards: null, ...data }, binaryData }
      const patch = (): Promise<unknown> => client.mergePatch(CONFIGMAPS, namespace, configMap, changes)
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

/** Path and name of each Dashboard that has a file; all of one namespace. */
function parseDashboards(text: unknown): (readonly [path: string, name: string])[] {
  if (typeof text !== 'string') return []
  try {
    const entries: unknown = JSON.parse(text)
    return Array.isArray(entries) ? entries.flatMap((entry) => (isPair(entry) ? [entry] : [])) : []
  } catch {
    return []
  }
}

const isPair = (entry: unknown): entry is readonly [string, string] =>
  Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === 'string')

/** More than the bounds of URL, branch and path together. */
const MAX_LOCATION = 16_384
