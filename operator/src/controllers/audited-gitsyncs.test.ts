import { expect, test } from 'vitest'
import type { AuditedGitSync } from '../audit-page/audited.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { PushFailure } from '../push/failure.ts'
import type { MemberStatus } from '../push/member-status.ts'
import { auditedGitSyncs } from './audited-gitsyncs.ts'
import type { AuditedOptions } from './audited-gitsyncs.ts'
import type { Runtime } from './runtime.ts'

const URL = 'https://git.example.com/team/audit.git'
const object = (repository: object, more: object = {}): KubernetesObject => ({
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'GitSync',
  metadata: { namespace: 'shop', name: 'sync', uid: 'u' },
  spec: { repository: { url: URL, branch: 'tenants/{namespace}', path: 'clusters/shop', ...repository }, ...more },
})

const STATUS = { files: 1, pending: 0, orphans: 0, unreadable: [], healthy: true, pullRequests: [] } as const

const runtime = (
  status: Partial<MemberStatus>,
  more: { uid?: string; path?: string; review?: object; otherClaims?: string[] | undefined } = {},
): Runtime => {
  const { uid, path, review, otherClaims } = {
    uid: 'u',
    path: 'clusters/shop',
    review: undefined,
    otherClaims: [],
    ...more,
  }
  const reader = () => ({ repository: {}, allowance: {} })
  const member = { settings: { path, review }, status: { ...STATUS, ...status }, otherClaims }
  return { uid, member, connection: { key: 'k', repository: { url: URL }, reader } } as unknown as Runtime
}

function only(
  given: KubernetesObject,
  at?: Runtime,
  providers: AuditedOptions['providers'] = new Map(),
): AuditedGitSync {
  const [found, another] = auditedGitSyncs({ objects: [given], runtimeOf: () => at, providers })
  if (found === undefined || another !== undefined) throw new Error('not one')
  return found
}

test.each([
  ['https://ann:token@git.example.com:8443/team/audit.git?token=x#y', 'git.example.com:8443/team/audit.git'],
  ['git@git.example.com:team/audit.git', 'git.example.com/team/audit.git'],
  ['nonsense', ''],
])('of %s host and path are shown', (url, shown) => {
  expect(only(object({ url })).repository).toBe(shown)
})

test('what cannot be worked on is shown without a history, whatever is in it', () => {
  for (const spec of [undefined, null, {}, { repository: {} }]) {
    expect(only({ ...object({}), spec })).toMatchObject({ namespace: 'shop', name: 'sync', remote: undefined })
  }
  expect(only(object({ branch: '{namespace}.lock' })).branch).toBeUndefined()
  expect(only(object({})).remote).toBeUndefined()
})

test('a history is that of a folder which the GitSync has been in step with, and which is its own', () => {
  const tip = '1'.repeat(40)
  expect(only(object({}), runtime({ observedCommit: tip })).remote).toMatchObject({ branch: 'tenants/shop', tip })
  expect(only(object({}), runtime({})).remote).toMatchObject({ tip: undefined })
  // It has only begun, or was refused: what lies in that folder may be anybody's.
  expect(only(object({}), runtime({ observedCommit: tip }, { otherClaims: undefined })).remote).toBeUndefined()
  const failure = new PushFailure('FolderClaimed', 'claimed')
  expect(only(object({}), runtime({ observedCommit: tip, healthy: false, failure })).remote).toBeUndefined()
  // The spec names another folder by now, or another GitSync has that name.
  expect(only(object({ path: 'clusters/bank' }), runtime({ observedCommit: tip })).remote).toBeUndefined()
  expect(only(object({}), runtime({ observedCommit: tip }, { uid: 'former' })).remote).toBeUndefined()
})

test('what others have claimed inside the folder is theirs', () => {
  expect(only(object({}), runtime({}, { otherClaims: ['a/b'] })).hidden).toEqual(['clusters/shop/a/b'])
  expect(only(object({ path: '.' }), runtime({}, { path: '.', otherClaims: ['a'] })).hidden).toEqual(['a'])
})

test('of a branch under review the base is shown, whose tip has to be asked', () => {
  const at = runtime({ observedCommit: '1'.repeat(40) }, { review: { base: 'tenants/shop' } })
  expect(only(object({}), at).remote).toMatchObject({ branch: 'tenants/shop', tip: undefined })
})

test('pages of commits are those of the host, by its GitProvider', () => {
  const provider = { spec: { hosts: ['git.example.com'], type: 'Gitea' } }
  const providers = new Map([['corp', provider]]) as unknown as AuditedOptions['providers']
  expect(only(object({}), runtime({}), providers).remote?.pageOf('abc')).toBe(
    'https://git.example.com/team/audit/commit/abc',
  )
  expect(only(object({}), runtime({})).remote?.pageOf('abc')).toBeUndefined()
})
