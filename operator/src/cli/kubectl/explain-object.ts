import type { Repository } from '@gitsync/protocol'
import { isGitError } from '@gitsync/protocol'
import type { DashboardSpec, DashboardStatus } from '../../api/dashboard.ts'
import { counted } from '../../controllers/counted.ts'
import { isDashboardKind } from '../../controllers/known-resources.ts'
import { groupKindKey } from '../../objects/object.ts'
import type { SelectedKind } from '../../controllers/step.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import type { Cluster } from '../common/cluster.ts'
import type { Notes } from '../common/notes.ts'
import { findOverlap } from './find-overlap.ts'
import { findPlace, isOwnDashboard, keyOf, pathByLayout, pathByStatus } from './place-of.ts'
import { newestBranch } from './with-folder.ts'
import type { NamedObject } from '../common/find-object.ts'
import { checksOf } from './why.ts'
import type { Check } from './why.ts'
import { pathIn } from '../../plan/path-in.ts'
import { isKindExcluded } from '../../plan/exclusions.ts'
import { readOne, resolveGitSync } from '../common/wanted.ts'
import type { Resolved } from '../common/wanted.ts'

/** Files that are named of many. */
const SHOWN = 5

/** What one GitSync makes of one object. */
export interface Explanation {
  /** namespace/name */
  readonly gitsync: string
  /** Whether it writes the object. */
  readonly in: boolean
  /** In one line. */
  readonly why: string
  readonly checks: readonly Check[]
  /** From the root of the repository. */
  readonly path?: string
  readonly branch?: string
  /** `same`: Git has what the cluster has. `different`: not yet. `kept`: Git has a file of an object that is not written (any more). */
  readonly git?: 'same' | 'different' | 'missing' | 'kept' | 'unknown'
}

/** How to look into the GitSync's repository. */
export type Look = <T>(resolved: Resolved, work: (repository: Repository) => Promise<T>) => Promise<T>

/**
 * Why a GitSync writes an object or not, by the operator's own selection; undefined for one that names no such kind.
 * @param live undefined for an object that does not exist
 */
export async function explainObject(
  gitsync: KubernetesObject,
  { named, live }: { readonly named: NamedObject; readonly live: KubernetesObject | undefined },
  {
    cluster,
    notes,
    look,
    known,
  }: {
    readonly cluster: Cluster
    readonly notes: Notes
    readonly look: Look | undefined
    /** Every GitSync that this user may list. */
    readonly known: readonly KubernetesObject[]
  },
): Promise<Explanation | undefined> {
  const { name, namespace: home = '' } = gitsync.metadata
  const base = { gitsync: `${home}/${name}`, checks: [] }
  let resolved: Resolved
  try {
    resolved = await resolveGitSync(gitsync, cluster, notes)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'PushFailure') throw error
    return { ...base, in: false, why: `this GitSync writes nothing: ${error.message}` }
  }
  const { run } = resolved
  const problem = resolved.hostProblem ?? (await findOverlap(resolved, known))
  if (problem !== undefined) return { ...base, in: false, why: `this GitSync writes nothing: ${problem.message}` }
  const { resource } = named
  const entries = run.selected.filter(
    (one) => one.resource.group === resource.group && one.resource.kind === resource.kind,
  )
  if (entries.length === 0) {
    const isWild = resolved.gitsync.spec.resources.some(({ kind }) => kind === '*')
    if (!isWild || !isKindExcluded(resolved.gitsync.spec, resource)) return undefined
    return { ...base, in: false, why: `not selected: spec.exclude leaves out all of ${groupKindKey(resource)}` }
  }
  const runtime = live === undefined ? undefined : await readOne(resolved, live, resource)
  const member = runtime?.member
  const feed = isDashboardKind(resource) ? runtime?.feeds.stateOf(named.name) : undefined
  if (feed?.isMany === true && feed.problem === undefined && member !== undefined) {
    const paths = [...feed.files.keys()].flatMap((key) => member.desired.ofObject(key)?.path ?? []).sort()
    const { suspend } = resolved.gitsync.spec
    const why = `stands for ${counted(feed.files.size, feed.noun, `${feed.noun}s`)}: ${someOf(paths)}${suspend ? '; the GitSync is suspended' : ''}`
    return { ...base, branch: resolved.branch, in: true, why }
  }
  if (member?.desired.ofObject(keyOf(named)) !== undefined) {
    const checks = (live === undefined ? [] : checksOfEach(entries, { resolved, live, named })).find(areAllPassed) ?? []
    const layout = { path: member.desired.ofObject(keyOf(named))?.path ?? '', git: 'unknown' as const }
    const found = await look?.(resolved, (repository) => findPlace(member, named, { repository, resolved }))
    const { path, git } = found ?? layout
    const why = resolved.gitsync.spec.suspend ? 'selected, but the GitSync is suspended' : WHY[git]
    return { ...base, ...placed(resolved, path), in: true, why, checks, git }
  }
  const isDashboard = live !== undefined && isOwnDashboard(resolved, named, live)
  const path = isDashboard ? pathByStatus(resolved, live) : await pathByLayout(resolved, named, live)
  if (isDashboard && isFollowed(live)) return { ...base, ...placed(resolved, path), ...asItSays(live) }
  const git: NonNullable<Explanation['git']> =
    look === undefined || path === undefined
      ? 'unknown'
      : await look(resolved, (repository) => isKept(repository, resolved, path))
  const out = { ...base, ...placed(resolved, path), in: false, git }
  if (live === undefined) {
    return { ...out, why: `there is no such object in the cluster${git === 'kept' ? '; its file is still there' : ''}` }
  }
  const all = checksOfEach(entries, { resolved, live, named })
  const checks = all.find(areAllPassed) ?? all.flat()
  const failed = checks.find(({ passed }) => !passed)
  const partial = run.problems.find(({ message }) => message.includes(groupKindKey(resource)))
  const problems = [...(runtime?.unrenderable() ?? [])].map(([, { problem }]) => problem.message)
  const unrenderable = feed?.problem?.message ?? problems[0]
  const left =
    failed === undefined ? (partial?.message ?? 'a rule of the spec leaves it out') : `not selected: ${failed.text}`
  return { ...out, why: unrenderable === undefined ? left : `it cannot be made a file: ${unrenderable}`, checks }
}

