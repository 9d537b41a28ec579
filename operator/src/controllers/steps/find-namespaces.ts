import type { ResourceSelector } from '../../api/gitsync.ts'
import { isKubeError } from '../../kube/errors.ts'
import type { Reconciliation } from '../step.ts'

/**
 * Finds the namespaces that the entries of `resources` mean: by name, by label, else the GitSync's own.
 * @throws KubeError when namespaces have not been listed yet
 */
export async function findNamespaces(run: Reconciliation): Promise<(selector: ResourceSelector) => readonly string[]> {
  const { labelled, rolesOnly, namespaces } = run.environment
  const { namespace: home = '' } = run.gitsync.metadata
  const selecting = run.gitsync.spec.resources.filter((entry) => entry.namespaces?.selector !== undefined)
  const found = new Map<ResourceSelector, readonly string[]>()
  if (selecting.length === 0) labelled.forget(run.name, 'resources')
  else if (rolesOnly) {
    run.problems.push({
      reason: 'Forbidden',
      message: `namespaces.selector is not followed by this operator, which has Roles in ${namespaces?.join(', ')} only: give namespaces.names`,
    })
  } else {
    const selectors = selecting.flatMap((entry) => entry.namespaces?.selector ?? [])
    try {
      const matching = await labelled.matching(run.name, 'resources', selectors)
      for (const [index, entry] of selecting.entries()) {
        const names = matching[index] ?? []
        found.set(entry, namespaces === undefined ? names : names.filter((name) => namespaces.includes(name)))
      }
    } catch (error) {
      if (!isKubeError(error, 'Forbidden')) throw error
      run.problems.push({
        reason: 'Forbidden',
        message: `namespaces.selector: the operator may not list and watch namespaces: ${error.message}; files stay`,
      })
    }
  }
  return (entry) => {
    if (entry.namespaces?.selector !== undefined) return found.get(entry) ?? []
    return entry.namespaces?.names ?? [home]
  }
}
