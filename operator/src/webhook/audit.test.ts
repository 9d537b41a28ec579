import { expect, test } from 'vitest'
import { AuthorRecords } from '../plan/authors/records.ts'
import { recordAudit } from './audit.ts'

const event = (more: object) => ({
  stage: 'ResponseComplete',
  verb: 'patch',
  user: { username: 'alice' },
  responseStatus: { code: 200 },
  responseObject: { metadata: { uid: 'u1', resourceVersion: '8' } },
  ...more,
})
const EVERY = new Set(['Audit'] as const)

test('writers by version and deleters by uid are remembered, the impersonated ones', () => {
  const records = new AuthorRecords()
  const items = [
    event({}),
    event({
      impersonatedUser: { username: 'carol' },
      responseObject: { metadata: { uid: 'u2', resourceVersion: '9' } },
    }),
    event({ verb: 'delete', user: { username: 'bob' }, responseObject: { kind: 'Status', details: { uid: 'u1' } } }),
  ]
  expect(recordAudit({ items }, records, {})).toBe(3)
  expect(records.writer({ uid: 'u1', resourceVersion: '8' })).toEqual({ name: 'alice' })
  expect(records.writer({ uid: 'u1', resourceVersion: '9' })).toBeUndefined()
  expect(records.writer({ uid: 'u2', resourceVersion: '9' })).toEqual({ name: 'carol' })
  expect(records.deleter({ uid: 'u1' }, EVERY)).toEqual({ name: 'bob' })
  expect(records.deleter({ uid: 'u1' }, new Set())).toBeUndefined()
})

test.each([
  ['a refusal', event({ responseStatus: { code: 409 } })],
  ['a stage before the end', event({ stage: 'RequestReceived' })],
  ['an event below RequestResponse', event({ responseObject: undefined })],
  ['somebody without a name', event({ user: {} })],
  ['a read', event({ verb: 'get' })],
  ['no event', 'nonsense'],
])('%s tells nothing', (_what, item) => {
  expect(recordAudit({ items: [item] }, new AuthorRecords(), {})).toBe(0)
  expect(recordAudit(item, new AuthorRecords(), {})).toBe(0)
})

test('who looks, or changes nothing, has not written the version that was there', () => {
  const records = new AuthorRecords()
  const uri = '/api/v1/namespaces/shop/configmaps/settings'
  const looks = event({ user: { username: 'bob' }, requestURI: `${uri}?dryRun=All&fieldManager=kubectl` })
  const status = { kind: 'Status', details: { uid: 'u1' } }
  const tries = event({ verb: 'delete', requestObject: { dryRun: ['All'] }, responseObject: status })
  expect(recordAudit({ items: [looks, tries] }, records, {})).toBe(0)
  expect(records.deleter({ uid: 'u1' }, EVERY)).toBeUndefined()
  const writes = event({ requestURI: uri })
  recordAudit({ items: [writes, event({ user: { username: 'bob' }, requestURI: uri })] }, records, {})
  expect(records.writer({ uid: 'u1', resourceVersion: '8' })).toEqual({ name: 'alice' })
})

test('the oldest are forgotten', () => {
  const records = new AuthorRecords(2)
  for (const version of ['1', '2', '3']) records.wrote('u', version, { name: version })
  expect(records.writer({ uid: 'u', resourceVersion: '1' })).toBeUndefined()
  expect(records.writer({ uid: 'u', resourceVersion: '3' })).toEqual({ name: '3' })
})

test('who asks first for an object that then waits for its finalizers has deleted it', () => {
  const records = new AuthorRecords()
  records.deleted('u', { name: 'alice' }, 'Audit')
  records.deleted('u', { name: 'bob' }, 'Audit', true)
  expect(records.deleter({ uid: 'u' }, EVERY)).toEqual({ name: 'alice' })
  // A request that admission has refused was none.
  records.deleted('u', { name: 'bob' }, 'Audit')
  expect(records.deleter({ uid: 'u' }, EVERY)).toEqual({ name: 'bob' })
})
