import { canReadAs } from '../../kube/access.ts'
import { isKubeError } from '../../kube/errors.ts'
import { groupKindKey } from '../../objects/object.ts'
import { SERVICE_ACCOUNTS } from '../known-resources.ts'
import type { Reading } from '../runtime.ts'
import type { SourceRule } from '../source.ts'
import type { Problem, Reconciliation, SelectedKind } from '../step.ts'

/**
 * Asks for each kind and namespace whether the GitSync's service account may list and watch there. What it may not is not
 * read, and its files stay; the rest goes on.
 */
export async function authorise(run: Reconciliation): Promise<Problem | undefined> {
  const { client } = run.environment
  const { serviceAccountName } = run.gitsync.spec
  const { namespace: home = '' } = run.gitsync.metadata
  try {
    await client.get(SERVICE_ACCOUNTS, home, serviceAccountName)
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error
    run.readings = []
    return {
      reason: 'ServiceAccountNotFound',
      message: `ServiceAccount ${serviceAccountName} does not exist in namespace ${home}: create it or name another in serviceAccountName`,
    }
  }
  const rules = new Map<string, { readonly resource: SelectedKind['resource']; readonly rules: SourceRule[] }>()
  for (const { selector, resource } of run.selected) {
    const allowed = new Set<string>()
    for (const namespace of namespacesOf(selector.namespaces?.names, resource.namespaced, home)) {
      const access = await canReadAs(
        client,
        { namespace: home, serviceAccount: serviceAccountName },
        resource,
        namespace,
      )
      if (access.allowed) allowed.add(namespace ?? '')
      else {
        const where = namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`
        run.problems.push({
          reason: 'Forbidden',
          message: `ServiceAccount ${serviceAccountName} may not list and watch ${groupKindKey(resource)} ${where}; its files stay`,
        })
      }
    }
    if (allowed.size === 0) continue
    const key = JSON.stringify([resource.group, resource.version, resource.plural])
    const reading = rules.get(key) ?? { resource, rules: [] }
    reading.rules.push({ selector, namespaces: resource.namespaced ? allowed : undefined })
    rules.set(key, reading)
  }
  run.readings = [...rules.values()] satisfies Reading[]
  return undefined
}

function namespacesOf(
  names: readonly string[] | undefined,
  namespaced: boolean,
  home: string,
): readonly (string | undefined)[] {
  if (!namespaced) return [undefined]
  return names ?? [home]
}
