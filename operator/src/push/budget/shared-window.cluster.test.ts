import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { isGitError } from '@gitsync/protocol'
import { component } from '../../../../test/kit/components/index.ts'
import { startProcess, withFreePorts } from '../../../../test/kit/process/index.ts'
import type { RunningProcess } from '../../../../test/kit/process/index.ts'
import { systemClock } from '../../time/clock.ts'
import { ScriptedClock } from '../testing/scripted-clock.ts'
import { Budgets } from './budgets.ts'
import { NO_LIMITS } from './limits.ts'
import { connectSharedWindow } from './shared-window.ts'
import type { SharedPlace, SharedWindow } from './shared-window.ts'

const LIMIT = 30
const MINUTE = 60_000
/** One request of so many in a minute. */
const REQUEST = [{ what: 'requests', limit: LIMIT, countsMs: MINUTE }]
let program = ''
let port = 0
let redis: RunningProcess
const windows: SharedWindow[] = []

const start = async (): Promise<void> => {
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--requirepass',
    'secret',
  ]
  redis = await startProcess(program, args, { name: 'redis', ready: { port } })
}
beforeAll(async () => {
  program = await component('redis')
  await withFreePorts(1, async ([free = 0]) => {
    port = free
    await start()
  })
})
afterAll(() => redis.stop({ grace: 0 }))
afterEach(async () => {
  await Promise.all(windows.splice(0).map((window) => window.close()))
})

/** The windows of so many operators. */
async function connect(count: number): Promise<SharedWindow[]> {
  const url = `redis://:secret@127.0.0.1:${port}`
  const all = Array.from({ length: count }, () => connectSharedWindow(url))
  const made = await Promise.all(all)
  windows.push(...made)
  return made
}

const isPlace = (taken: SharedPlace | number): taken is SharedPlace => typeof taken !== 'number'

test('several operators together never hold more places than there are', async () => {
  const operators = await connect(3)
  const asked = Array.from({ length: 30 }, () => operators.map((operator) => operator.take('a', REQUEST))).flat()
  const taken = await Promise.all(asked)
  expect(taken.filter(isPlace)).toHaveLength(LIMIT)
  for (const waitMs of taken.filter((one) => !isPlace(one))) expect(waitMs).toBeGreaterThan(0)
  // Another host or credential has places of its own.
  expect(isPlace((await operators[0]?.take('b', REQUEST)) ?? 0)).toBe(true)
})

test('a process that starts again takes none of the places of the one before', async () => {
  const [before] = await connect(1)
  expect(isPlace((await before?.take('again', REQUEST)) ?? 0)).toBe(true)
  await before?.close()
  const [after] = await connect(1)
  let places = 0
  while (isPlace((await after?.take('again', REQUEST)) ?? 0)) places++
  expect(places).toBe(LIMIT - 1)
})

test('a place is free again a while after the answer, and not before', async () => {
  const [one, other] = await connect(2)
  const claims = REQUEST.map((claim) => ({ ...claim, countsMs: 300 }))
  const places: SharedPlace[] = []
  for (let i = 0; i < LIMIT; i++) {
    const taken = await one?.take('c', claims)
    if (taken !== undefined && isPlace(taken)) places.push(taken)
  }
  expect(places).toHaveLength(LIMIT)
  const answeredAt = performance.now()
  places[0]?.answered()
  for (;;) {
    const taken = await other?.take('c', claims)
    if (taken !== undefined && isPlace(taken)) break
  }
  // The server's clock counts whole milliseconds.
  expect(performance.now() - answeredAt).toBeGreaterThan(298)
  expect(isPlace((await other?.take('c', claims)) ?? 0)).toBe(false)
})

