import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { expect, test } from 'vitest'
import { isPublicAddress } from './public-address.ts'

test.each(['140.82.121.3', '1.1.1.1', '2606:4700::1111', '2a00:1450:4001:831::200e', '::ffff:1.1.1.1'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
)

const PRIVATE: Readonly<Record<string, string>> = {
  'loopback, private, link-local, shared, reserved':
    '127.0.0.1 127.255.255.254 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 ' +
    '169.254.1.1 100.64.0.1 192.0.2.1 198.18.0.1 203.0.113.9 224.0.0.1 240.0.0.1 ' +
    '255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12:3456::1 ff02::1 2001:db8::1',
  'of clouds': '169.254.169.254 fd00:ec2::254 100.100.100.200 168.63.129.16 192.0.0.192',
  'mapped, compatible, 6to4, NAT64, NAT64 for local use, Teredo, ISATAP; with a zone':
    '::ffff:127.0.0.1 ::ffff:a9fe:a9fe ::ffff:0:127.0.0.1 ::127.0.0.1 ::169.254.169.254 ' +
    '2002:7f00:1:: 2002:a9fe:a9fe::1 64:ff9b::7f00:1 64:ff9b::169.254.169.254 ' +
    '64:ff9b:1::a00:1 2001:0:4136:e378:8000:63bf:3fff:fdd2 fe80::5efe:7f00:1 ' +
    '2606:4700::1111%eth0',
  'as some resolvers take them': '2130706433 0x7f000001 0177.0.0.1 127.1 0x7f.0.0.1',
}

test.each(Object.entries(PRIVATE))('%s: none is public', (_what, addresses) => {
  for (const address of addresses.split(' ')) expect(isPublicAddress(address), address).toBe(false)
})

test('a name is no address', () => {
  for (const name of ['git.example.com', 'localhost', '', '1.2.3.4.5', 'a:b'])
    expect(isPublicAddress(name)).toBeUndefined()
})

test('what is private in IPv4 is private in every way to write it in IPv6', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      if (isPublicAddress(address) === true) return
      const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
      const hex = [(a << 8) | b, (c << 8) | d].map((part) => part.toString(16))
      for (const wrapped of [
        `::ffff:${address}`,
        `::${address}`,
        `64:ff9b::${address}`,
        `2002:${hex.join(':')}::1`,
        `2002:${hex.join(':')}:1::`,
      ]) {
        expect(isPublicAddress(wrapped), wrapped).toBe(false)
        expect(isPublicAddress(ipaddr.parse(wrapped).toNormalizedString()), wrapped).toBe(false)
      }
    }),
  )
})
