import { DashboardError } from '../dashboard/dashboard-error.ts'
import { apiPath } from '../forge/api-client.ts'
import type { ApiConnection, ApiClient } from '../forge/api-client.ts'
import { Fields, listOf } from '../forge/fields.ts'
import { ForgeError, ifFound, isForgeError } from '../forge/forge-error.ts'
import { stringifyExact } from '../objects/exact-json.ts'
import { isRecord } from '../render/tree.ts'
import type { JsonRecord } from '../render/tree.ts'
import { alertRulesOf } from './alert-rules.ts'
import { grafanaClient } from './grafana-client.ts'
import type { DashboardVersion, Folder, Grafana, ListedDashboard, SavedDashboard } from './grafana.ts'
import { libraryPanelsOf } from './library-panels.ts'
import { isUid, MAX_NAME, takenFolder, takenMessage, takenTags, takenVersion } from './taken.ts'

/** Versions of one page: later releases send the whole dashboard with each. */
const PAGE = 50
/** Pages that one list may have: of the largest dashboards one version fills a page. */
const MAX_PAGES = 10_000
/** Of a page: the most that Grafana gives. */
const HITS = 5_000
const FOLDERS = 1_000
/** A GitSync has no more files, and no Grafana more folders. */
const MAX_DASHBOARDS = 10_000
const MAX_FOLDERS = 10_000
const RIGHTS = 'dashboards:read and dashboards:write on this dashboard, without which Grafana shows no versions'

/** A running Grafana, by its classic API. No I/O. @param url as people open it */
export function openGrafana(url: string, connection: ApiConnection): Grafana {
  const client = grafanaClient(url, connection, RIGHTS)
  return {
    ...alertRulesOf(client),
    ...libraryPanelsOf(client),
    async newest(uid) {
      const [newest] = (await readPage(client, uid, { limit: '1' })).versions
      if (newest === undefined) throw new ForgeError('Malformed', `dashboard ${uid} has no version`)
      return newest
    },
    versions: (uid) => pages(client, uid),
    saved: (uid, { version }) => readSaved(client, uid, version),
    async showsAny() {
      const query = { type: 'dash-db', limit: '1' }
      return listOf(await client.send({ method: 'GET', path: apiPath('api', 'search'), query }), 'search').length > 0
    },
    async dashboards(tag) {
      const query = { type: 'dash-db', ...(tag === undefined ? {} : { tag }) }
      const found = await numbered(client, { path: apiPath('api', 'search'), query, size: HITS, most: MAX_DASHBOARDS })
      // By uid: pages move on when somebody adds one meanwhile.
      return [...new Map(found.map((hit) => [hit.text('uid'), listedOf(hit)])).values()].filter(({ uid }) => isUid(uid))
    },
    async placeOf(uid) {
      const answer = await ifFound(readDashboard(client, uid))
      if (answer === undefined) return undefined
      const fields = new Fields(answer, 'dashboard')
      const [meta, dashboard] = [fields.fields('meta'), fields.fields('dashboard')]
      return { folder: folderUid(meta), tags: takenTags(dashboard.list('tags')) }
    },
    async folder(uid) {
      const answer = await ifFound(client.send({ method: 'GET', path: apiPath('api', 'folders', uid) }))
      if (answer === undefined) return undefined
      const fields = new Fields(answer, 'folder')
      return { ...folderOf(fields), parent: fields.text('parentUid') }
    },
    async foldersIn(uid) {
      const query = uid === '' ? {} : { parentUid: uid }
      const found = await numbered(client, { path: apiPath('api', 'folders'), query, size: FOLDERS, most: MAX_FOLDERS })
      return found.map(folderOf)
    },
  }
}

/** Lists whose pages are counted from 1. */
async function numbered(
  client: ApiClient,
  asked: {
    readonly path: string
    readonly query: Readonly<Record<string, string>>
    /** Of a page. */
    readonly size: number
    readonly most: number
  },
): Promise<Fields[]> {
  const { path, size, most } = asked
  const found: Fields[] = []
  for (let page = 1; ; page++) {
    const query = { ...asked.query, limit: String(size), page: String(page) }
    const items = listOf(await client.send({ method: 'GET', path, query }), 'list')
    found.push(...items)
    if (found.length > most) throw new ForgeError('LimitExceeded', `GET ${path}: it lists more than ${most}`)
    if (items.length < size) return found
  }
}

