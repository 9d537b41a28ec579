import type { DashboardSpec } from '../../api/dashboard.ts'
import type { KubernetesObject, ObjectIdentity } from '../../objects/object.ts'
import type { RenderedFile } from '../../push/member-settings.ts'
import type { Made } from '../../push/object-changes.ts'
import type { By, FedHistory } from './feed.ts'

/** What becomes of what feeds tell. */
export interface FeedsHandler {
  /** @param render makes the file when it is known who wrote it; undefined where none can be made */
  written(key: string, by: By, render: () => RenderedFile | undefined): void
  /** One whose history is to be followed from here on, or in another way. */
  followed(
    identity: ObjectIdentity,
    dashboard: FedHistory,
    how: { readonly spec: DashboardSpec; readonly made: Made },
  ): void
  /** It may have new versions. */
  looked(key: string): void
  deleted(key: string, how: { readonly deleted: KubernetesObject } | { readonly by: By }, isStill: () => boolean): void
  dropped(key: string): void
  /** Everything that a Dashboard stands for has been told. @param how.isAwaited a first comparison has waited for it */
  synced(how: { readonly isAwaited: boolean; readonly covers: (identity: ObjectIdentity) => boolean }): void
  stateChanged(): void
  /** It has to be found out whether something may be read. */
  asksForAccess(): void
}
