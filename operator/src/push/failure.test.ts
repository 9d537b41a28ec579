import { GitError } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { PushFailure, toFailure } from './failure.ts'

test('a failure stays what it is', () => {
  const failure = new PushFailure('FolderClaimed', 'taken')
  expect(toFailure(failure)).toBe(failure)
})

test('what the host asked for is kept', () => {
  const cause = new GitError('RateLimited', 'wait', { waitMs: 90_000 })
  expect(toFailure(cause)).toMatchObject({ reason: 'RateLimited', message: 'wait', waitMs: 90_000, cause })
})

test('flags of a command line that is not there are not named', () => {
  const error = new GitError('Unauthorized', 'give them as auth (--user and --token); or cert (--cert, --key) and key')
  expect(toFailure(error).message).toBe('give them as auth; or cert and key')
})

test.each([
  ['CERT_HAS_EXPIRED', 'CertificateInvalid'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'CertificateInvalid'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CertificateInvalid'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'CertificateInvalid'],
  ['ECONNREFUSED', 'Unreachable'],
  ['ENOTFOUND', 'Unreachable'],
])('%s means %s', (code, reason) => {
  const cause = Object.assign(new Error('connect'), { code })
  expect(toFailure(new GitError('Network', 'no answer', { cause })).reason).toBe(reason)
})

test('a refusal of ours below the network shows, however deep', () => {
  const refusal = new PushFailure('HostNotAllowed', 'private')
  expect(toFailure(new GitError('Network', 'no answer', { cause: refusal })).reason).toBe('HostNotAllowed')
  const wrapped = new Error('connect', { cause: refusal })
  expect(toFailure(new GitError('Network', 'no answer', { cause: wrapped })).reason).toBe('HostNotAllowed')
})

test('what nobody foresaw is named as such', () => {
  expect(toFailure(new TypeError('x is not a function'))).toMatchObject({ reason: 'InternalError' })
  expect(toFailure(undefined).reason).toBe('InternalError')
})
