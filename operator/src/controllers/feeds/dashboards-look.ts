import type { GrafanaSource } from '../../api/dashboard.ts'
import { DashboardError } from '../../dashboard/dashboard-error.ts'
import { shortHash } from '../../dashboard/dashboard-path.ts'
import { isForgeError } from '../../forge/forge-error.ts'
import type { ListedDashboard } from '../../grafana/grafana.ts'
import type { FolderTree } from '../grafana/folder-tree.ts'
import type { FedHistory } from './feed.ts'
import { Absence } from './absence.ts'
import { MOVED } from './look.ts'
import type { Look } from './look.ts'

/**
 * Which dashboards a Grafana has: those of a folder, of a tag, or all. What is in them their histories tell.
 * @param since of the Dashboard, milliseconds since the epoch
 */
export function dashboardsLook(source: GrafanaSource, since: number | undefined): Look {
  /** By uid, with where they were told to be. */
  const known = new Map<string, string>()

  const absence = new Absence(source, {
    words: { field: 'spec.source.grafana.url', many: 'dashboards' },
    placeOf: (grafana, uid) => grafana.placeOf(uid),
    // Its history says so.
    isUntold: (error) => isForgeError(error, 'Forbidden') || error instanceof DashboardError,
  })

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
        listed
          .filter((dashboard) => absence.isSelected(dashboard, folders))
          .map((dashboard) => [dashboard.uid, dashboard]),
      )
      const missing = [...known.keys()].filter((uid) => !present.has(uid))
      const gone = await absence.find(missing, known.size, asked)
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
    isGone: async (uid, asked) => !known.has(uid) && (await absence.isGone(uid, known.size, asked)),
    // Its history reads it.
    read: () => Promise.resolve(undefined),
  }
}

/** Who may see a dashboard may be kept from the folder that it is in. */
const titlesOf = ({ folder, folderTitle }: ListedDashboard, folders: FolderTree): readonly string[] =>
  folders.get(folder) ?? (folderTitle === '' ? [] : [folderTitle])
