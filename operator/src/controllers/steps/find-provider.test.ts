import { expect, test } from 'vitest'
import { parseGitProvider } from '../../api/parse.ts'
import type { GitProvider } from '../../api/parse.ts'
import { gitSync, reconciliation } from '../testing/reconciliation.ts'
import type { TestEnvironment } from '../testing/reconciliation.ts'
import { findProvider } from './find-provider.ts'

const provider = (name: string, hosts: readonly string[]): GitProvider =>
  parseGitProvider({ apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitProvider', metadata: { name }, spec: { hosts } })

const invalid = (hosts: readonly string[] | undefined): NonNullable<TestEnvironment['invalidProviders']> =>
  new Map([['broken', { hosts, problem: 'spec.caBundle: "x": must be PEM' }]])

const find = (world: TestEnvironment, repository: object = {}) =>
  findProvider(reconciliation(world, gitSync({ name: 'x' }, { ...repository })))

test('the host of an invalid GitProvider is closed, not open to all', () => {
  expect(find({ invalidProviders: invalid(['git.example.com']) })).toMatchObject({
    reason: 'HostNotAllowed',
    message: expect.stringMatching(/GitProvider broken is invalid.*git\.example\.com.*must be PEM/),
  })
  expect(find({ invalidProviders: invalid(['git.example.com:8443']) })).toBeUndefined()
  expect(find({ invalidProviders: invalid(['other.example.com']) })).toBeUndefined()
})

test('an invalid GitProvider closes its host also where another one lists it', () => {
  const providers = new Map([['a', provider('a', ['git.example.com'])]])
  expect(find({ providers, invalidProviders: invalid(['git.example.com']) })?.reason).toBe('HostNotAllowed')
})

test('one whose hosts are not known closes every host that no other lists', () => {
  const providers = new Map([['a', provider('a', ['git.example.com'])]])
  expect(find({ invalidProviders: invalid(undefined) })?.reason).toBe('HostNotAllowed')
  expect(find({ providers, invalidProviders: invalid(undefined) })).toBeUndefined()
})

test('a providerRef to an invalid GitProvider says what is wrong with it', () => {
  expect(find({ invalidProviders: invalid(['git.example.com']) }, { providerRef: { name: 'broken' } })).toEqual({
    reason: 'ProviderNotFound',
    message: 'GitProvider broken is invalid: spec.caBundle: "x": must be PEM',
  })
})

test('of several that list the host the first by name counts, and a refusal says which', () => {
  const providers = new Map([
    [
      'own',
      parseGitProvider({
        ...provider('own', ['127.0.0.1']),
        spec: { hosts: ['127.0.0.1'], allowPrivateAddresses: true },
      }),
    ],
    ['corp', provider('corp', ['127.0.0.1'])],
  ])
  const refusal = find({ providers }, { url: 'https://127.0.0.1/team/audit.git' })
  expect(refusal).toMatchObject({ reason: 'HostNotAllowed' })
  expect(refusal?.message).toContain('; GitProvider corp counts for this host')
})
