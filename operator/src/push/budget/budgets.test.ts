import { expect, test } from 'vitest'
import { ScriptedClock } from '../testing/scripted-clock.ts'
import { Budgets } from './budgets.ts'
import { NO_LIMITS } from './limits.ts'

const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const limited = (perMinute: number) => ({ ...NO_LIMITS, requests: { perMinute, burst: 0 } })

test('one budget for each host and credential, and the strictest of what its users are kept to', () => {
  const budgets = new Budgets({ clock: new ScriptedClock() })
  const one = budgets.of('a', 'token')
  expect(budgets.of('a', 'token')).toBe(one)
  expect(budgets.of('a', 'other')).not.toBe(one)
  expect(budgets.of('b', 'token')).not.toBe(one)
  const [first, second] = [{}, {}]
  budgets.keep(one, limited(60), first)
  budgets.keep(one, limited(30), second)
  expect(one.limits.requests?.perMinute).toBe(30)
  budgets.release(one, second)
  expect(one.limits.requests?.perMinute).toBe(60)
})

test('what was used up is remembered for an hour after the last user has gone', async () => {
  const clock = new ScriptedClock()
  const budgets = new Budgets({ clock })
  const one = budgets.of('a', 'token')
  const user = {}
  budgets.keep(one, limited(60), user)
  budgets.release(one, user)
  await clock.pass(3_599_000, idle)
  expect(budgets.of('a', 'token')).toBe(one)
  await clock.pass(1_000, idle)
  expect(budgets.of('a', 'token')).not.toBe(one)
})

test('the breaker is of the host: what one credential finds out counts for all, and its end is told', async () => {
  const clock = new ScriptedClock()
  const recovered: string[] = []
  const budgets = new Budgets({ clock, onRecovered: (host) => recovered.push(host) })
  const [one, other] = [budgets.of('a', '1'), budgets.of('a', '2')]
  for (let i = 0; i < 5; i++) (await one.enter({ repository: 'r' })).failed(new Error('ECONNREFUSED'))
  await expect(other.turn({ owners: ['x'], cost: 1, repository: 'r' })).rejects.toMatchObject({ reason: 'Unreachable' })
  expect(budgets.breakers()).toEqual([{ host: 'a', isOpen: true }])
  // Another host is not concerned.
  await budgets.of('b', '1').turn({ owners: ['x'], cost: 1, repository: 'r' })
  await clock.pass(2_000, idle)
  const probe = await other.turn({ owners: ['x'], cost: 1, repository: 'r' })
  const permit = await probe.run(() => other.enter({ repository: 'r' }))
  permit.answered(200, {})
  expect(recovered).toEqual(['a'])
  expect(budgets.breakers()).toContainEqual({ host: 'a', isOpen: false })
})
