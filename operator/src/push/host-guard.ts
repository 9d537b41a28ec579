import { lookup as resolve } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { listsHost, repositoryAddress } from '../plan/repository-address.ts'
import { PushFailure } from './failure.ts'
import { isPublicAddress } from './public-address.ts'

/** What a GitProvider, or a flag of the operator, allows for a host. */
export interface HostPolicy {
  readonly allowPrivateAddresses: boolean
  readonly allowPlainHttp: boolean
  /** URL of the proxy through which the host is reached. */
  readonly proxy?: string | undefined
  /** What `allowPrivateAddresses` and `proxy` are for: no other host gets them. Default: the one that is asked about. */
  readonly hosts?: readonly string[] | undefined
}

/**
 * Refuses what needs no name look-up to be wrong: plain http with credentials, addresses that are no public ones, and through
 * a proxy, whose look-ups nobody here sees, every host that is not named.
 * @param url of a repository, or of an API
 * @throws PushFailure `HostNotAllowed`
 */
export function checkHost(url: string, policy: HostPolicy, hasCredentials: boolean): void {
  const address = repositoryAddress(url)
  const { hostname, host, isSsh } = address
  if (url.toLowerCase().startsWith('http:') && hasCredentials && !policy.allowPlainHttp) {
    throw new PushFailure(
      'HostNotAllowed',
      `${host}: credentials are not sent over plain http unless a GitProvider sets allowPlainHttp`,
    )
  }
  const { proxy, hosts } = policy
  const isNamed = hosts === undefined || listsHost(hosts, address)
  if (proxy !== undefined && isSsh) {
    throw new PushFailure('HostNotAllowed', `${host}: the proxy of its GitProvider carries https and http, not SSH`)
  }
  if (!isNamed && (proxy !== undefined || policy.allowPrivateAddresses)) {
    throw new PushFailure(
      'HostNotAllowed',
      `${host} is none of the hosts of the GitProvider that counts here: it must be listed too`,
    )
  }
  const literal = hostname.replace(/^\[|\]$/g, '')
  if (isPublicAddress(literal) === false && !policy.allowPrivateAddresses) throw privateAddress(host, literal)
}

/**
 * Looks names up for connections, and refuses addresses that are not public: what was checked is what is connected to,
 * so that a name whose address changes in between gains nothing.
 */
export function guardedLookup(policy: Pick<HostPolicy, 'allowPrivateAddresses'>): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '')
        return
      }
      const bad = policy.allowPrivateAddresses
        ? undefined
        : addresses.find(({ address }) => isPublicAddress(address) !== true)
      if (bad !== undefined) {
        callback(privateAddress(hostname, bad.address), '')
        return
      }
      const [first] = addresses
      if (options.all === true) callback(null, addresses)
      else callback(null, first?.address ?? '', first?.family)
    })
  }
}

function privateAddress(host: string, address: string): PushFailure {
  return new PushFailure(
    'HostNotAllowed',
    `${host} is the private address ${address}: a GitProvider with allowPrivateAddresses must list the host`,
  )
}
