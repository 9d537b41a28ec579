import { expect, test } from 'vitest'
import { originOf, parseSshAddress } from './address.ts'

test.each([
  ['ssh://git@host/team/site.git', 'git', 'host', 22, '/team/site.git'],
  ['ssh://host:2222/x', 'git', 'host', 2222, '/x'],
  ['SSH://ann@Host/x', 'ann', 'Host', 22, '/x'],
  ['git+ssh://ann@host/x', 'ann', 'host', 22, '/x'],
  ['ssh://git@[::1]:29/x', 'git', '::1', 29, '/x'],
  ['ssh://host/~ann/x', 'git', 'host', 22, '~ann/x'],
  ['ssh://a%40b@host/a%20b', 'a@b', 'host', 22, '/a b'],
  ['git@host:team/site.git', 'git', 'host', 22, 'team/site.git'],
  ['host:/abs/x', 'git', 'host', 22, '/abs/x'],
  ['host:~ann/x', 'git', 'host', 22, '~ann/x'],
  ['ann@[::1]:x', 'ann', '::1', 22, 'x'],
  ['host:a:b', 'git', 'host', 22, 'a:b'],
])('%s', (url, user, host, port, path) => {
  expect(parseSshAddress(url)).toEqual({ user, host, port, path })
})

test.each(['https://git@host/x', 'http://host:80/x', 'file:///x', './x:y', '/a/b:c', 'a/b:c', 'plain', ''])(
  '%j is no address of SSH',
  (url) => {
    expect(parseSshAddress(url)).toBeUndefined()
  },
)

test.each([
  ['ssh://ann:s3cret@host/x', /must not hold a password/],
  ['ann:s3cret@host/x', /looks as if it held a password/],
  ['ssh://ann:s3cret@/x', /ssh:\/\/\[user@\]host/],
  ['ssh://host', /no path/],
  ['ssh://host/', /no path/],
  ['ssh://host/x?s3cret', /neither a query nor a fragment/],
  ['host:-oProxyCommand=x', /must not begin with "-"/],
  ['ssh://host/~%0Ax', /control character/],
  ['ssh://host/%zz', /percent-encoded/],
  ['host:a\nb', /control character/],
])('%j is refused without repeating a secret', (url, message) => {
  expect(() => parseSshAddress(url)).toThrowError(
    expect.objectContaining({ code: 'InvalidInput', message: expect.stringMatching(message) }),
  )
  expect(() => parseSshAddress(url)).not.toThrowError(/s3cret/)
})

test('an origin is a URL whatever the host', () => {
  expect(new URL(originOf({ host: '::1', port: 22 })).port).toBe('22')
  expect(originOf({ host: 'h', port: 2 })).toBe('ssh://h:2')
})
