import { expect, test } from 'vitest'
import { AuthorRecords } from './records.ts'

test('whoever listens is told once of records that come together, with all of them there', async () => {
  const records = new AuthorRecords()
  const told: unknown[] = []
  const end = records.listen(() => told.push(records.writer({ uid: 'b', resourceVersion: '1' })))
  records.wrote('a', '1', { name: 'anna' })
  records.wrote('b', '1', { name: 'bob' })
  await Promise.resolve()
  expect(told).toEqual([{ name: 'bob' }])
  records.deleted('a', { name: 'anna' }, 'Audit')
  await Promise.resolve()
  expect(told).toHaveLength(2)
  end()
  records.deleted('b', { name: 'anna' }, 'Audit')
  await Promise.resolve()
  expect(told).toHaveLength(2)
})
