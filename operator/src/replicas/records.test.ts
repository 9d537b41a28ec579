import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addRecord, readRecords, writeRecords } from './records.ts'
import type { AuthorRecord } from './records.ts'

test('records arrive as they were sent', () => {
  const text = fc.string({ unit: 'binary' })
  const record: fc.Arbitrary<AuthorRecord> = fc.oneof(
    fc.record({ uid: text, user: text, version: text }),
    fc.record({ uid: text, user: text, told: fc.constantFrom('Stamp', 'Audit'), isTerminating: fc.boolean() }),
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
  '[{"uid":"u","user":"a"}]',
  '[{"uid":1,"user":"a","version":"1"}]',
  '[{"uid":"u","user":"a","told":"FieldManager","isTerminating":false}]',
  '[{"uid":"u","user":"a","told":"Stamp"}]',
])('%s is refused', (body) => {
  expect(() => readRecords(Buffer.from(body))).toThrow(TypeError)
})

test('each goes where it belongs', () => {
  const told: unknown[] = []
  const sink = { wrote: (...args: unknown[]) => told.push(args), deleted: (...args: unknown[]) => told.push(args) }
  addRecord({ uid: 'u', user: 'ann', version: '7' }, sink)
  addRecord({ uid: 'u', user: 'bob', told: 'Audit', isTerminating: true }, sink)
  expect(told).toEqual([
    ['u', '7', 'ann'],
    ['u', 'bob', 'Audit', true],
  ])
})