/** The first few. */
function someOf(paths: readonly string[]): string {
  const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : ''
  return paths.length === 0 ? 'none can be written' : paths.slice(0, SHOWN).join(', ') + more
}

const areAllPassed = (checks: readonly Check[]): boolean => checks.every(({ passed }) => passed)

/** The questions of each entry that names the kind. */
function checksOfEach(
  entries: readonly SelectedKind[],
  {
    resolved: { run, gitsync },
    live,
    named: { resource },
  }: { readonly resolved: Resolved; readonly live: KubernetesObject; readonly named: NamedObject },
): readonly (readonly Check[])[] {
  const { namespace: home = '' } = gitsync.metadata
  const rules = run.readings.flatMap((reading) => (reading.resource === entries[0]?.resource ? reading.rules : []))
  return entries.map(({ selector }) => {
    const namespaces = rules.find((rule) => rule.selector === selector)?.namespaces
    return checksOf(selector, { object: live, resource, home, namespaces, exclusions: gitsync.spec })
  })
}

const WHY: Readonly<Record<NonNullable<Explanation['git']>, string>> = {
  same: 'selected; Git has it as the cluster has it',
  different: 'selected; Git has an older version: the next commit writes it',
  missing: 'selected; Git does not have it yet: the next commit writes it',
  kept: 'selected',
  unknown: 'selected; Git was not looked at',
}

/** Where a path below the folder is. */
function placed({ gitsync, branch }: Resolved, path: string | undefined): Pick<Explanation, 'path' | 'branch'> {
  return path === undefined ? {} : { branch, path: pathIn(gitsync.spec.repository.path, path) }
}

/** What it wants is known to a Grafana, which only the operator asks. */
function isFollowed({ spec }: KubernetesObject): boolean {
  const { source } = (spec ?? {}) as Partial<DashboardSpec>
  return source?.grafana !== undefined
}

function asItSays({ status }: KubernetesObject): Pick<Explanation, 'in' | 'why'> {
  const { conditions = [] } = (status ?? {}) as DashboardStatus
  const ready = conditions.find(({ type }) => type === 'Ready')
  return { in: ready?.status === 'True', why: ready?.message ?? 'the operator has yet to look at it' }
}

/** Whether Git has a file of what is not written. */
async function isKept(repository: Repository, resolved: Resolved, path: string): Promise<'kept' | 'missing'> {
  try {
    await repository.file(await newestBranch(repository, resolved), pathIn(resolved.gitsync.spec.repository.path, path))
    return 'kept'
  } catch (error) {
    if (isGitError(error, 'PathNotFound', 'RefNotFound')) return 'missing'
    throw error
  }
}
