import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addRecord, readRecords, writeRecords } from './records.ts'
import type { AuthorRecord } from './records.ts'

test('records arrive as they were sent', () => {
  const text = fc.string({ unit: 'binary' })
  const user = fc.oneof(
    fc.record({ name: text }),
    fc.record({ name: text, person: fc.record({ name: text, email: text }) }),
  )
  const record: fc.Arbitrary<AuthorRecord> = fc.oneof(
    fc.record({ uid: text, user, version: text }),
    fc.record({ uid: text, user, told: fc.constantFrom('Stamp', 'Audit'), isTerminating: fc.boolean() }),
  )
  fc.assert(
    fc.property(fc.array(record), (records) => {
      expect(readRecords(writeRecords(records))).toEqual(records)
    }),
  )
})

test.each([
  '{}',
  '[null]',
  '[{"uid":"u","user":{"name":"a"}}]',
  '[{"uid":1,"user":{"name":"a"},"version":"1"}]',
  '[{"uid":"u","user":"a","version":"1"}]',
  '[{"uid":"u","user":{"name":"a"},"told":"FieldManager","isTerminating":false}]',
  '[{"uid":"u","user":{"name":"a"},"told":"Stamp"}]',
])('%s is refused', (body) => {
  expect(() => readRecords(Buffer.from(body))).toThrow(TypeError)
})

test('each goes where it belongs', () => {
  const told: unknown[] = []
  const sink = { wrote: (...args: unknown[]) => told.push(args), deleted: (...args: unknown[]) => told.push(args) }
  addRecord({ uid: 'u', user: { name: 'ann' }, version: '7' }, sink)
  addRecord({ uid: 'u', user: { name: 'bob' }, told: 'Audit', isTerminating: true }, sink)
  expect(told).toEqual([
    ['u', '7', { name: 'ann' }],
    ['u', { name: 'bob' }, 'Audit', true],
  ])
})
