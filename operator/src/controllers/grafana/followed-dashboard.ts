import type { DashboardSpec, DashboardStatus, GrafanaSource } from '../../api/dashboard.ts'
import { dashboardSpec } from '../../api/parse.ts'
import type { DashboardFile } from '../../dashboard/dashboard-file.ts'
import { defaultPath } from '../../dashboard/dashboard-path.ts'
import type { DashboardVersion } from '../../grafana/grafana.ts'
import { pageOf } from '../../grafana/source-trailer.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import type { Made } from '../../push/object-changes.ts'
import type { FedHistory } from '../feeds/feed.ts'
import { pathOfMany } from '../render-dashboard.ts'
import type { Placing } from '../render-dashboard.ts'

/** One dashboard of a Grafana, and how its history is to be written. */
export interface FollowedDashboard {
  readonly source: Pick<GrafanaSource, 'url' | 'secretRef' | 'schema' | 'history' | 'interval'> & {
    readonly uid: string
  }
  readonly datasources: DashboardSpec['datasources']
  /** Where its file is. */
  readonly pathOf: (file: Pick<DashboardFile, 'title'>) => string
  /** Another one whenever the file of a version, or its path, may be another. */
  readonly form: string
  /** resourceVersion of the Dashboard. */
  readonly version: string | undefined
  /** Who made it so. */
  readonly made: Made
  /** What was in Git when that was said last, if it is known. */
  readonly hint?: FileHint | undefined
  /** It may have been written in another form. */
  readonly isOtherForm?: boolean
  /** With `FromNow`: versions saved from then on belong to it besides the newest; milliseconds since the epoch. */
  readonly since?: number | undefined
  /** One of many: who lists them says when to look for new versions, and that it is gone. */
  readonly isListed?: boolean
}

/** A version, and the file it is in. */
export interface FileHint extends DashboardVersion {
  readonly oid: string
  readonly title: string
}

/** What a Dashboard follows that names one dashboard; undefined for any other. @param made who gave it its spec */
export function followedBy(object: KubernetesObject, made: Made): FollowedDashboard | undefined {
  const spec = dashboardSpec(object)
  const grafana = spec?.source.grafana
  const uid = grafana?.uid
  if (spec === undefined || grafana === undefined || uid === undefined) return undefined
  const { name, resourceVersion: version, generation } = object.metadata
  const { path, datasources } = spec
  const status = (object['status'] ?? {}) as DashboardStatus
  return {
    source: { ...grafana, uid },
    datasources,
    pathOf: ({ title }) => path ?? defaultPath(title, name),
    form: JSON.stringify(spec),
    version,
    made,
    hint: hintIn(status, pageOf({ ...grafana, uid })),
    isOtherForm: status.observedGeneration !== generation,
  }
}

/** One of many that a Dashboard stands for. @param how.made who made it so */
export function followedIn(
  dashboard: FedHistory,
  { spec, made, placed }: { readonly spec: DashboardSpec; readonly made: Made } & Placing,
): FollowedDashboard {
  const { follows, key: uid, folders } = dashboard
  const { path, datasources } = spec
  return {
    ...follows,
    datasources,
    pathOf: ({ title }) => pathOfMany(dashboard, { path, placed, title, uid }),
    form: JSON.stringify([path, datasources, folders, follows.source.schema]),
    version: undefined,
    made,
    isListed: true,
  }
}

/** What the status says of the file, if it is about this dashboard. */
function hintIn(status: DashboardStatus, page: string): FileHint | undefined {
  const { sourceUrl, sourceVersion, sourceSavedAt, oid, title = '' } = status
  const savedAt = Date.parse(sourceSavedAt ?? '')
  if (sourceUrl !== page || sourceVersion === undefined || oid === undefined || Number.isNaN(savedAt)) return undefined
  return { version: sourceVersion, savedAt, oid, title }
}
