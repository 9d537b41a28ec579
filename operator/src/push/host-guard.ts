import { lookup as resolve } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { PushFailure } from './failure.ts'

/** What a GitProvider, or a flag of the operator, allows for a host. */
export interface HostPolicy {
  readonly allowPrivateAddresses: boolean
  readonly allowPlainHttp: boolean
}

/**
 * Refuses what needs no name look-up to be wrong: plain http with credentials, addresses that are no public ones.
 * @throws PushFailure `HostNotAllowed`
 */
export function checkHost(url: string, policy: HostPolicy, hasCredentials: boolean): void {
  const { protocol, hostname, host } = new URL(url)
  if (protocol === 'http:' && hasCredentials && !policy.allowPlainHttp) {
    throw new PushFailure(
      'HostNotAllowed',
      `${host}: credentials are not sent over plain http unless a GitProvider sets allowPlainHttp`,
    )
  }
  const address = hostname.replace(/^\[|\]$/g, '')
  if (ipaddr.isValid(address) && !policy.allowPrivateAddresses && !isPublic(address))
    throw privateAddress(host, address)
}

/**
 * Looks names up for connections, and refuses addresses that are not public: what was checked is what is connected to,
 * so that a name whose address changes in between gains nothing.
 */
export function guardedLookup(policy: HostPolicy): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '')
        return
      }
      const bad = policy.allowPrivateAddresses ? undefined : addresses.find(({ address }) => !isPublic(address))
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

function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  // An IPv4 address in IPv6 clothes is judged as what it is.
  const parsed = ipaddr.process(address)
  // Of IPv6 only 2000::/3 is routed publicly (RFC 4291, 2.4); ::127.0.0.1 is one of the others.
  if (parsed instanceof ipaddr.IPv6 && ((parsed.parts[0] ?? 0) & 0xe000) !== 0x2000) return false
  return parsed.range() === 'unicast'
}

function privateAddress(host: string, address: string): PushFailure {
  return new PushFailure(
    'HostNotAllowed',
    `${host} is the private address ${address}: a GitProvider with allowPrivateAddresses must list the host`,
  )
}