test('bytes count by their number, and the wait is until enough of them have gone', async () => {
  const [one, other] = await connect(2)
  const bytes = (cost: number, countsMs = 3_600_000) => [{ what: 'bytes', limit: 1_000, cost, countsMs }]
  const first = await one?.take('d', bytes(600))
  const second = await one?.take('d', bytes(300, 1_800_000))
  if (first === undefined || second === undefined || !isPlace(first) || !isPlace(second)) throw new Error('no place')
  expect(isPlace((await other?.take('d', bytes(100))) ?? 0)).toBe(true)
  second.answered()
  first.answered()
  const waitFor = async (cost: number): Promise<number> => Number(await other?.take('d', bytes(cost)))
  await vi.waitFor(async () => expect(await waitFor(300)).toBeLessThan(1_800_001))
  expect(await waitFor(300)).toBeGreaterThan(1_790_000)
  expect(await waitFor(301)).toBeGreaterThan(3_590_000)
})

test('of several claims all are taken or none', async () => {
  const [one, other] = await connect(2)
  const claims = (repository: string) => [
    { what: 'requests', limit: 3, countsMs: MINUTE },
    { what: `pushes to ${repository}`, limit: 1, countsMs: MINUTE },
  ]
  expect(isPlace((await one?.take('e', claims('r'))) ?? 0)).toBe(true)
  for (let i = 0; i < 5; i++) expect(isPlace((await other?.take('e', claims('r'))) ?? 0)).toBe(false)
  // What was refused has taken no request.
  expect(isPlace((await other?.take('e', claims('s'))) ?? 0)).toBe(true)
  expect(isPlace((await other?.take('e', claims('t'))) ?? 0)).toBe(true)
  expect(isPlace((await other?.take('e', claims('u'))) ?? 0)).toBe(false)
})

test('pushes and bytes of several operators are counted together, also where requests are not limited', async () => {
  const clock = new ScriptedClock()
  const windows = await connect(2)
  const [one, other] = windows.map((shared) => {
    const budget = new Budgets({ clock, shared })
    const own = budget.of('git.example.com', 'shared')
    budget.keep(own, { ...NO_LIMITS, bytesPerHour: 1_000 }, {})
    return own
  })
  const permit = await one?.enter({ repository: 'r', pushedBytes: 700 })
  permit?.answered(200, {})
  permit?.ended()
  const refused = await other?.enter({ repository: 's', pushedBytes: 400 }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'RateLimited', message: expect.stringContaining('other operators') })
  expect(await other?.enter({ repository: 's', pushedBytes: 300 })).toBeDefined()
})

test('while nobody answers nothing is sent, and it goes on afterwards', async () => {
  const [window] = await connect(1)
  const clock = new ScriptedClock()
  const budgets = new Budgets({ clock, shared: window })
  const budget = budgets.of('git.example.com', 'token')
  budgets.keep(budget, { ...NO_LIMITS, requests: { perMinute: 60, burst: 5 } }, {})
  const realIdle = (): Promise<void> => new Promise((resolve) => systemClock.after(20, resolve))
  await clock.pass(60_000, realIdle)
  await redis.stop({ grace: 0 })
  const refused = budget.enter({ repository: 'r' }).catch((error: unknown) => error)
  let isOver = false
  void refused.then(() => (isOver = true))
  while (!isOver) await clock.pass(1_000, realIdle)
  expect(isGitError(await refused, 'RateLimited')).toBe(true)
  expect(String(await refused)).toContain('--budget-redis')
  await start()
  let permit: unknown
  while (permit === undefined) {
    const asked = budget.enter({ repository: 'r' }).then(
      (given) => (permit = given),
      () => undefined,
    )
    let isAnswered = false
    void asked.then(() => (isAnswered = true))
    while (!isAnswered) await clock.pass(1_000, realIdle)
  }
  expect(permit).toMatchObject({ answered: expect.any(Function) })
}, 30_000)

test('what is no address of such a server is refused without being shown', async () => {
  const refused = connectSharedWindow('http://:hunter2@127.0.0.1')
  await expect(refused).rejects.toThrow('must be redis://host:port')
  await expect(refused).rejects.not.toThrow('hunter2')
})
