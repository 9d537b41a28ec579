/**
 * What is asked of a Grafana, and what it says: https://grafana.com/docs/grafana/latest/developers/http_api/dashboard_versions/,
 * /folder_dashboard_search/, /folder/ and /dashboard/; of resources https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/resource-history/
 */
import type { GrafanaAlertRules } from './alert-rules.ts'
import type { GrafanaLibraryPanels } from './library-panels.ts'

/** One saved version of a dashboard. */
export interface DashboardVersion {
  /** Grows by one with each save; begins anew when a dashboard is deleted and made again. */
  readonly version: number
  /** Milliseconds since the epoch, whole seconds. */
  readonly savedAt: number
  /** What it is asked for by, where that is not its number. */
  readonly revision?: string
}

export interface SavedDashboard extends DashboardVersion {
  /** Login of who saved it, as it is today; `Anonymous`, or `user:UID`, for whom Grafana does not know any more, or does not name. */
  readonly by: string
  /** What they wrote about it; often empty. */
  readonly message: string
  /** The dashboard as JSON, every number as it is spelt. */
  readonly text: string
}

/** Where a dashboard is, and what it is marked with. */
export interface DashboardPlace {
  /** Uid of the folder; '' at the top. */
  readonly folder: string
  readonly tags: readonly string[]
}

export interface ListedDashboard extends DashboardPlace {
  readonly uid: string
  /** As people call the folder; '' at the top. */
  readonly folderTitle: string
}

export interface Folder {
  readonly uid: string
  readonly title: string
}

/** What tells the history of a dashboard. */
export interface GrafanaVersions {
  /** The newest version of a dashboard. One request. @throws ForgeError `NotFound` where there is no such dashboard */
  newest(uid: string): Promise<DashboardVersion>
  /** Its versions, the newest first; each page is a request. @throws ForgeError */
  versions(uid: string): AsyncIterable<DashboardVersion>
  /** One version with its content. @throws ForgeError, DashboardError for one that has no text in this schema */
  saved(uid: string, version: DashboardVersion): Promise<SavedDashboard>
  /** Whether it lets any dashboard be seen. @throws ForgeError */
  showsAny(): Promise<boolean>
}

export interface Grafana extends GrafanaVersions, GrafanaAlertRules, GrafanaLibraryPanels {
  /** All that it lets be seen; each page of 5,000 is a request. @param tag only those that have it. @throws ForgeError */
  dashboards(tag?: string): Promise<readonly ListedDashboard[]>
  /** Where a dashboard is now; undefined where there is none. @throws ForgeError, DashboardError for one of which this schema does not tell */
  placeOf(uid: string): Promise<DashboardPlace | undefined>
  /** One folder, and the uid of that which it is in, '' at the top; undefined where there is none. @throws ForgeError */
  folder(uid: string): Promise<(Folder & { readonly parent: string }) | undefined>
  /** Those that are directly in one; each page of 1,000 is a request. @param uid '' for the top. @throws ForgeError */
  foldersIn(uid: string): Promise<readonly Folder[]>
}
