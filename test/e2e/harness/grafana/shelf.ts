import type { Credentials } from '../../../kit/grafana/index.ts'
import type { KubeObject } from '../api.ts'
import { dashboardReady } from '../dashboard.ts'
import type { Follower } from './follower.ts'
import { save } from './save.ts'
import type { Stage } from './stage.ts'

/** Folders with dashboards tagged `many`, and a tenant for a Dashboard called `shelf`, whose GitSync's folder is `audit`. */
export interface Shelf {
  readonly tenant: Follower
  /** Saves a dashboard into a folder; its message is the uid and the version. @param version that it follows; default 0 */
  readonly put: (uid: string, title: string, folder: string, version?: number, as?: Credentials) => Promise<void>
  readonly remove: (uid: string) => Promise<void>
  /** Waits until the Dashboard is Ready, and has so many files. */
  readonly ready: (files: number) => Promise<KubeObject>
  /** Paths of the dashboards in Git, sorted. */
  readonly listed: () => Promise<string[]>
  /** Commits of one of them, newest first: who, and the subject. */
  readonly log: (path: string) => Promise<string[]>
}

const BASE = 'audit/dashboards/'

/** Makes the folders `team-many`, `inner-many` in it, and `else-many`. */
export async function createShelf(stage: Stage): Promise<Shelf> {
  const { grafana, world } = stage
  const tenant = await stage.follower('many')
  await grafana.api('POST', '/api/folders', { uid: 'team-many', title: 'Team Ä' })
  await grafana.api('POST', '/api/folders', { uid: 'inner-many', title: 'Inner', parentUid: 'team-many' })
  await grafana.api('POST', '/api/folders', { uid: 'else-many', title: 'Else' })
  return {
    tenant,
    put(uid, title, folder, version = 0, as) {
      // As unlike each other as dashboards are: git takes what is alike for a copy.
      const description = `${`${uid} `.repeat(50)}${version}`
      const message = `${uid} ${version + 1}`
      return save(grafana, uid, { title, folder, version, message, as, fields: { description, tags: ['many'] } })
    },
    remove: (uid) => grafana.api('DELETE', `/api/dashboards/uid/${uid}`),
    ready: (files) => dashboardReady(world.api, tenant.dashboard('shelf'), { files }),
    listed: async () =>
      (await tenant.files()).filter((path) => path.endsWith('.json')).map((path) => path.slice(BASE.length)),
    log: (path) => tenant.log(BASE + path),
  }
}
