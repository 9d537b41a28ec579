import { describe, expect, test } from 'vitest'
import { parseGitProvider } from '../../api/parse.ts'
import type { GitProvider } from '../../api/parse.ts'
import { KubeError } from '../../kube/errors.ts'
import { gitSync, reconciliation } from '../testing/reconciliation.ts'
import type { TestEnvironment } from '../testing/reconciliation.ts'
import { findProvider } from './find-provider.ts'

const provider = (name: string, hosts: readonly string[], spec: object = {}): GitProvider =>
  parseGitProvider({
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'GitProvider',
    metadata: { name },
    spec: { hosts, ...spec },
  })

const invalid = (hosts: readonly string[] | undefined): NonNullable<TestEnvironment['invalidProviders']> =>
  new Map([['broken', { hosts, problem: 'spec.caBundle: "x": must be PEM' }]])

const find = (world: TestEnvironment, repository: object = {}) =>
  findProvider(reconciliation(world, gitSync({ name: 'x' }, { ...repository })))

test('the host of an invalid GitProvider is closed, not open to all', async () => {
  expect(await find({ invalidProviders: invalid(['git.example.com']) })).toMatchObject({
    reason: 'HostNotAllowed',
    message: expect.stringMatching(/GitProvider broken is invalid.*git\.example\.com.*must be PEM/),
  })
  expect(await find({ invalidProviders: invalid(['git.example.com:8443']) })).toBeUndefined()
  expect(await find({ invalidProviders: invalid(['other.example.com']) })).toBeUndefined()
})

test('an invalid GitProvider closes its host also where another one lists it', async () => {
  const providers = new Map([['a', provider('a', ['git.example.com'])]])
  expect(await find({ providers, invalidProviders: invalid(['git.example.com']) })).toMatchObject({
    reason: 'HostNotAllowed',
  })
})

test('one whose hosts are not known closes every host that no other lists', async () => {
  const providers = new Map([['a', provider('a', ['git.example.com'])]])
  expect(await find({ invalidProviders: invalid(undefined) })).toMatchObject({ reason: 'HostNotAllowed' })
  expect(await find({ providers, invalidProviders: invalid(undefined) })).toBeUndefined()
})

test('a providerRef to an invalid GitProvider says what is wrong with it', async () => {
  expect(await find({ invalidProviders: invalid(['git.example.com']) }, { providerRef: { name: 'broken' } })).toEqual({
    reason: 'ProviderNotFound',
    message: 'GitProvider broken is invalid: spec.caBundle: "x": must be PEM',
  })
})

test('of several that list the host the first by name counts, and a refusal says which', async () => {
  const providers = new Map([
    ['own', provider('own', ['127.0.0.1'], { allowPrivateAddresses: true })],
    ['corp', provider('corp', ['127.0.0.1'])],
  ])
  const refusal = await find({ providers }, { url: 'https://127.0.0.1/team/audit.git' })
  expect(refusal).toMatchObject({ reason: 'HostNotAllowed' })
  expect(refusal?.message).toContain('; GitProvider corp counts for this host')
})

test.each([
  ['http://git.example.com/a.git', {}, {}, undefined],
  ['http://git.example.com/a.git', { secretRef: { name: 'git' } }, {}, /not sent over plain http/],
  ['https://git.example.com/a.git', { secretRef: { name: 'git' } }, {}, undefined],
  [
    'http://git.example.com/a.git',
    { secretRef: { name: 'git' } },
    { providers: new Map([['a', provider('a', ['git.example.com'], { allowPlainHttp: true })]]) },
    undefined,
  ],
  ...['http://127.0.0.1:3000/a.git', 'http://localhost/a.git', 'http://[::1]/a.git'].map(
    (url) => [url, { secretRef: { name: 'git' } }, { allowPrivateHosts: true }, undefined] as const,
  ),
  // The flag is for what runs on this machine.
  [
    'http://git.example.com/a.git',
    { secretRef: { name: 'git' } },
    { allowPrivateHosts: true },
    /not sent over plain http/,
  ],
] as const)('plain http: %s, %j, %j', async (url, repository, world, refusal) => {
  const problem = await find(world, { url, ...repository })
  if (refusal === undefined) expect(problem).toBeUndefined()
  else expect(problem).toMatchObject({ reason: 'HostNotAllowed', message: expect.stringMatching(refusal) })
})

describe('a GitProvider for namespaces with a label', () => {
  const selector = { matchLabels: { tier: 'trusted' } }
  const providers = new Map([['corp', provider('corp', ['git.example.com'], { allowedNamespaces: { selector } })]])

  test('is for those, and for no others', async () => {
    const asked: unknown[] = []
    const labelled: TestEnvironment['labelled'] = {
      matching: async (...question) => (asked.push(question), [['bank', 'shop']]),
    }
    expect(await find({ providers, labelled })).toBeUndefined()
    expect(asked).toEqual([['shop/x', 'provider', [selector]]])
    expect(await find({ providers, labelled: { matching: async () => [['bank']] } })).toEqual({
      reason: 'HostNotAllowed',
      message: 'GitProvider corp does not allow namespace shop',
    })
  })

  test('is for nobody while labels cannot be read', async () => {
    const labelled = { matching: () => Promise.reject(new KubeError('Forbidden', 'namespaces is forbidden')) }
    expect(await find({ providers, labelled })).toMatchObject({
      reason: 'HostNotAllowed',
      message: expect.stringContaining('may not list and watch namespaces: namespaces is forbidden'),
    })
    expect(await find({ providers, rolesOnly: true })).toMatchObject({
      reason: 'HostNotAllowed',
      message: expect.stringContaining('give names instead'),
    })
    const unlisted = { matching: () => Promise.reject(new KubeError('Unavailable', 'not listed yet')) }
    await expect(find({ providers, labelled: unlisted })).rejects.toThrow('not listed yet')
  })
})
