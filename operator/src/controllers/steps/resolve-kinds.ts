import { groupKindKey } from '../../objects/object.ts'
import type { GroupKind } from '../../objects/object.ts'
import type { Problem, Reconciliation, SelectedKind } from '../step.ts'

/** A definition may have been installed or deleted a moment ago; older discovery is not believed, in milliseconds. */
const FRESH_MS = 500

/** What a person may have meant: the same kind in another group, another spelling, or the name of the resource. */
async function similarKind(run: Reconciliation, { group, kind }: GroupKind): Promise<string> {
  const { resources } = await run.environment.discovery.resources()
  const wanted = kind.toLowerCase()
  const found = resources.filter(
    (resource) =>
      resource.kind.toLowerCase() === wanted || resource.plural === wanted || `${wanted}s` === resource.plural,
  )
  const near = found.find((resource) => resource.group === group) ?? found[0]
  return near === undefined ? '' : ` (did you mean {group: "${near.group}", kind: ${near.kind}}?)`
}

/** Finds each selected kind at the API server. One that is not served stops nothing else. */
export async function resolveKinds(run: Reconciliation): Promise<Problem | undefined> {
  const selected: SelectedKind[] = []
  /** The version of each kind that is read; two would each take the other's objects for gone. */
  const versions = new Map<string, string>()
  for (const selector of run.gitsync.spec.resources) {
    const { group, kind, version } = selector
    const shown = groupKindKey(selector)
    // Checked by the CRD as well; here in case an object came past it.
    if (group === '' && kind === 'Secret' && run.gitsync.spec.secrets === 'Exclude') {
      run.problems.push({
        reason: 'InvalidSpec',
        message: 'spec.resources: kind Secret is not written to Git while spec.secrets is Exclude',
      })
      continue
    }
    const resolution = await run.environment.discovery.resolve({ group, kind, version }, { maxAgeMs: FRESH_MS })
    if (resolution.state === 'Unknown') {
      run.problems.push({
        reason: 'ClusterUnavailable',
        message: `cannot find out about kind ${shown}: ${resolution.error.message}`,
      })
    } else if (resolution.state === 'NotServed') {
      const wanted = version === undefined ? shown : `${shown} in version ${version}`
      const hint = await similarKind(run, selector)
      run.problems.push({
        reason: 'UnknownKind',
        message: `the API server does not serve ${wanted}${hint}; its files stay`,
      })
    } else if (!resolution.resource.verbs.includes('list') || !resolution.resource.verbs.includes('watch')) {
      run.problems.push({ reason: 'UnknownKind', message: `${shown} cannot be listed and watched; its files stay` })
    } else {
      const { resource } = resolution
      const first = versions.get(shown) ?? resource.version
      versions.set(shown, first)
      if (first === resource.version) selected.push({ selector, resource })
      else {
        run.problems.push({
          reason: 'InvalidSpec',
          message: `spec.resources: ${shown} is named in versions ${first} and ${resource.version}; ${resource.version} is not read: name one version in all entries of a kind`,
        })
      }
    }
  }
  run.selected = selected
  return undefined
}
