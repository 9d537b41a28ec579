import { DashboardError } from '../dashboard/dashboard-error.ts'
import type { ApiConnection } from '../forge/api-client.ts'
import { ForgeError } from '../forge/forge-error.ts'
import { grafanaClient } from './grafana-client.ts'
import type { DashboardVersion, Grafana } from './grafana.ts'
import type { ListedTexts } from './listed-texts.ts'
import { Logins } from './logins.ts'
import { openGrafana } from './open-grafana.ts'
import { ResourceHistory } from './resource-history.ts'
import type { ResourceListing, ResourceSchema, ResourceVersion } from './resource-version.ts'

export interface ResourceOptions {
  readonly schema: ResourceSchema
  /** What lists have brought along, of all Grafanas together. */
  readonly listed: ListedTexts
  /** Tells this Grafana, and who logs in, from others there. */
  readonly scope: string
}

const RIGHTS = 'dashboards:read on this dashboard'

/**
 * A running Grafana whose dashboards are read as resources of `dashboard.grafana.app`; what lists them, and folders, is its classic API.
 * No I/O.
 * @param url as people open it
 */
export function openResources(url: string, connection: ApiConnection, options: ResourceOptions): Grafana {
  const { schema, listed, scope } = options
  const client = grafanaClient(url, connection, RIGHTS)
  const history = new ResourceHistory(client, { url, schema })
  const logins = new Logins(client, connection.now)
  const keyOf = (uid: string, revision: string): string => `${scope} ${uid} ${revision}`

  async function read(uid: string, wanted: DashboardVersion): Promise<ResourceVersion> {
    const kept = wanted.revision === undefined ? undefined : listed.take(keyOf(uid, wanted.revision))
    const found = kept ?? (await history.find(uid, wanted))
    if (found === undefined)
      throw new ForgeError('NotFound', `version ${wanted.version} of dashboard ${uid} is not there any more`)
    return found
  }

  return {
    ...openGrafana(url, connection),
    newest: async (uid) => versionOf(await history.newest(uid)),
    async *versions(uid) {
      for await (const version of history.versions(uid)) {
        listed.keep(keyOf(uid, version.revision), version)
        yield versionOf(version)
      }
    },
    async saved(uid, wanted) {
      const found = await read(uid, wanted)
      const { message, text } = found
      return { ...versionOf(found), message, text, by: await logins.of(uid, found) }
    },
    async placeOf(uid) {
      const found = await history.now(uid)
      if (found?.isUnconverted === true)
        throw new DashboardError(`dashboard ${uid}: Grafana could not convert it to schema ${schema}`)
      return found?.place
    },
  }
}

const versionOf = ({ version, savedAt, revision }: ResourceListing): DashboardVersion => ({
  version,
  savedAt,
  revision,
})
