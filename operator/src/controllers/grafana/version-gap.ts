import type { DashboardVersion } from '../../grafana/grafana.ts'
import { spelt } from '../../grafana/source-trailer.ts'

/** Versions that were there and that Grafana does not have any more. */
export interface VersionGap {
  readonly message: string
  /** For the commit that comes after it. */
  readonly trailer: string
}

/**
 * Whether something is missing between what is in Git and what follows; nothing is made up for it.
 * @param after in Git; undefined where the whole history is wanted
 * @param found what follows, the oldest first
 * @param newest what Grafana shows now
 */
export function findGap(
  after: DashboardVersion | undefined,
  found: readonly DashboardVersion[],
  newest: DashboardVersion,
): VersionGap | undefined {
  const [first] = found
  if (first === undefined) {
    const shown = `version ${newest.version} of ${spelt(newest.savedAt)}`
    return gap(`Grafana has gone back to ${shown}, as with a backup: the file is as it is there now`)
  }
  const last = after?.version ?? 0
  if (after !== undefined && first.version <= last)
    return gap(`the dashboard was made anew after version ${last}, and what it was before is not known`)
  if (first.version === last + 1) return undefined
  const missing =
    first.version === last + 2 ? `version ${last + 1} is` : `versions ${last + 1} to ${first.version - 1} are`
  return gap(`${missing} not in Grafana any more, which keeps only the newest`)
}

const gap = (message: string): VersionGap => ({ message, trailer: `Gitsync-Missing: ${message}` })
