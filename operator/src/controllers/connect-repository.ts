import { repositoryAddress } from '../plan/repository-address.ts'
import { limitsOf } from '../push/budget/provider-limits.ts'
import type { Connection } from '../push/connection.ts'
import type { Reconciliation } from './step.ts'

/** What the host of the repository may be asked: by its GitProvider, else by what is known of the host. */
export function limitsFor({ gitsync, provider }: Reconciliation): ReturnType<typeof limitsOf> {
  return limitsOf(repositoryAddress(gitsync.spec.repository.url).hostname, provider?.spec)
}

/** The connection with what the steps have found out; `current` where that is the same. */
export function connectRepository(run: Reconciliation, current: Connection | undefined): Connection {
  const { environment, gitsync, provider, secret, policy } = run
  const ca = [provider?.spec.caBundle, secret?.ca].filter((pem) => pem !== undefined).join('\n')
  return environment.repositories.connect(
    {
      url: repositoryAddress(gitsync.spec.repository.url).url,
      auth: secret?.auth,
      githubApp: secret?.githubApp,
      ssh: secret?.ssh,
      clientCertificate: secret?.clientCertificate,
      policy,
      ca: ca === '' ? undefined : ca,
      limits: limitsFor(run),
    },
    current,
  )
}
