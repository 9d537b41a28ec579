import { expect, test } from 'vitest'
import { loopbackOnly } from './authorizer.ts'
import { tokens } from './tokens.ts'

const basic = (token: string, user = 'anybody'): string => `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`

test.each([
  ['Bearer a', 'team/x', 'read', 'allowed'],
  [basic('a'), 'team/x', 'write', 'denied'],
  [basic('b:c', ''), 'team/x', 'write', 'allowed'],
  [basic('b:c'), 'team2/x', 'read', 'denied'],
  [basic('b:c'), 'team/x.y', 'write', 'allowed'],
  ['Bearer d', 'own/one', 'write', 'allowed'],
  ['Bearer d', 'own/one2', 'write', 'denied'],
  ['Bearer ', 'team/x', 'read', 'unknown'],
  [basic(''), 'team/x', 'read', 'unknown'],
  ['Digest a', 'team/x', 'read', 'unknown'],
  [undefined, 'team/x', 'read', 'unknown'],
] as const)('%s at %s to %s: %s', async (authorization, repository, right, verdict) => {
  const authorizer = tokens('# none\n\na ann read\nb:c bob write team/*\nd dan admin own/one\n')
  expect(await authorizer.authorize({ repository, right, authorization, host: undefined, peer: undefined })).toBe(
    verdict,
  )
})

test.each([
  ['a', /^line 1 of the token file: a line is TOKEN USER/],
  ['a ann read\nb bob everything', /^line 2 .*read\|write\|admin/],
  ['sha256:12 ann read', /64 hex digits/],
  ['a ann read team', /"team" is no pattern of repositories/],
])('%j is refused', (text, message) => {
  expect(() => tokens(text)).toThrow(message)
})

test.each([
  ['127.0.0.1', '127.0.0.1:7080', 'allowed'],
  ['::1', '[::1]:7080', 'allowed'],
  ['::ffff:127.0.0.9', 'localhost', 'allowed'],
  ['10.0.0.1', 'localhost', 'unknown'],
  ['127.0.0.1.example.com', 'localhost', 'unknown'],
  [undefined, 'localhost', 'unknown'],
  ['127.0.0.1', 'rebound.example.com:7080', 'unknown'],
  ['127.0.0.1', '127.0.0.1.example.com', 'unknown'],
  ['127.0.0.1', undefined, 'unknown'],
])('without tokens, from %s to %s: %s', async (peer, host, verdict) => {
  const access = { repository: 'a/b', right: 'write', authorization: undefined } as const
  expect(await loopbackOnly.authorize({ ...access, peer, host })).toBe(verdict)
})
