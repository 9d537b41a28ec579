import { promisify } from 'node:util'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { openRepository, undiciTransport } from '@gitsync/protocol'
import type { SshLookup } from '@gitsync/protocol'
import { Agent } from 'undici'
import { expect, test } from 'vitest'
import { parseRepositoryAddress } from '../plan/repository-address.ts'
import { toFailure } from './failure.ts'
import { checkHost, guardedLookup } from './host-guard.ts'

const STRICT = { allowPrivateAddresses: false, allowPlainHttp: false }
const OPEN = { allowPrivateAddresses: true, allowPlainHttp: true }

test.each([
  '127.0.0.1',
  '127.1',
  '0x7f.1',
  '0177.0.0.1',
  '2130706433',
  '0x7f000001',
  '127.0.0.1.',
  '①②⑦.0.0.1',
  '%31%32%37.0.0.1',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:10.0.0.1]',
  '[::127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2001::1]',
  '[2001:db8::1]',
  '[fc00::1]',
  '[fd12::1]',
  '[fe80::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[4000::1]',
])('%s is no public address', (host) => {
  for (const url of [`https://${host}/a`, `https://${host}:8443/a`]) {
    expect(() => checkHost(url, STRICT, true)).toThrow(expect.objectContaining({ reason: 'HostNotAllowed' }))
    expect(() => checkHost(url, OPEN, true)).not.toThrow()
  }
  for (const url of [`ssh://git@${host}/a`, `git@${host}:a`]) {
    // What is no spelling of a host at all is no address.
    if (parseRepositoryAddress(url) === undefined) continue
    expect(() => checkHost(url, STRICT, true)).toThrow(expect.objectContaining({ reason: 'HostNotAllowed' }))
    expect(() => checkHost(url, OPEN, true)).not.toThrow()
  }
})

test.each(['8.8.8.8', '1.1.1.1', '[2606:4700::1111]', '[::ffff:8.8.8.8]', 'git.example.com', '10.example.com'])(
  '%s may be asked',
  (host) => {
    expect(() => checkHost(`https://${host}/a`, STRICT, true)).not.toThrow()
  },
)

test('credentials do not go over plain http', () => {
  const failure = expect.objectContaining({
    reason: 'HostNotAllowed',
    message: expect.stringContaining('allowPlainHttp'),
  })
  expect(() => checkHost('http://git.example.com/a', STRICT, true)).toThrow(failure)
  expect(() => checkHost('http://git.example.com/a', STRICT, false)).not.toThrow()
  expect(() => checkHost('http://git.example.com/a', { ...STRICT, allowPlainHttp: true }, true)).not.toThrow()
})

test('what a GitProvider allows is for its hosts alone', () => {
  const policy = { ...OPEN, hosts: ['git.example.com'] }
  const failure = expect.objectContaining({
    reason: 'HostNotAllowed',
    message: expect.stringContaining('must be listed'),
  })
  expect(() => checkHost('https://git.example.com:8443/a', policy, true)).not.toThrow()
  expect(() => checkHost('https://10.0.0.1/api/v3', policy, true)).toThrow(failure)
  expect(() => checkHost('https://api.example.net', policy, true)).toThrow(failure)
  expect(() => checkHost('https://api.example.net', { ...policy, allowPrivateAddresses: false }, true)).not.toThrow()
})

test('a proxy carries what is named, and nothing else', () => {
  const policy = { ...STRICT, proxy: 'http://proxy.example.com:3128', hosts: ['git.example.com', '10.0.0.1'] }
  expect(() => checkHost('https://git.example.com/a', policy, true)).not.toThrow()
  for (const url of ['https://other.example.com/a', 'https://10.0.0.1/a', 'ssh://git@git.example.com/a']) {
    expect(() => checkHost(url, policy, true), url).toThrow(expect.objectContaining({ reason: 'HostNotAllowed' }))
  }
})

test('over SSH too a name that stands for a private address is not connected to', async () => {
  const sockets: unknown[] = []
  const server = createServer((socket) => sockets.push(socket.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const lookup: SshLookup = (hostname, options, callback) => guardedLookup(STRICT)(hostname, options, callback)
  const repository = openRepository(`ssh://git@localhost:${port}/a`, { ssh: { lookup, knownHosts: '' }, retry: false })
  expect(toFailure(await repository.head().catch((error: unknown) => error))).toMatchObject({
    reason: 'HostNotAllowed',
  })
  expect(sockets).toEqual([])
  await repository.close()
  server.close()
})

test('a name that stands for a private address is not connected to', async () => {
  const lookup = (policy: typeof STRICT, all: boolean): Promise<unknown> =>
    promisify((name: string, done: (error: Error | null, found: unknown) => void) =>
      guardedLookup(policy)(name, { all }, done),
    )('localhost')
  for (const all of [true, false]) {
    await expect(lookup(STRICT, all)).rejects.toMatchObject({ reason: 'HostNotAllowed' })
  }
  expect(['127.0.0.1', '::1']).toContain(await lookup(OPEN, false))
  const found = (await lookup(OPEN, true)) as { address: string }[]
  expect(['127.0.0.1', '::1']).toContain(found[0]?.address)
})

test('a refused address is told as what it is, not as a broken network', async () => {
  const dispatcher = new Agent({ connect: { lookup: guardedLookup(STRICT) } })
  const repository = openRepository('http://localhost:9/a', { transport: undiciTransport({ dispatcher }) })
  const failure = toFailure(await repository.head().catch((error: unknown) => error))
  expect(failure).toMatchObject({ reason: 'HostNotAllowed' })
  await dispatcher.close()
})
