import type { Repository } from '@gitsync/protocol'
import type { DashboardStatus } from '../../api/dashboard.ts'
import { nameOf } from '../../controllers/environment.ts'
import { renderingOf } from '../../controllers/from-spec/rendering.ts'
import { isDashboardKind } from '../../controllers/known-resources.ts'
import { syncOf } from '../../controllers/render-dashboard.ts'
import { identityKey, groupKindKey } from '../../objects/object.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { apiVersionOf } from '../../kube/resource.ts'
import { outsideOtherClaims } from '../../plan/claim.ts'
import { pathBelow } from '../../plan/path-in.ts'
import { viewOf } from '../../push/folder-view.ts'
import type { Member } from '../../push/member.ts'
import { survey } from '../../push/survey.ts'
import { CommandFailure } from '../common/command-failure.ts'
import type { NamedObject } from '../common/find-object.ts'
import type { Resolved } from '../common/wanted.ts'
import { writtenBranch, writtenFolder } from './written-now.ts'

/** Where an object of a GitSync is in Git. */
export interface Place {
  /** Below the folder. */
  readonly path: string
  /** Whether there is a file, and whether it holds the object as the cluster has it. */
  readonly git: 'same' | 'different' | 'missing'
}

export function keyOf({ resource: { group, kind }, namespace, name }: NamedObject): string {
  return identityKey(namespace === undefined ? { group, kind, name } : { group, kind, namespace, name })
}

/**
 * Looks for a selected object as the operator does: where the layout puts it, or where somebody has moved it.
 * @param member wants the object, and may want others
 */
export async function findPlace(
  member: Member,
  named: NamedObject,
  { repository, resolved }: { readonly repository: Repository; readonly resolved: Resolved },
): Promise<Place | undefined> {
  const key = keyOf(named)
  if (member.desired.ofObject(key) === undefined) return undefined
  const { base } = resolved
  const start = await writtenBranch(repository, resolved)
  const snapshot = await writtenFolder(repository, resolved, member, start)
  const view = viewOf(member, repository, snapshot)
  const files = outsideOtherClaims(view.files(), (below) => member.desired.isWanted(below))
  await survey(member, view, files)
  const wanted = member.desired.ofObject(key)
  if (wanted === undefined) return undefined
  const isThere = start.tip !== null || base !== undefined
  const there = isThere ? files.find((file) => file.path === wanted.path) : undefined
  if (there === undefined) return { path: wanted.path, git: 'missing' }
  const document = member.holdings.readingOf(there)?.documents?.find((held) => held.key === key)
  return { path: wanted.path, git: (document?.oid ?? there.oid) === wanted.oid ? 'same' : 'different' }
}

/**
 * Where the file is of a Dashboard that names this GitSync, as the operator says in its status, below the folder: what it wants may
 * be known to a Grafana alone. Undefined where it has none yet.
 */
export function pathByStatus({ gitsync }: Resolved, dashboard: KubernetesObject): string | undefined {
  const { path } = (dashboard['status'] ?? {}) as DashboardStatus
  return path && pathBelow(gitsync.spec.repository.path, path)
}

/** Whether an object is a Dashboard that this GitSync writes as a dashboard file. */
export function isOwnDashboard({ gitsync }: Resolved, { resource }: NamedObject, live: KubernetesObject): boolean {
  return isDashboardKind(resource) && syncOf(live) === nameOf(gitsync)
}

/**
 * Where the layout puts an object that is gone, or no longer selected: there its file was when the layout was the same.
 * @param live undefined for one that is gone: then nothing but its name, namespace and kind are known
 * @throws CommandFailure where an expression needs more of it
 */
export async function pathByLayout(
  { gitsync, run }: Resolved,
  named: NamedObject,
  live: KubernetesObject | undefined,
): Promise<string> {
  const { namespace, name } = named
  const { group, kind, plural } = named.resource
  const selected = run.selected.find((one) => one.resource.group === group && one.resource.kind === kind)
  const { version } = selected?.resource ?? named.resource
  const below = namespace === undefined ? {} : { namespace }
  const bare = { apiVersion: apiVersionOf({ group, version }), kind, metadata: { name, ...below } }
  const { pathOf } = await renderingOf(gitsync)
  try {
    return pathOf(live ?? bare, { group, kind, version, resource: plural, name, ...below })
  } catch (error) {
    throw new CommandFailure(
      'notFound',
      `where the file of ${groupKindKey(named.resource)} ${name} was cannot be told without the object (layout.expression: ${error instanceof Error ? error.message : String(error)}): name the file`,
      { cause: error },
    )
  }
}
