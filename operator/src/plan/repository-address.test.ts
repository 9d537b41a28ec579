import fc from 'fast-check'
import { expect, test } from 'vitest'
import { listsHost, parseRepositoryAddress, repositoryAddress } from './repository-address.ts'

test.each([
  ['https://git.example.com/a/b.git', 'https://git.example.com/a/b.git', 'git.example.com', 443],
  ['https://GIT.Example.com:8443/a', 'https://GIT.Example.com:8443/a', 'git.example.com:8443', 8443],
  ['https://git.example.com./a', 'https://git.example.com./a', 'git.example.com', 443],
  ['git@git.example.com.:a', 'ssh://git@git.example.com/a', 'git.example.com', 22],
  ['http://0x7f.1/a', 'http://0x7f.1/a', '127.0.0.1', 80],
  ['ssh://git@git.example.com/a/b.git', 'ssh://git@git.example.com/a/b.git', 'git.example.com', 22],
  ['ssh://git.example.com:2222/a/b.git', 'ssh://git@git.example.com:2222/a/b.git', 'git.example.com:2222', 2222],
  ['ssh://git@git.example.com:22/~/b.git', 'ssh://git@git.example.com/~/b.git', 'git.example.com', 22],
  ['git@Git.Example.com:a/b.git', 'ssh://git@git.example.com/a/b.git', 'git.example.com', 22],
  ['git@git.example.com:/a/b.git', 'ssh://git@git.example.com/a/b.git', 'git.example.com', 22],
  ['org-1@[2001:DB8::1]:a', 'ssh://org-1@[2001:db8::1]/a', '[2001:db8::1]', 22],
  ['ssh://git@2130706433/a', 'ssh://git@127.0.0.1/a', '127.0.0.1', 22],
  ['ssh://git@0x7f000001/a', 'ssh://git@127.0.0.1/a', '127.0.0.1', 22],
  ['git@0177.0.0.1:a', 'ssh://git@127.0.0.1/a', '127.0.0.1', 22],
  ['ssh://git@[::ffff:127.0.0.1]/a', 'ssh://git@[::ffff:7f00:1]/a', '[::ffff:7f00:1]', 22],
])('%s', (text, url, host, port) => {
  expect(parseRepositoryAddress(text)).toMatchObject({ url, host, port })
})

test.each([
  'ftp://git.example.com/a',
  'file:///etc/passwd',
  '/srv/git/a.git',
  'git.example.com:a/b.git',
  'ssh://git:secret@git.example.com/a',
  'ssh://git@git.example.com',
  'ssh://git@git.example.com:70000/a',
  'ssh://git@git.example.com/-oProxyCommand=x',
  'git@git.example.com:-oProxyCommand=x',
  'ssh://-oProxyCommand=x/a',
  'git@-oProxyCommand=x:a',
  'ssh://git@/a',
  'https://',
  'https://a:99999/',
])('%s is none', (text) => {
  const address = parseRepositoryAddress(text)
  // Of a host that begins with a dash at most the host is believed: nothing of it reaches a command.
  if (address !== undefined) expect(address.hostname).toMatch(/^-oproxycommand=x$/)
})

test('one spelling is read as itself: what was decided about it holds for what connects', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6().map((address) => `[${address}]`),
  )
  const text = fc.oneof(
    fc.tuple(host, fc.webPath()).map(([name, path]) => `ssh://git@${name}/x${path}`),
    fc.tuple(host, fc.webPath()).map(([name, path]) => `git@${name}:x${path}`),
  )
  fc.assert(
    fc.property(text, (spelling) => {
      const address = parseRepositoryAddress(spelling)
      if (address === undefined) return
      expect(repositoryAddress(address.url)).toEqual(address)
      expect(new URL(address.url).hostname).toBe(address.hostname)
    }),
  )
})

test('a name covers every port, name:port one', () => {
  const address = repositoryAddress('ssh://git@git.example.com:2222/a')
  expect(listsHost(['git.example.com'], address)).toBe(true)
  expect(listsHost(['git.example.com:2222'], address)).toBe(true)
  expect(listsHost(['git.example.com:22', 'example.com'], address)).toBe(false)
  expect(listsHost(['git.example.com:22'], repositoryAddress('git@git.example.com:a'))).toBe(true)
})
