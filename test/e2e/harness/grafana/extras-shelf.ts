import type { Credentials } from '../../../kit/grafana/index.ts'
import { dashboardReady } from '../dashboard.ts'
import { waitFor } from '../wait-for.ts'
import type { Follower } from './follower.ts'
import { save } from './save.ts'
import type { Stage } from './stage.ts'

const RULES = '/api/v1/provisioning/alert-rules'
const PANELS = '/api/library-elements'
const BASE = 'audit/'

export interface PanelSave {
  readonly name?: string
  readonly folder?: string
  readonly as?: Credentials
}

/** Folders with a dashboard, rules and panels, and a tenant for a Dashboard called `all`, whose GitSync's folder is `audit`. */
export interface ExtrasShelf {
  readonly tenant: Follower
  /** Uids of folders: `inner` is in `team`, `elsewhere` is beside it. */
  readonly folders: { readonly team: string; readonly inner: string; readonly elsewhere: string }
  /** Makes or changes a rule. @param expression what it says */
  readonly putRule: (uid: string, group: string, expression: string, folder?: string) => Promise<void>
  readonly dropRule: (uid: string) => Promise<void>
  /** Group as Grafana exports it. */
  readonly exported: (group: string, folder?: string) => Promise<string>
  /** Makes or saves a panel. @param text what it shows */
  readonly putPanel: (uid: string, text: string, how?: PanelSave) => Promise<void>
  readonly dropPanel: (uid: string) => Promise<void>
  /** Makes the Dashboard: all in `team`, with rules and panels. */
  readonly follow: (fields?: object) => Promise<void>
  /** Asks for a look, and waits until these are the files in Git beside the dashboards, and the Dashboard is Ready. */
  readonly become: (...paths: readonly string[]) => Promise<void>
  /** Paths of rules and panels in Git. */
  readonly listed: () => Promise<string[]>
  readonly text: (path: string) => Promise<string>
  /** Commits of one of them, newest first: who, and the subject. */
  readonly log: (path: string) => Promise<string[]>
  /** Commits of the branch. */
  readonly commits: () => Promise<number>
}

/** @param name of the tenant, and in the uids of all that is made */
export async function createExtras(stage: Stage, name: string): Promise<ExtrasShelf> {
  const { grafana, world } = stage
  const tenant = await stage.follower(name)
  const folders = { team: `team-${name}`, inner: `inner-${name}`, elsewhere: `else-${name}` }
  await grafana.api('POST', '/api/folders', { uid: folders.team, title: `Team ${name}` })
  await grafana.api('POST', '/api/folders', { uid: folders.inner, title: `Inner ${name}`, parentUid: folders.team })
  await grafana.api('POST', '/api/folders', { uid: folders.elsewhere, title: `Else ${name}` })
  await save(grafana, `board-${name}`, { folder: folders.team })
  await tenant.sync({ path: 'audit' })
  await tenant.ready()
  const own = (uid: string): string => `${uid}-${name}`
  const listed = async (): Promise<string[]> =>
    (await tenant.files())
      .map((path) => path.slice(BASE.length))
      .filter((path) => path.startsWith('alert-rules/') || path.startsWith('library-panels/'))
  return {
    tenant,
    folders,
    async putRule(uid, group, expression, folder = folders.team) {
      const rule = {
        uid: own(uid),
        title: own(uid),
        folderUID: folder,
        ruleGroup: group,
        condition: 'A',
        for: '1m',
        noDataState: 'NoData',
        execErrState: 'Alerting',
        data: [
          {
            refId: 'A',
            datasourceUid: '__expr__',
            relativeTimeRange: { from: 600, to: 0 },
            model: { type: 'math', expression, refId: 'A' },
          },
        ],
      }
      const { status } = await grafana.ask('PUT', `${RULES}/${own(uid)}`, rule)
      if (status === 404) await grafana.api('POST', RULES, rule)
      else if (status >= 300) throw new Error(`Grafana answers ${status} to a rule`)
    },
    dropRule: (uid) => grafana.api('DELETE', `${RULES}/${own(uid)}`),
    exported: (group, folder = folders.team) =>
      grafana.api(
        'GET',
        `/api/v1/provisioning/folder/${folder}/rule-groups/${encodeURIComponent(group)}/export?format=yaml`,
      ),
    async putPanel(uid, text, { name: called = uid, folder = folders.team, as } = {}) {
      const fields = { uid: own(uid), name: called, kind: 1, folderUid: folder }
      const model = { type: 'text', title: called, options: { content: `${`${uid} `.repeat(50)}${text}` } }
      const { status, body } = await grafana.ask('GET', `${PANELS}/${own(uid)}`)
      if (status === 404) await grafana.api('POST', PANELS, { ...fields, model }, as)
      else await grafana.api('PATCH', `${PANELS}/${own(uid)}`, { ...fields, model, version: body.result.version }, as)
    },
    dropPanel: (uid) => grafana.api('DELETE', `${PANELS}/${own(uid)}`),
    follow: (fields = {}) =>
      tenant.followAll('all', { folder: folders.team, alertRules: {}, libraryPanels: {}, ...fields }, [
        `board-${name}`,
      ]),
    async become(...paths) {
      await tenant.request()
      await waitFor(`the files are ${paths.join(', ')}`, async () => {
        const found = await listed()
        if (found.join() !== paths.toSorted().join()) throw new Error(found.join(', '))
        return true
      })
      await dashboardReady(world.api, tenant.dashboard('all'), { files: paths.length + 1, failed: 0 })
    },
    listed,
    // As it is, with the end of its last line.
    text: async (path) => `${await tenant.repository.git('show', `main:${BASE}${path}`)}\n`,
    log: (path) => tenant.log(BASE + path),
    commits: async () => Number(await tenant.repository.git('rev-list', '--count', 'main')),
  }
}
