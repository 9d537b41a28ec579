import { generateKeyPairSync } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { GitError } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { ForgeError } from '../../forge/forge-error.ts'
import { PushFailure } from '../failure.ts'
import { isFault } from './fault.ts'

const refused = new PushFailure('HostNotAllowed', 'a private address')
const unreachable = (cause: unknown): Error => new Error('connect', { cause })

const coded = (code: string): Error => Object.assign(new Error(code), { code })
/** What `tls.connect` throws with such a pair. */
function pairError(): Error {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  try {
    createSecureContext({ cert: 'none', key: privateKey.export({ type: 'sec1', format: 'pem' }) })
  } catch (error) {
    return error as Error
  }
  throw new Error('it was taken')
}

test.each([
  ['no answer', new GitError('Network', 'reset', {}), true],
  ['no answer of an API', new ForgeError('Network', 'reset', { cause: new Error('ECONNRESET') }), true],
  ['an address that the guard refuses', new GitError('Network', 'no', { cause: unreachable(refused) }), false],
  ['the same for an API', new ForgeError('Network', 'no', { cause: unreachable(refused) }), false],
  ['a certificate', new GitError('Network', 'no', { badCertificate: true }), false],
  ['a client certificate that is none', new GitError('Network', 'no', { cause: pairError() }), false],
  ['the same for an API', new ForgeError('Network', 'no', { cause: pairError() }), false],
  [
    'a client certificate that has expired',
    new GitError('Network', 'no', { cause: coded('ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED') }),
    false,
  ],
  ['a cut connection', new GitError('Network', 'no', { cause: coded('ECONNRESET') }), true],
  ['called off', new GitError('Aborted', 'stopped', {}), false],
  ['what is no error', 'ECONNREFUSED', true],
])('%s: %o is the fault of the host: %s', (_, error, expected) => {
  expect(isFault(error)).toBe(expected)
})
