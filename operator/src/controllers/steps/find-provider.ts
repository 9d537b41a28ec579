import type { Problem, Reconciliation } from '../step.ts'
import { askWhatIsAllowed } from '../allowed-host.ts'

/** What the platform team allows for the Git host: a GitProvider that is named, or the one that lists the host. */
export async function findProvider(run: Reconciliation): Promise<Problem | undefined> {
  const { environment, gitsync, name } = run
  const { providerRef, url, secretRef } = gitsync.spec.repository
  const found = await askWhatIsAllowed(environment, {
    url,
    namespace: gitsync.metadata.namespace ?? '',
    hasCredentials: secretRef !== undefined,
    providerName: providerRef?.name,
    asker: name,
    question: 'provider',
  })
  run.provider = found.provider
  if (found.policy === undefined) return found.problem
  run.policy = found.policy
  return undefined
}
