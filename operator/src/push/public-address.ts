import ipaddr from 'ipaddr.js'

/** Clouds give these to the services that hand out credentials of a machine; some are within what is routed publicly. */
const METADATA = new Set(['169.254.169.254', '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254'])

/**
 * Whether an address is one that everybody may reach: false for private, loopback, link-local and metadata addresses, and for
 * those of IPv6 in which one of them is wrapped (IPv4-mapped, 6to4, NAT64, Teredo); undefined for what is no address.
 */
export function isPublicAddress(text: string): boolean | undefined {
  // A zone names a link of this machine.
  const [bare = ''] = text.split('%')
  if (!ipaddr.isValid(bare)) return undefined
  if (bare !== text) return false
  // An IPv4 address in IPv6 clothes is judged as what it is.
  const parsed = ipaddr.process(bare)
  if (METADATA.has(parsed.toString())) return false
  // Of IPv6 only 2000::/3 is routed publicly (RFC 4291, 2.4); ::127.0.0.1 is one of the others, and so is NAT64 (RFC 6052).
  if (parsed instanceof ipaddr.IPv6 && ((parsed.parts[0] ?? 0) & 0xe000) !== 0x2000) return false
  return parsed.range() === 'unicast'
}
