import type { Grafana, Token } from '../../../kit/grafana/index.ts'
import type { TestRepository } from '../../../kit/remote/index.ts'
import type { Api, KubeObject, Ref } from '../api.ts'
import { dashboardIs, dashboardReady, dashboardRef } from '../dashboard.ts'
import type { Tenant } from '../tenant.ts'
import { waitFor } from '../wait-for.ts'
import { grafanaDashboard } from './source.ts'

/** A tenant that follows dashboards of a Grafana. */
export interface Follower extends Tenant<TestRepository> {
  /** Makes a Dashboard that follows the one with this uid and is called by it. @param fields of `source.grafana` */
  follow(uid: string, fields?: object, spec?: object): Promise<void>
  /** Makes a Dashboard that follows those that `fields` select. @param uids of those that are there */
  followAll(name: string, fields: object, uids: readonly string[]): Promise<void>
  dashboard(name: string): Ref
  /** Waits until Ready of a Dashboard has this reason. */
  dashboardIs(name: string, reason: string): ReturnType<typeof dashboardIs>
  /** Waits until the status says that this version is in Git. */
  atVersion(name: string, version: number): Promise<KubeObject>
  /** Commits of a file, newest first, through its renames. @param format of `git log`; default who, and the subject */
  log(path: string, format?: string): Promise<string[]>
  /** Paths in Git, sorted. */
  files(): Promise<string[]>
}

export function followerOf(tenant: Tenant<TestRepository>, api: Api, grafana: Grafana, login: Token): Follower {
  const { namespace, repository } = tenant
  const ref = (name: string): Ref => dashboardRef(namespace, name)
  const create = async (name: string, fields: object, uids: readonly string[], spec?: object): Promise<void> => {
    for (const uid of uids) await readable(grafana, uid, login)
    await api.create(grafanaDashboard(namespace, name, { url: grafana.url, ...fields }, spec))
  }
  return {
    ...tenant,
    follow: (uid, fields, spec) => create(uid, { uid, ...fields }, [uid], spec),
    followAll: create,
    dashboard: ref,
    dashboardIs: (name, reason) => dashboardIs(api, ref(name), reason),
    atVersion: (name, version) => dashboardReady(api, ref(name), { sourceVersion: version }),
    log: async (path, format = '%an: %s') =>
      (await repository.git('log', '--follow', `--format=${format}`, 'main', '--', path)).split('\n'),
    files: async () => (await repository.git('ls-tree', '-r', '--name-only', 'main')).split('\n').sort(),
  }
}

/** A Grafana remembers for some seconds what a service account may read. */
async function readable(grafana: Grafana, uid: string, login: Token): Promise<void> {
  await waitFor(
    `${uid} can be read`,
    async () => {
      const { status } = await grafana.ask('GET', `/api/dashboards/uid/${uid}/versions`, undefined, login)
      return status !== 403
    },
    { timeout: 90_000 },
  )
}
