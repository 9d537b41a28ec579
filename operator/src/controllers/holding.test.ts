import { expect, test } from 'vitest'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { Holding } from './holding.ts'

test('what is known goes on at once, the rest in order when it becomes known or time is up', async () => {
  const clock = manualClock()
  const holding = new Holding({ clock, graceMs: 1000, onError: () => expect.unreachable(), max: 4 })
  const ran: string[] = []
  const known = new Set<string>()
  const offer = (key: string, name: string): void =>
    holding.offer(key, { isKnown: () => known.has(name), run: () => ran.push(name) })
  known.add('a1')
  offer('a', 'a1')
  expect(ran).toEqual(['a1'])
  offer('a', 'a2')
  known.add('a3')
  offer('a', 'a3')
  known.add('b1')
  offer('b', 'b1')
  // a3 is known, and waits for a2.
  expect(ran).toEqual(['a1', 'b1'])
  known.add('a2')
  holding.look()
  expect(ran).toEqual(['a1', 'b1', 'a2', 'a3'])
  offer('c', 'c1')
  clock.advance(1000)
  expect(ran.at(-1)).toBe('c1')
  for (const name of ['d1', 'd2', 'd3', 'd4', 'd5']) offer('d', name)
  expect(ran.at(-1)).toBe('d1')
  expect(holding.size).toBe(4)
  holding.close()
  clock.advance(1000)
  expect(ran.at(-1)).toBe('d1')
})

test('what waits is not asked about again for each that comes', () => {
  const holding = new Holding({ clock: manualClock(), graceMs: 1000, onError: () => expect.unreachable() })
  let asked = 0
  for (let i = 0; i < 100; i++) holding.offer(`k${i}`, { isKnown: () => ++asked < 0, run: () => expect.unreachable() })
  expect(asked).toBe(100)
  holding.look()
  expect(asked).toBe(200)
})

test('one that fails holds up nobody, and is told', () => {
  const errors: unknown[] = []
  const holding = new Holding({ clock: manualClock(), graceMs: 1000, onError: (error) => errors.push(error) })
  const ran: string[] = []
  const fails = (): void => {
    throw new Error('no')
  }
  holding.offer('a', { isKnown: () => false, run: fails })
  holding.offer('b', { isKnown: () => false, run: () => ran.push('b') })
  holding.flush()
  expect([ran, errors]).toEqual([['b'], [new Error('no')]])
})
