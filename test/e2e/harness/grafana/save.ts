import type { Credentials, Grafana } from '../../../kit/grafana/index.ts'

export interface Save {
  /** Default: the uid. */
  readonly title?: string
  /** The version that it follows; default 0: there is none yet. */
  readonly version?: number
  readonly message?: string
  /** The folder's uid; default: none. */
  readonly folder?: string
  /** Default: the administrator. */
  readonly as?: Credentials | undefined
  /** Further fields of the dashboard. */
  readonly fields?: object
}

/** Saves a dashboard, as a person does in the browser. */
export async function save(
  grafana: Grafana,
  uid: string,
  { title = uid, version = 0, message = '', folder, as, fields = {} }: Save = {},
): Promise<void> {
  const dashboard = { uid, title, version, panels: [], ...fields }
  await grafana.api('POST', '/api/dashboards/db', { dashboard, folderUid: folder, message }, as)
}

/** Saves version `version`, which differs from all others in a number. */
export const saveVersion = (grafana: Grafana, uid: string, version: number, more: Save = {}): Promise<void> =>
  save(grafana, uid, {
    version: version - 1,
    message: `v${version}`,
    fields: { description: `${version}s` },
    ...more,
  })

/** Saves one version after the other. */
export async function saveVersions(grafana: Grafana, uid: string, from: number, to: number): Promise<void> {
  for (let version = from; version <= to; version++) await saveVersion(grafana, uid, version)
}
