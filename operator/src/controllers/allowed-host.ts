import type { GitProvider } from '../api/parse.ts'
import { isKubeError } from '../kube/errors.ts'
import { listsHost, repositoryAddress } from '../plan/repository-address.ts'
import { PushFailure } from '../push/failure.ts'
import { checkHost } from '../push/host-guard.ts'
import type { HostPolicy } from '../push/host-guard.ts'
import type { Environment } from './environment.ts'
import type { NamespaceQuestion } from './namespace-index.ts'
import type { Problem } from './step.ts'

export interface HostQuestion {
  /** Of a repository, or of an API. */
  readonly url: string
  /** Of whoever wants to reach it. */
  readonly namespace: string
  readonly hasCredentials: boolean
  /** Default: the GitProvider that lists the host. */
  readonly providerName?: string | undefined
  /** namespace/name of the GitSync that is told when the answer changes, and by which question. */
  readonly asker: string
  readonly question: NamespaceQuestion
}

export type AllowedHost =
  | { readonly provider: GitProvider | undefined; readonly policy: HostPolicy }
  | { readonly provider: GitProvider | undefined; readonly policy?: undefined; readonly problem: Problem }

type Parts = Pick<Environment, 'providers' | 'invalidProviders' | 'allowPrivateHosts' | 'labelled' | 'rolesOnly'>

/** What the platform team allows for a host, or why it may not be reached. */
export async function askWhatIsAllowed(environment: Parts, asked: HostQuestion): Promise<AllowedHost> {
  const { url, providerName, hasCredentials } = asked
  const address = repositoryAddress(url)
  const { hostname, host } = address
  const { invalidProviders } = environment
  const refused = (reason: Problem['reason'], message: string, provider?: GitProvider): AllowedHost => ({
    provider,
    problem: { reason, message },
  })
  let provider: GitProvider | undefined
  if (providerName !== undefined) {
    const invalid = invalidProviders.get(providerName)
    if (invalid !== undefined)
      return refused('ProviderNotFound', `GitProvider ${providerName} is invalid: ${invalid.problem}`)
    provider = environment.providers.get(providerName)
    if (provider === undefined) return refused('ProviderNotFound', `GitProvider ${providerName} does not exist`)
    if (!listsHost(provider.spec.hosts, address))
      return refused('ProviderNotFound', `GitProvider ${providerName} does not list the host ${host}`)
  } else {
    const listing = [...environment.providers.values()].filter(({ spec }) => listsHost(spec.hosts, address))
    for (const [name, { hosts, problem }] of invalidProviders) {
      // One that may list anything closes every host that no other one opens.
      const isClosed = hosts === undefined ? listing.length === 0 : listsHost(hosts, address)
      if (!isClosed) continue
      return refused(
        'HostNotAllowed',
        `GitProvider ${name} is invalid, and what it allows for ${host} is not known: ${problem}`,
      )
    }
    provider = listing.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))[0]
  }
  const closed = await whyClosed(environment, provider, asked)
  if (closed !== undefined) return refused('HostNotAllowed', closed, provider)
  const policy: HostPolicy = {
    allowPrivateAddresses: environment.allowPrivateHosts || provider?.spec.allowPrivateAddresses === true,
    allowPlainHttp: (environment.allowPrivateHosts && isLoopback(hostname)) || provider?.spec.allowPlainHttp === true,
    proxy: provider?.spec.proxy?.url,
    // The flag is for development, and for every host.
    hosts: environment.allowPrivateHosts ? undefined : provider?.spec.hosts,
  }
  try {
    checkHost(url, policy, hasCredentials)
    return { provider, policy }
  } catch (error) {
    if (!(error instanceof PushFailure)) throw error
    const { reason, message } = error
    // Another one that lists the host may allow it: that one does not count.
    const decider = provider && `; GitProvider ${provider.metadata.name} counts for this host`
    return refused(reason, `${message}${decider ?? ''}`, provider)
  }
}

/** Why the provider is not for the namespace; undefined where it is. What cannot be known closes it. */
async function whyClosed(
  { labelled, rolesOnly }: Parts,
  provider: GitProvider | undefined,
  { namespace, asker, question }: HostQuestion,
): Promise<string | undefined> {
  const allowed = provider?.spec.allowedNamespaces
  if (allowed?.selector === undefined) labelled.forget(asker, question)
  if (provider === undefined || allowed === undefined) return undefined
  const who = `GitProvider ${provider.metadata.name}`
  const refusal = `${who} does not allow namespace ${namespace}`
  if (allowed.selector === undefined) return allowed.names?.includes(namespace) === true ? undefined : refusal
  const field = `${who}: spec.allowedNamespaces.selector cannot be followed`
  if (rolesOnly)
    return `${field}: this operator has Roles alone and may not read the labels of namespaces; give names instead`
  try {
    const [matching] = await labelled.matching(asker, question, [allowed.selector])
    return matching?.includes(namespace) === true ? undefined : refusal
  } catch (error) {
    if (!isKubeError(error, 'Forbidden')) throw error
    return `${field}: the operator may not list and watch namespaces: ${error.message}`
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}
