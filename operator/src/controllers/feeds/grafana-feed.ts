import type { GrafanaSource } from '../../api/dashboard.ts'
import { shortHash } from '../../dashboard/dashboard-path.ts'
import { isForgeError } from '../../forge/forge-error.ts'
import type { DashboardPlace, Grafana, ListedDashboard } from '../../grafana/grafana.ts'
import { PushFailure } from '../../push/failure.ts'
import type { Made } from '../../push/object-changes.ts'
import { readFolders } from '../grafana/folder-tree.ts'
import type { FolderTree } from '../grafana/folder-tree.ts'
import type { GrafanaPort } from '../grafana/grafana-port.ts'
import { grafanaProblem } from '../grafana/grafana-problem.ts'
import { Pauses } from '../grafana/pauses.ts'
import type { Poll } from '../grafana/poll.ts'
import type { Problem } from '../step.ts'
import type { FedHistory, Feed, FeedHandler } from './feed.ts'

const DELETED: Made = { origin: { by: 'unknown (deleted in Grafana)', via: 'Grafana' } }
const TAKEN_OUT: Made = { origin: { by: 'unknown (moved or untagged in Grafana)', via: 'Grafana' } }
const MOVED: Made = { origin: { by: 'unknown (moved in Grafana)', via: 'Grafana' } }

/**
 * Which dashboards a Grafana has: those of a folder, of a tag, or all. It looks from time to time; what is in them their histories tell.
 * @param since of the Dashboard, milliseconds since the epoch
 */
export function grafanaFeed(port: GrafanaPort, source: GrafanaSource, since: number | undefined): Feed {
  /** By uid, with where they were told to be. */
  const known = new Map<string, string>()
  const pauses = new Pauses(port.random)
  let handler: FeedHandler | undefined
  let poll: Poll | undefined
  let isSynced = false
  let problem: Problem | undefined

  const isSelected = ({ folder, tags }: DashboardPlace, folders: FolderTree): boolean =>
    (source.folder === undefined || folders.has(folder)) && (source.tag === undefined || tags.includes(source.tag))

  const look = async (): Promise<void> => {
    const grafana = await port.open(source)
    const folders = await readFolders(grafana, source.folder)
    if (folders === undefined) {
      const message = `spec.source.grafana.folder: ${source.url} has no folder ${source.folder}, or does not show it to this login; the files stay`
      throw new PushFailure('NotInGrafana', message)
    }
    const listed = await grafana.dashboards(source.tag)
    if (handler === undefined) return
    const present = new Map(
      listed.filter((dashboard) => isSelected(dashboard, folders)).map((dashboard) => [dashboard.uid, dashboard]),
    )
    const gone = await findGone(grafana, present)
    // Closed meanwhile.
    if (handler === undefined) return
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
    problem = undefined
    if (!isSynced) {
      isSynced = true
      handler.synced()
    }
    // Where they are is known by now: a version of one that was moved is written there.
    handler.looked()
  }

  /** Of those that a look has not shown any more: which are gone, and how. */
  async function findGone(grafana: Grafana, present: ReadonlyMap<string, unknown>): Promise<ReadonlyMap<string, Made>> {
    const gone = new Map<string, Made>()
    const places = new Map<string, DashboardPlace | undefined>()
    for (const uid of known.keys()) {
      if (present.has(uid)) continue
      try {
        places.set(uid, await grafana.placeOf(uid))
      } catch (error) {
        // Its history says so, and the others go on.
        if (!isForgeError(error, 'Forbidden')) throw error
      }
    }
    if (places.size === 0) return gone
    // Read after the places: a folder that was made meanwhile is known by now. Lists may be older than what they list.
    const folders = await readFolders(grafana, source.folder)
    for (const [uid, place] of places) {
      if (place === undefined) gone.set(uid, DELETED)
      else if (folders !== undefined && !isSelected(place, folders)) gone.set(uid, TAKEN_OUT)
    }
    const isAnother =
      gone.size > 0 && [...gone.values()].every((by) => by === DELETED) && !(await isProof(grafana, gone))
    if (isAnother) {
      const message = `spec.source.grafana.url: ${source.url} has none of the ${known.size} dashboards any more that it had: their files stay`
      throw new PushFailure('NotInGrafana', message)
    }
    return gone
  }

  /** Whether it means something that these are not there: another Grafana, or another organisation of it, has none of them. */
  const isProof = async (grafana: Grafana, gone: ReadonlyMap<string, unknown>): Promise<boolean> =>
    gone.size < known.size || source.folder !== undefined || (known.size === 1 && (await grafana.showsAny()))

  const toDashboard = (uid: string, folders: readonly string[]): FedHistory => {
    const { url, secretRef, history, interval } = source
    return {
      key: uid,
      version: JSON.stringify(folders),
      follows: { source: { url, secretRef, uid, history, interval }, since },
      folders,
      variables: {},
      fallback: uid,
      suffix: shortHash(uid),
    }
  }

  const step = async (): Promise<number | undefined> => {
    try {
      await look()
      return pauses.answered(source.interval)
    } catch (error) {
      problem = grafanaProblem(error)
      if (problem.reason === 'GrafanaRefused') port.doubt(source)
      return pauses.failed(source.interval, error)
    } finally {
      handler?.stateChanged()
    }
  }

  return {
    open(opened) {
      handler = opened
      poll = port.poll(source, step)
      poll.run()
    },
    close() {
      handler = undefined
      poll?.close()
    },
    get current() {
      return isSynced && problem === undefined
    },
    get problem() {
      return problem
    },
    lookNow: () => poll?.run(),
    // Its history reads it.
    read: () => Promise.resolve(undefined),
    async isGone(uid) {
      if (!isSynced || problem !== undefined || known.has(uid)) return false
      try {
        const grafana = await port.open(source)
        const place = await grafana.placeOf(uid)
        const folders = await readFolders(grafana, source.folder)
        if (folders === undefined) return false
        if (place !== undefined) return !isSelected(place, folders)
        return known.size > 0 || source.folder !== undefined || (await grafana.showsAny())
      } catch {
        // Where it cannot be seen that it is gone, it is not, and the others need not wait.
        return false
      }
    },
  }
}

/** Who may see a dashboard may be kept from the folder that it is in. */
const titlesOf = ({ folder, folderTitle }: ListedDashboard, folders: FolderTree): readonly string[] =>
  folders.get(folder) ?? (folderTitle === '' ? [] : [folderTitle])
