import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FairQueue } from './fair-queue.ts'
import type { Waiter } from './fair-queue.ts'

interface Work extends Waiter {
  readonly name: string
}

const work = (owner: string, name: string, cost = 1): Work => ({ owners: [owner], cost, name })

test('turns go round, whoever has how much', () => {
  const queue = new FairQueue<Work>()
  for (let i = 0; i < 5; i++) queue.add(work('a', `a${i}`))
  queue.add(work('b', 'b0'))
  queue.add(work('c', 'c0'))
  const order = Array.from({ length: 7 }, () => queue.next()?.name)
  expect(new Set(order.slice(0, 3))).toEqual(new Set(['a0', 'b0', 'c0']))
  expect(order.slice(3)).toEqual(['a1', 'a2', 'a3', 'a4'])
  expect(queue.next()).toBeUndefined()
})

test('whoever has work all the time gets as much as anybody else who has, whatever it costs', () => {
  const costs = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 6 })
  fc.assert(
    fc.property(costs, fc.integer({ min: 20, max: 300 }), fc.nat({ max: 3 }), (list, turns, guess) => {
      const queue = new FairQueue<Work>()
      const served = list.map(() => 0)
      const most = Math.max(...list)
      list.forEach((_, owner) => queue.add(work(String(owner), '', 1)))
      for (let i = 0; i < turns; i++) {
        const next = queue.next() as Work
        const owner = Number(next.owners[0])
        const cost = list[owner] as number
        served[owner] = (served[owner] as number) + cost
        // The cost is known afterwards only; `guess` was paid.
        queue.pay(next.owners, cost - next.cost)
        queue.add(work(String(owner), '', Math.max(1, guess)))
      }
      expect(Math.max(...served) - Math.min(...served)).toBeLessThanOrEqual(1 + 2 * most)
    }),
  )
})

test('nobody starves: who joins is served before anybody else has had two turns', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.nat({ max: 100 }), (others, before) => {
      const queue = new FairQueue<Work>()
      const serve = (): string => {
        const next = queue.next() as Work
        const [owner = ''] = next.owners
        if (owner !== 'new') queue.add(work(owner, ''))
        return owner
      }
      for (let i = 0; i < others; i++) queue.add(work(`o${i}`, ''))
      for (let i = 0; i < before; i++) serve()
      queue.add(work('new', ''))
      const seen = new Map<string, number>()
      for (let owner = serve(); owner !== 'new'; owner = serve()) seen.set(owner, (seen.get(owner) ?? 0) + 1)
      expect(Math.max(0, ...seen.values())).toBeLessThanOrEqual(2)
    }),
  )
})

test('debts stay when there is nothing more to do, and shrink as rounds pass', () => {
  const queue = new FairQueue<Work>()
  queue.add(work('greedy', 'g0'))
  queue.next()
  queue.pay(['greedy'], 10)
  for (const owner of ['a', 'b']) for (let i = 0; i < 30; i++) queue.add(work(owner, owner))
  queue.add(work('greedy', 'g1'))
  const order = Array.from({ length: 60 }, () => queue.next()?.name)
  expect(order.indexOf('g1')).toBeGreaterThanOrEqual(20)
  expect(order.indexOf('g1')).toBeLessThan(30)
})

test('what several own comes with the first of them, and each pays its part', () => {
  const queue = new FairQueue<Work>()
  queue.add({ owners: ['a', 'b', 'c', 'd'], cost: 1, name: 'shared' })
  for (const owner of ['a', 'b', 'e']) queue.add(work(owner, owner))
  expect(new Set(Array.from({ length: 4 }, () => queue.next()?.name))).toEqual(new Set(['a', 'b', 'e', 'shared']))
  expect(queue.size).toBe(0)
})

test('what cannot go now is passed over, saves nothing up, and loses nothing', () => {
  const queue = new FairQueue<Work>()
  queue.add(work('blocked', 'blocked'))
  for (let i = 0; i < 10; i++) queue.add(work('a', `a${i}`))
  for (let i = 0; i < 5; i++) expect(queue.next(({ name }) => name !== 'blocked')?.name).toBe(`a${i}`)
  for (let i = 0; i < 3; i++) queue.add(work('blocked', `later${i}`))
  const order = Array.from({ length: 4 }, () => queue.next()?.name)
  expect(order.filter((name) => name?.startsWith('a') === true).length).toBe(2)
})

test('what is taken out is gone', () => {
  const queue = new FairQueue<Work>()
  const gone = work('a', 'gone')
  queue.add(gone)
  queue.remove(gone)
  queue.remove(gone)
  expect(queue.next()).toBeUndefined()
  expect([...queue.waiting()]).toEqual([])
})
