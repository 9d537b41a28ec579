import type { DashboardSpec } from '../api/dashboard.ts'
import { parseDashboard } from '../api/parse.ts'
import { DashboardError } from '../dashboard/dashboard-error.ts'
import { dashboardFile } from '../dashboard/dashboard-file.ts'
import type { DashboardFile } from '../dashboard/dashboard-file.ts'
import { DEFAULT_TEMPLATE, defaultPath, templatePath, withSuffix } from '../dashboard/dashboard-path.ts'
import { stringifyExact } from '../objects/exact-json.ts'
import { identityKey } from '../objects/object.ts'
import type { KubernetesObject, ObjectIdentity } from '../objects/object.ts'
import { contentId } from '../push/member.ts'
import type { RenderedFile } from '../push/member-settings.ts'
import type { Protection } from '../render/secrets/protection.ts'
import type { FedDashboard, FedText } from './feeds/feed.ts'
import { refuseSensitive } from './refuse-sensitive.ts'

/** The GitSync that a Dashboard names, as namespace/name; undefined where it names none. */
export function syncOf({ metadata: { namespace = '' }, ...object }: KubernetesObject): string | undefined {
  const { syncRef } = (object['spec'] ?? {}) as { readonly syncRef?: { readonly name?: unknown } }
  return typeof syncRef?.name === 'string' ? `${namespace}/${syncRef.name}` : undefined
}

/**
 * The file of a Dashboard.
 * @throws InvalidSpecError, DashboardError
 */
export function renderDashboard(
  object: KubernetesObject,
  { identity, protection }: { readonly identity: ObjectIdentity; readonly protection: Protection | undefined },
): RenderedFile {
  const { path, source, datasources } = parseDashboard(object).spec
  if (source.grafana !== undefined) throw new DashboardError('what its Grafana gives is known to the operator alone')
  refuseSensitive(object, protection)
  const made = dashboardFile(source.json ?? stringifyExact(source.model), datasources)
  return toFile(identity, made, path ?? defaultPath(made.title, identity.name))
}

export interface Placing {
  /** Which of two paths it has: the one that it wants, or with its suffix where another has that. */
  readonly placed: (wanted: string, suffixed: string) => string
}

/**
 * The file of a dashboard whose text is not in its Dashboard.
 * @throws DashboardError
 */
export function renderFed(
  dashboard: FedText,
  { path, datasources }: DashboardSpec,
  how: {
    readonly identity: ObjectIdentity
    readonly protection: Protection | undefined
  } & Placing,
): RenderedFile {
  const { identity, protection, placed } = how
  const made = dashboard.make({ datasources, protection })
  if (dashboard.key === '') return toFile(identity, made, path ?? defaultPath(made.title, identity.name))
  return toFile(identity, made, pathOfMany(dashboard, { path, placed, ...made }))
}

/** Where one of the files of a Dashboard is that stands for many. @param how as of {@link renderFed} */
export function pathOfMany(
  dashboard: FedDashboard,
  {
    path = DEFAULT_TEMPLATE,
    placed,
    ...made
  }: Pick<DashboardSpec, 'path'> & Pick<DashboardFile, 'title' | 'uid'> & Placing,
): string {
  const wanted = templatePath(dashboard.template ?? path, { ...dashboard, ...made })
  return placed(wanted, withSuffix(wanted, dashboard.suffix))
}

function toFile(identity: ObjectIdentity, { bytes, title, uid }: DashboardFile, path: string): RenderedFile {
  const file = { key: identityKey(identity), identity, path, oid: contentId(bytes), isOpaque: true, title, uid }
  return { file, bytes }
}
