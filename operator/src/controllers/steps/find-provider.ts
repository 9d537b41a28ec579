import { isKubeError } from '../../kube/errors.ts'
import { listsHost, repositoryAddress } from '../../plan/repository-address.ts'
import { PushFailure } from '../../push/failure.ts'
import { checkHost } from '../../push/host-guard.ts'
import type { Problem, Reconciliation } from '../step.ts'

/** What the platform team allows for the Git host: a GitProvider that is named, or the one that lists the host. */
export async function findProvider(run: Reconciliation): Promise<Problem | undefined> {
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
  const closed = await whyClosed(run)
  if (closed !== undefined) return { reason: 'HostNotAllowed', message: closed }
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

/** Why the provider is not for the GitSync's namespace; undefined where it is. What cannot be known closes it. */
async function whyClosed({ environment, gitsync, provider, name }: Reconciliation): Promise<string | undefined> {
  const { labelled, rolesOnly } = environment
  const allowed = provider?.spec.allowedNamespaces
  if (allowed?.selector === undefined) labelled.forget(name, 'provider')
  if (provider === undefined || allowed === undefined) return undefined
  const { namespace = '' } = gitsync.metadata
  const who = `GitProvider ${provider.metadata.name}`
  const refusal = `${who} does not allow namespace ${namespace}`
  if (allowed.selector === undefined) return allowed.names?.includes(namespace) === true ? undefined : refusal
  const field = `${who}: spec.allowedNamespaces.selector cannot be followed`
  if (rolesOnly)
    return `${field}: this operator has Roles alone and may not read the labels of namespaces; give names instead`
  try {
    const [matching] = await labelled.matching(name, 'provider', [allowed.selector])
    return matching?.includes(namespace) === true ? undefined : refusal
  } catch (error) {
    if (!isKubeError(error, 'Forbidden')) throw error
    return `${field}: the operator may not list and watch namespaces: ${error.message}`
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}
