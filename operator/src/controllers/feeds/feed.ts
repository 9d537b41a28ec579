/** What a source of dashboards, and of what belongs to them, has to give that is not in the Dashboard itself. */
import type { DashboardSpec } from '../../api/dashboard.ts'
import type { DashboardFile } from '../../dashboard/dashboard-file.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import type { SeenBefore } from '../../plan/attribution.ts'
import type { Made } from '../../push/object-changes.ts'
import type { Protection } from '../../render/secrets/protection.ts'
import type { FollowedDashboard } from '../grafana/followed-dashboard.ts'
import type { Problem } from '../step.ts'

/** One dashboard of a source, or what a source has beside them. */
export type FedDashboard = FedText | FedHistory

interface FedFile {
  /**
   * Which of the source's dashboards it is, without end the same one: `CONFIGMAP/KEY`. Behind the Dashboard's name and a slash it is the
   * name in the identity of its file. '' where the Dashboard stands for one: its file is the Dashboard's own.
   */
  readonly key: string
  /** Another one for each state of it. */
  readonly version: string
  /** The folders it is in, as people call them, outermost first. */
  readonly folders: readonly string[]
  /** Where its file is. Default: as `spec.path` says. */
  readonly template?: string
  /** What a template of paths may name beside folder, title and uid. */
  readonly variables: Readonly<Record<string, string>>
  /** Where nothing of its title can be in a file name. */
  readonly fallback: string
  /** Of a-z 0-9 and -, in its file's name where another of the same Dashboard has that name: no other of them has this. */
  readonly suffix: string
}

/** One of which its source has the state that it has now. */
export interface FedText extends FedFile {
  /**
   * Makes its file.
   * @throws DashboardError
   */
  readonly make: (how: Making) => DashboardFile
}

/** How files are made for a GitSync. */
export interface Making extends Pick<DashboardSpec, 'datasources'> {
  /** Undefined while nothing is sensitive. */
  readonly protection: Protection | undefined
}

/** One of which its source keeps each version, and each is written. */
export interface FedHistory extends FedFile {
  readonly follows: Pick<FollowedDashboard, 'source' | 'since'>
}

export const isHistory = (dashboard: FedDashboard): dashboard is FedHistory => 'follows' in dashboard

/** A state of an object that somebody wrote; with what was known of it before, or nothing where it was not known. */
export interface Written {
  readonly object: KubernetesObject
  readonly before: SeenBefore
}

/** Who did something: the object that they wrote, or what the source says of them. */
export type By = Written | Made

export const isWritten = (by: By): by is Written => 'object' in by

/** What a feed tells, also while `open` has not returned. */
export interface FeedHandler {
  /** One that is there, or has changed; also what has not, after each complete look. @param by who wrote this state */
  told(dashboard: FedDashboard, by: By): void
  /** One was seen to go. @param how.deleted the object that held it, in its last state. @param how.by who took it out */
  gone(key: string, how: { readonly deleted: KubernetesObject } | { readonly by: By }): void
  /** One is not there any more, and nobody saw it go. */
  vanished(key: string): void
  /** Everything there is has been told: at first, and after each complete look. */
  synced(): void
  /** Where histories are followed: each may have new versions. */
  looked(): void
  /** `current` or `problem` may be another. */
  stateChanged(): void
}

/** Where the dashboards of one Dashboard come from, for as long as its spec says so and its GitSync may read there. */
export interface Feed {
  /** Begins to tell. Called once. */
  open(handler: FeedHandler): void
  /** Tells nothing from here on. */
  close(): void
  /** All that is known is current: that one is absent means something. */
  readonly current: boolean
  /** As `current`, of one of them alone. Default: `current`. */
  knows?(key: string): boolean
  /** Looks now, where it looks only from time to time. */
  lookNow?(): void
  /** Why it cannot tell, or has not what the Dashboard names; it goes on by itself. */
  readonly problem: Problem | undefined
  /**
   * One of them, as it is now; undefined where it is not there.
   * @throws PushFailure when that cannot be told
   */
  read(key: string): Promise<FedText | undefined>
  /**
   * Asks whether one is gone for good, at the source itself, whatever was told: where it cannot be seen that it is gone, it is not.
   * @throws PushFailure when that cannot be told
   */
  isGone(key: string): Promise<boolean>
}
