import type { GrafanaSource } from '../../api/dashboard.ts'
import { DashboardError } from '../../dashboard/dashboard-error.ts'
import { shortHash } from '../../dashboard/dashboard-path.ts'
import { isForgeError } from '../../forge/forge-error.ts'
import type { DashboardPlace, ListedDashboard } from '../../grafana/grafana.ts'
import { PushFailure } from '../../push/failure.ts'
import type { Made } from '../../push/object-changes.ts'
import type { FolderTree } from '../grafana/folder-tree.ts'
import type { FedHistory } from './feed.ts'
import { DELETED, isProof, MOVED, TAKEN_OUT } from './look.ts'
import type { Asked, Look } from './look.ts'

/**
 * Which dashboards a Grafana has: those of a folder, of a tag, or all. What is in them their histories tell.
 * @param since of the Dashboard, milliseconds since the epoch
 */
export function dashboardsLook(source: GrafanaSource, since: number | undefined): Look {
  /** By uid, with where they were told to be. */
  const known = new Map<string, string>()

  const isSelected = ({ folder, tags }: DashboardPlace, folders: FolderTree): boolean =>
    (source.folder === undefined || folders.has(folder)) && (source.tag === undefined || tags.includes(source.tag))

  /** Of those that a look has not shown any more: which are gone, and how. */
  async function findGone(asked: Asked, present: ReadonlyMap<string, unknown>): Promise<ReadonlyMap<string, Made>> {
    const { grafana } = asked
    const gone = new Map<string, Made>()
    const places = new Map<string, DashboardPlace | undefined>()
    for (const uid of known.keys()) {
      if (present.has(uid)) continue
      try {
        places.set(uid, await grafana.placeOf(uid))
      } catch (error) {
        // Its history says so, and the others go on.
        if (!isForgeError(error, 'Forbidden') && !(error instanceof DashboardError)) throw error
      }
    }
    if (places.size === 0) return gone
    // Read after the places: a folder that was made meanwhile is known by now. Lists may be older than what they list.
    const folders = await asked.foldersNow()
    for (const [uid, place] of places) {
      if (place === undefined) gone.set(uid, DELETED)
      else if (folders !== undefined && !isSelected(place, folders)) gone.set(uid, TAKEN_OUT)
    }
    const areDeleted = gone.size > 0 && [...gone.values()].every((by) => by === DELETED)
    if (areDeleted && !(await isProof({ gone: gone.size, known: known.size }, source, asked))) {
      const message = `spec.source.grafana.url: ${source.url} has none of the ${known.size} dashboards any more that it had: their files stay`
      throw new PushFailure('NotInGrafana', message)
    }
    return gone
  }

  const toDashboard = (uid: string, folders: readonly string[]): FedHistory => {
    const { url, secretRef, schema, history, interval } = source
    return {
      key: uid,
      version: JSON.stringify(folders),
      follows: { source: { url, secretRef, schema, uid, history, interval }, since },
      folders,
      variables: {},
      fallback: uid,
      suffix: shortHash(uid),
    }
  }

  return {
    get size() {
      return known.size
    },
    async look(asked, handler) {
      const { grafana, folders } = asked
      const listed = await grafana.dashboards(source.tag)
      const present = new Map(
        listed.filter((dashboard) => isSelected(dashboard, folders)).map((dashboard) => [dashboard.uid, dashboard]),
      )
      const gone = await findGone(asked, present)
      for (const dashboard of present.values()) {
        const titles = titlesOf(dashboard, folders)
        const place = JSON.stringify(titles)
        if (known.get(dashboard.uid) === place) continue
        known.set(dashboard.uid, place)
        handler.told(toDashboard(dashboard.uid, titles), MOVED)
      }
      for (const [uid, by] of gone) {
        known.delete(uid)
        handler.gone(uid, { by })
      }
    },
    async isGone(uid, asked) {
      if (known.has(uid)) return false
      const place = await asked.grafana.placeOf(uid)
      const folders = await asked.foldersNow()
      if (folders === undefined) return false
      return place === undefined
        ? await isProof({ gone: 0, known: known.size }, source, asked)
        : !isSelected(place, folders)
    },
    // Its history reads it.
    read: () => Promise.resolve(undefined),
  }
}

/** Who may see a dashboard may be kept from the folder that it is in. */
const titlesOf = ({ folder, folderTitle }: ListedDashboard, folders: FolderTree): readonly string[] =>
  folders.get(folder) ?? (folderTitle === '' ? [] : [folderTitle])
