import { GitError } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { ForgeError } from '../../forge/forge-error.ts'
import { PushFailure } from '../failure.ts'
import { isFault } from './fault.ts'

const refused = new PushFailure('HostNotAllowed', 'a private address')
const unreachable = (cause: unknown): Error => new Error('connect', { cause })

test.each([
  ['no answer', new GitError('Network', 'reset', {}), true],
  ['no answer of an API', new ForgeError('Network', 'reset', { cause: new Error('ECONNRESET') }), true],
  ['an address that the guard refuses', new GitError('Network', 'no', { cause: unreachable(refused) }), false],
  ['the same for an API', new ForgeError('Network', 'no', { cause: unreachable(refused) }), false],
  ['a certificate', new GitError('Network', 'no', { badCertificate: true }), false],
  ['called off', new GitError('Aborted', 'stopped', {}), false],
  ['what is no error', 'ECONNREFUSED', true],
])('%s: %o is the fault of the host: %s', (_, error, expected) => {
  expect(isFault(error)).toBe(expected)
})
