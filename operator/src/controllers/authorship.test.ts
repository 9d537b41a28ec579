import { expect, test } from 'vitest'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { AuthorRecords } from '../plan/authors/records.ts'
import type { AuthorSource } from '../plan/authors/source.ts'
import { Authorship } from './authorship.ts'

const OBJECT = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', uid: 'u', resourceVersion: '7' } }

function waiting(late: { readonly audit?: boolean; readonly deletions?: boolean }, sources: readonly AuthorSource[]) {
  const records = new AuthorRecords()
  const authorship = new Authorship({
    clock: manualClock(),
    records,
    late: { audit: false, deletions: false, graceMs: 1_000, ...late },
    trustedAccounts: new Set(),
  })
  authorship.authors = { sources: new Set(sources), naming: {} }
  const waitsFor = (): string[] => [
    ...(authorship.knowsWriter(OBJECT, {}) ? [] : ['writer']),
    ...(authorship.knowsDeleter(OBJECT) ? [] : ['deleter']),
  ]
  return { records, waitsFor }
}

test.each([
  ['nobody tells', {}, ['Stamp', 'Audit'], []],
  ['audit events come', { audit: true }, ['Stamp', 'Audit'], ['writer', 'deleter']],
  ['audit events come and are not believed', { audit: true }, ['Stamp'], []],
  ['other replicas tell', { deletions: true }, ['Stamp', 'FieldManager'], ['deleter']],
  ['other replicas tell and are not believed', { deletions: true }, ['Audit', 'FieldManager'], []],
] as const)('what is waited for where %s', (_where, late, sources, expected) => {
  expect(waiting(late, sources).waitsFor()).toEqual(expected)
})

test('what has been told is waited for no longer', () => {
  const { records, waitsFor } = waiting({ audit: true, deletions: true }, ['Stamp', 'Audit'])
  records.deleted('u', { name: 'ann' }, 'Stamp')
  expect(waitsFor()).toEqual(['writer'])
  records.wrote('u', '7', { name: 'ann' })
  expect(waitsFor()).toEqual([])
})
