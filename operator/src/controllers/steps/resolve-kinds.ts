import { groupKindKey } from '../../objects/object.ts'
import type { GroupKind } from '../../objects/object.ts'
import type { ResourceSelector } from '../../api/gitsync.ts'
import type { ApiResource } from '../../kube/discovery.ts'
import { isByWildcard } from '../../plan/default-exclusions.ts'
import { isKindExcluded } from '../../plan/exclusions.ts'
import type { Problem, Reconciliation, SelectedKind } from '../step.ts'

/** Definitions are watched, and what is known of kinds is thrown away when one changes; how old it may be otherwise, in milliseconds. */
const FRESH_MS = 5_000
/** The same where they may not be watched: one may have been installed or deleted a moment ago. */
const UNWATCHED_FRESH_MS = 500

/** What a person may have meant: the same kind in another group, another spelling, or the name of the resource. */
async function similarKind(run: Reconciliation, { group, kind }: GroupKind): Promise<string> {
  const { resources } = await run.environment.discovery.resources()
  const wanted = kind.toLowerCase()
  const found = resources.filter(
    (resource) =>
      resource.kind.toLowerCase() === wanted || resource.plural === wanted || `${wanted}s` === resource.plural,
  )
  const near = found.find((resource) => resource.group === group) ?? found[0]
  if (near === undefined) return ''
  if (near.group === group && near.kind === kind) return ` (it serves ${near.version})`
  return ` (did you mean {group: "${near.group}", kind: ${near.kind}}?)`
}

/** Finds each selected kind at the API server. One that is not served stops nothing else. */
export async function resolveKinds(run: Reconciliation): Promise<Problem | undefined> {
  /** The version of each kind that is read; two would each take the other's objects for gone. */
  const versions = new Map<string, ApiResource>()
  const entries = run.gitsync.spec.resources
  const selected: SelectedKind[] = []
  for (const selector of entries) if (selector.kind !== '*') selected.push(...(await named(run, selector, versions)))
  // A kind that is named decides its version, then an entry that pins one.
  const wildcards = entries.filter(({ kind }) => kind === '*')
  const pinned = wildcards.filter(({ version }) => version !== undefined)
  const others = wildcards.filter(({ version }) => version === undefined)
  for (const selector of [...pinned, ...others]) selected.push(...(await every(run, selector, versions)))
  run.selected = selected
  return undefined
}

const isWatchable = ({ verbs }: ApiResource): boolean => verbs.includes('list') && verbs.includes('watch')

async function named(
  run: Reconciliation,
  selector: ResourceSelector,
  versions: Map<string, ApiResource>,
): Promise<readonly SelectedKind[]> {
  const { group, kind, version } = selector
  const shown = groupKindKey(selector)
  // Checked by the CRD as well; here in case an object came past it.
  if (group === '' && kind === 'Secret' && run.gitsync.spec.secrets === 'Exclude') {
    run.problems.push({
      reason: 'InvalidSpec',
      message: 'spec.resources: kind Secret is not written to Git while spec.secrets is Exclude',
    })
    return []
  }
  const resolution = await run.environment.discovery.resolve({ group, kind, version }, { maxAgeMs: freshMs(run) })
  if (resolution.state === 'Unknown') {
    run.problems.push({
      reason: 'ClusterUnavailable',
      message: `cannot find out about kind ${shown}: ${resolution.error.message}`,
    })
    return []
  }
  if (resolution.state === 'NotServed') {
    const wanted = version === undefined ? shown : `${shown} in version ${version}`
    const hint = await similarKind(run, selector)
    run.problems.push({
      reason: 'UnknownKind',
      message: `the API server does not serve ${wanted}${hint}; its files stay`,
    })
    return []
  }
  const { resource } = resolution
  if (!isWatchable(resource)) {
    run.problems.push({ reason: 'UnknownKind', message: `${shown} cannot be listed and watched; its files stay` })
    return []
  }
  const first = versions.get(shown) ?? resource
  versions.set(shown, first)
  if (first.version === resource.version) return [{ selector, resource }]
  run.problems.push({
    reason: 'InvalidSpec',
    message: `spec.resources: ${shown} is named in versions ${first.version} and ${resource.version}; ${resource.version} is not read: name one version in all entries of a kind`,
  })
  return []
}

/** Every kind that an entry with `kind: "*"` stands for. */
async function every(
  run: Reconciliation,
  selector: ResourceSelector,
  versions: Map<string, ApiResource>,
): Promise<readonly SelectedKind[]> {
  const { group, version, scope = 'All' } = selector
  const shown = group === '*' ? 'any group' : `group "${group}"${version === undefined ? '' : ` in version ${version}`}`
  const query = { group: group === '*' ? undefined : group, version }
  const { resources, unknownGroups } = await run.environment.discovery.resources(query, { maxAgeMs: freshMs(run) })
  const unknown = unknownGroups.filter((name) => isByWildcard({ group: name, kind: '' }))
  if (unknown.includes('*') || (unknown.length > 0 && group !== '*')) {
    run.problems.push({ reason: 'ClusterUnavailable', message: `cannot find out about the kinds of ${shown}` })
    return []
  }
  if (unknown.length > 0) run.leftOut.push(`the servers behind ${unknown.join(', ')} do not answer`)
  const found = resources.filter(
    (resource) =>
      isWatchable(resource) &&
      isByWildcard(resource) &&
      (scope === 'All' || resource.namespaced === (scope === 'Namespaced')) &&
      !isKindExcluded(run.gitsync.spec, resource),
  )
  if (found.length === 0 && unknown.length === 0) {
    run.problems.push({
      reason: 'UnknownKind',
      message: `the API server serves nothing of ${shown} that kind: "*" stands for; files stay`,
    })
  }
  return found.map((resource) => {
    const first = versions.get(groupKindKey(resource)) ?? resource
    versions.set(groupKindKey(resource), first)
    return { selector, resource: first }
  })
}

const freshMs = ({ environment }: Reconciliation): number => (environment.rolesOnly ? UNWATCHED_FRESH_MS : FRESH_MS)
