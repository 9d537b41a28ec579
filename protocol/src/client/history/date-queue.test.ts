import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DateQueue } from './date-queue.ts'

test('the newest comes first, of equally new ones the one that came first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 })), (times) => {
      const queue = new DateQueue()
      for (const [index, time] of times.entries()) queue.add(String(index), time)
      const expected = times
        .map((time, index) => ({ time, oid: String(index) }))
        .toSorted((a, b) => b.time - a.time)
        .map(({ oid }) => oid)
      expect(queue.list()).toEqual(expected)
      const taken: string[] = []
      for (let oid = queue.first; oid !== undefined; oid = queue.first) {
        taken.push(oid)
        queue.shift()
      }
      expect(taken).toEqual(expected)
    }),
  )
})

test('those that stay keep their order', () => {
  const queue = new DateQueue()
  for (const [oid, time] of [
    ['a', 1],
    ['b', 3],
    ['c', 2],
    ['d', 3],
  ] as const)
    queue.add(oid, time)
  queue.keep((oid) => oid !== 'b')
  expect(queue.list()).toEqual(['d', 'c', 'a'])
})
