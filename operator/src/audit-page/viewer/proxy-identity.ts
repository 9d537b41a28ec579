import ipaddr from 'ipaddr.js'
import type { KubeUser } from '../../kube/user.ts'
import { PageError } from '../page-error.ts'
import type { PageRequest } from '../page-request.ts'

/** Which proxies have authenticated whom they pass on. */
export interface ProxyTrust {
  /** Networks of theirs, as in `10.0.0.0/8`; none: nobody is believed. */
  readonly networks: readonly string[]
  /** In lower case. */
  readonly userHeader: string
  /** In lower case; groups are separated by commas. */
  readonly groupsHeader: string
}

const MAX_NAME = 1024
const MAX_GROUPS = 1000
/** Kubernetes keeps these for what it authenticates itself; a group `system:masters` may do everything. */
const RESERVED = 'system:'

/**
 * The person that a proxy says has asked; undefined where no header says anything.
 * @throws PageError `UntrustedProxy` for headers of anybody else, `BadRequest` for headers that name nobody
 */
export function proxyIdentity(
  { headers, remoteAddress }: Pick<PageRequest, 'headers' | 'remoteAddress'>,
  { networks, userHeader, groupsHeader }: ProxyTrust,
): KubeUser | undefined {
  const users = headers[userHeader] ?? []
  const groups = headers[groupsHeader] ?? []
  if (users.length === 0 && groups.length === 0) return undefined
  if (!isIn(remoteAddress, networks)) {
    throw new PageError(
      'UntrustedProxy',
      `${remoteAddress} may not say who asks: the headers ${userHeader} and ${groupsHeader} are taken from trusted proxies alone. Leave them out, or have the operator trust this address (--audit-page-proxy)`,
    )
  }
  const [user] = users
  // One that a client has sent stands beside the proxy's own where the proxy has added instead of replaced it.
  if (user === undefined || users.length > 1) throw notOnce(userHeader, users)
  if (groups.length > 1) throw notOnce(groupsHeader, groups)
  const names = (groups[0] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length > MAX_GROUPS)
    throw new PageError('BadRequest', `header ${groupsHeader}: ${names.length} groups, more than ${MAX_GROUPS}`)
  return {
    username: checked(user.trim(), userHeader),
    groups: [...new Set([...names.map((name) => checked(name, groupsHeader)), 'system:authenticated'])],
  }
}

const notOnce = (header: string, { length }: readonly string[]): PageError =>
  new PageError('BadRequest', `the proxy must send the header ${header} once, not ${length} times`)

/** Whether an address is in one of these networks. What is no network holds nothing. */
function isIn(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false
  // An IPv4 address on a socket of IPv6 is the IPv4 address.
  const parsed = ipaddr.process(address)
  return networks.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network)
    return base.kind() === parsed.kind() && parsed.match(base, bits)
  })
}

/** Names in headers are UTF-8, which HTTP reads byte by byte. */
function checked(bytes: string, header: string): string {
  const name = decode(bytes)
  if (name === undefined || name === '' || name.length > MAX_NAME || /\p{Cc}/u.test(name))
    throw new PageError('BadRequest', `header ${header} must hold a name of at most ${MAX_NAME} characters`)
  if (name.startsWith(RESERVED))
    throw new PageError('BadRequest', `header ${header}: names that begin with ${RESERVED} are of Kubernetes itself`)
  return name
}

function decode(bytes: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return undefined
  }
}
