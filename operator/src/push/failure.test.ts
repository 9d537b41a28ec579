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

test('a certificate that is not accepted is told apart from a host that does not answer', () => {
  expect(toFailure(new GitError('Network', 'expired', { badCertificate: true })).reason).toBe('CertificateInvalid')
  expect(toFailure(new GitError('Network', 'no answer')).reason).toBe('Unreachable')
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
