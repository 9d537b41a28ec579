import { canReadAs } from '../../kube/access.ts'
import type { Problem, Reconciliation } from '../step.ts'

/**
 * Asks whether the GitSync's account may list and watch what its Dashboards name, in the namespace: ConfigMaps. Which Dashboards there
 * are, what is at work knows; it asks to be reconciled when one comes that names something else. Each Dashboard says what is missing.
 */
export async function authoriseDashboards(run: Reconciliation): Promise<Problem | undefined> {
  const { environment, gitsync, runtimes, name } = run
  const feeds = runtimes.get(name)?.feeds
  const { namespace = '' } = gitsync.metadata
  const account = { namespace, serviceAccount: gitsync.spec.serviceAccountName }
  for (const resource of feeds?.needs() ?? []) {
    const access = await canReadAs(environment.client, account, resource, namespace, { local: environment.rolesOnly })
    feeds?.allow(resource, access.allowed)
  }
  return undefined
}
