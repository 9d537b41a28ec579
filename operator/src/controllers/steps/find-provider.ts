import { listsHost, repositoryAddress } from '../../plan/repository-address.ts'
import { PushFailure } from '../../push/failure.ts'
import { checkHost } from '../../push/host-guard.ts'
import type { Problem, Reconciliation } from '../step.ts'

/** What the platform team allows for the Git host: a GitProvider that is named, or the one that lists the host. */
export function findProvider(run: Reconciliation): Problem | undefined {
  const { environment, gitsync } = run
  const { providerRef, url, secretRef } = gitsync.spec.repository
  const address = repositoryAddress(url)
  const { hostname, host } = address
  const { invalidProviders } = environment
  if (providerRef !== undefined) {
    const invalid = invalidProviders.get(providerRef.name)
    if (invalid !== undefined)
      return { reason: 'ProviderNotFound', message: `GitProvider ${providerRef.name} is invalid: ${invalid.problem}` }
    const named = environment.providers.get(providerRef.name)
    if (named === undefined)
      return { reason: 'ProviderNotFound', message: `GitProvider ${providerRef.name} does not exist` }
    if (!listsHost(named.spec.hosts, address)) {
      return { reason: 'ProviderNotFound', message: `GitProvider ${providerRef.name} does not list the host ${host}` }
    }
    run.provider = named
  } else {
    const listing = [...environment.providers.values()].filter(({ spec }) => listsHost(spec.hosts, address))
    for (const [name, { hosts, problem }] of invalidProviders) {
      // One that may list anything closes every host that no other one opens.
      const isClosed = hosts === undefined ? listing.length === 0 : listsHost(hosts, address)
      if (!isClosed) continue
      return {
        reason: 'HostNotAllowed',
        message: `GitProvider ${name} is invalid, and what it allows for ${host} is not known: ${problem}`,
      }
    }
    run.provider = listing.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))[0]
  }
  const allowed = run.provider?.spec.allowedNamespaces?.names
  const { namespace = '' } = gitsync.metadata
  if (allowed !== undefined && !allowed.includes(namespace)) {
    return {
      reason: 'HostNotAllowed',
      message: `GitProvider ${run.provider?.metadata.name} does not allow namespace ${namespace}`,
    }
  }
  run.policy = {
    allowPrivateAddresses: environment.allowPrivateHosts || run.provider?.spec.allowPrivateAddresses === true,
    allowPlainHttp:
      (environment.allowPrivateHosts && isLoopback(hostname)) || run.provider?.spec.allowPlainHttp === true,
    proxy: run.provider?.spec.proxy?.url,
    // The flag is for development, and for every host.
    hosts: environment.allowPrivateHosts ? undefined : run.provider?.spec.hosts,
  }
  try {
    checkHost(url, run.policy, secretRef !== undefined)
    return undefined
  } catch (error) {
    if (!(error instanceof PushFailure)) throw error
    const { reason, message } = error
    // Another one that lists the host may allow it: that one does not count.
    const decider = run.provider && `; GitProvider ${run.provider.metadata.name} counts for this host`
    return { reason, message: `${message}${decider ?? ''}` }
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}