const listedOf = (hit: Fields): ListedDashboard => ({
  uid: hit.text('uid'),
  folder: folderUid(hit),
  folderTitle: hit.text('folderTitle').slice(0, MAX_NAME),
  tags: takenTags(hit.list('tags')),
})
const folderUid = (fields: Fields): string => takenFolder(fields.text('folderUid'))
const folderOf = (fields: Fields): Folder => ({
  uid: fields.text('uid'),
  title: fields.text('title').slice(0, MAX_NAME),
})

interface Page {
  readonly versions: readonly DashboardVersion[]
  /** Asks for what follows; undefined on the last page. */
  readonly next: Readonly<Record<string, string>> | undefined
}

const pathOf = (uid: string, ...more: readonly (string | number)[]): string =>
  apiPath('api', 'dashboards', 'uid', uid, 'versions', ...more)

/** Grafana 10 gives a list and counts on by `start`, later ones an object with a token. */
async function readPage(client: ApiClient, uid: string, query: Readonly<Record<string, string>>): Promise<Page> {
  const answer = await classicOnly(uid, client.send({ method: 'GET', path: pathOf(uid), query }))
  const list = Array.isArray(answer) ? answer : new Fields(answer, 'versions').list('versions')
  const versions = list.map((item) => versionOf(new Fields(item, 'version')))
  if (!Array.isArray(answer)) {
    const continueToken = new Fields(answer, 'versions').text('continueToken')
    return { versions, next: continueToken === '' ? undefined : { continueToken } }
  }
  const start = Number(query['start'] ?? 0) + versions.length
  return { versions, next: versions.length < Number(query['limit']) ? undefined : { start: String(start) } }
}

async function* pages(client: ApiClient, uid: string): AsyncGenerator<DashboardVersion> {
  let next: Page['next'] = {}
  let limit = PAGE
  let last: DashboardVersion | undefined
  for (let asked = 0; next !== undefined; asked++) {
    if (asked === MAX_PAGES)
      throw new ForgeError('Malformed', `the versions of dashboard ${uid} do not end after ${MAX_PAGES} pages`)
    let page: Page
    try {
      page = await readPage(client, uid, { ...next, limit: String(limit) })
    } catch (error) {
      // Grafana 10 has no page behind the last one, however full that was.
      if (last !== undefined && isForgeError(error, 'NotFound')) return
      if (!isForgeError(error, 'LimitExceeded') || limit === 1) throw error
      limit = Math.ceil(limit / 4)
      continue
    }
    for (const version of page.versions) {
      // Later releases list a save that changed nothing once more; and pages by number move on when somebody saves meanwhile.
      if (last !== undefined && version.version >= last.version) continue
      last = version
      yield version
    }
    next = page.next
  }
}

async function readSaved(client: ApiClient, uid: string, version: number): Promise<SavedDashboard> {
  const answer = await classicOnly(uid, client.send({ method: 'GET', path: pathOf(uid, version) }))
  const fields = new Fields(answer, 'version')
  const data = isRecord(answer) ? answer['data'] : undefined
  if (!isRecord(data)) throw new ForgeError('Malformed', `version ${version} of dashboard ${uid} has no content`)
  // Versions of schema v2 are listed all the same, with their spec, or with a title alone where it could not be converted.
  if (!hasPanels(data)) await readDashboard(client, uid)
  return {
    ...versionOf(fields),
    by: fields.text('createdBy').slice(0, MAX_NAME),
    message: takenMessage(fields.text('message')),
    text: stringifyExact(data),
  }
}

const hasPanels = ({ panels, rows }: JsonRecord): boolean => Array.isArray(panels) || Array.isArray(rows)

/** As it is now. @throws DashboardError for one that is kept in schema v2 */
const readDashboard = (client: ApiClient, uid: string): Promise<unknown> =>
  classicOnly(uid, client.send({ method: 'GET', path: apiPath('api', 'dashboards', 'uid', uid) }))

const NOT_ACCEPTABLE = 406

async function classicOnly<T>(uid: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!isForgeError(error) || error.status !== NOT_ACCEPTABLE) throw error
    throw new DashboardError(
      `spec.source.grafana.schema: Grafana keeps dashboard ${uid} in schema v2, which Classic does not give; take V2`,
    )
  }
}

const versionOf = (fields: Fields): DashboardVersion =>
  takenVersion(fields.number('version'), fields.text('created'), {
    version: 'version.version',
    time: 'version.created',
  })
