import { isGitError } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { ScriptedClock } from '../testing/scripted-clock.ts'
import type { Permit } from '../../forge/permit.ts'
import { Breaker } from './breaker.ts'
import { Budget } from './budget.ts'
import type { BudgetOptions } from './budget.ts'
import { NO_LIMITS } from './limits.ts'
import type { BudgetLimits } from './limits.ts'
import type { Turn } from './turn.ts'

const REPOSITORY = 'https://git.example.com/a.git'

function begin(limits: Partial<BudgetLimits> = {}, options: Partial<BudgetOptions> = {}) {
  const clock = new ScriptedClock(1_000_000_000_000)
  const breaker = new Breaker()
  const budget: Budget = new Budget({
    host: 'git.example.com',
    limits: { ...NO_LIMITS, ...limits },
    clock,
    startedAt: 0,
    breaker,
    onBreaker: () => budget.look(),
    ...options,
  })
  const idle = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  const log: string[] = []
  const start = clock.now()
  const seconds = (): number => (clock.now() - start) / 1_000
  /** A push of so many requests, one after the other, each answered at once. */
  const push = async (owner: string, requests = 1, repository = REPOSITORY): Promise<void> => {
    const turn = await budget.turn({ owners: [owner], cost: 1, repository })
    log.push(`${owner} ${seconds()}`)
    await turn.run(async () => {
      for (let i = 0; i < requests; i++) {
        const permit = await budget.enter({ repository, ...(i === requests - 1 ? { pushedBytes: 100 } : {}) })
        permit.answered(200, {})
        permit.ended()
      }
    })
    turn.end()
  }
  return { clock, breaker, budget, idle, log, push, pass: (ms: number) => clock.pass(ms, idle), seconds }
}

const settled = async (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

test('without limits as many pushes go at once as there is room for', async () => {
  const { budget, idle } = begin({ concurrency: 2 })
  const turns: Turn[] = []
  for (const owner of ['a', 'b', 'c']) {
    void budget.turn({ owners: [owner], cost: 1, repository: owner }).then((turn) => turns.push(turn))
  }
  await idle()
  expect(turns.length).toBe(2)
  turns[0]?.end()
  turns[0]?.end()
  await idle()
  expect(turns.length).toBe(3)
  expect(budget.state).toMatchObject({ waiting: 0, remaining: undefined })
})

test('a push that has begun goes on before others begin', async () => {
  const { push, log, pass } = begin({ requests: { perMinute: 60, burst: 0 } })
  const all = [push('a', 3), push('b', 1), push('c', 1)]
  await pass(10_000)
  await Promise.all(all)
  expect(log).toEqual(['a 0', 'b 3', 'c 4'])
})

test('whoever floods the host gets the same as everybody else', async () => {
  const { push, log, pass } = begin({ requests: { perMinute: 60, burst: 0 } })
  const all = [...Array.from({ length: 30 }, () => push('flood')), push('a'), push('b'), push('c')]
  await pass(40_000)
  await Promise.all(all)
  expect(log.slice(0, 5).map((entry) => entry.split(' ')[0])).toEqual(expect.arrayContaining(['a', 'b', 'c', 'flood']))
})

test('pushes to one repository are spaced, and others do not wait for them', async () => {
  const { push, log, pass } = begin({ pushesPerMinute: 6 })
  const all = [push('a'), push('a'), push('b', 1, 'other')]
  await pass(15_000)
  await Promise.all(all)
  expect(log).toEqual(['a 0', 'b 0', 'a 10'])
})

test('Retry-After stops everything with this credential, and a push under way is told for how long', async () => {
  const { budget, push, log, pass } = begin()
  const permit = await budget.enter({ repository: REPOSITORY })
  permit.answered(429, { 'retry-after': '120' })
  permit.ended()
  const waiting = push('a')
  const refused = await settled(budget.enter({ repository: REPOSITORY }))
  expect(isGitError(refused, 'RateLimited') && refused.details.waitMs).toBe(120_000)
  await pass(119_000)
  expect(log).toEqual([])
  expect(budget.state.blockedUntil).toBeDefined()
  await pass(1_000)
  await waiting
  expect(log).toEqual(['a 120'])
})

test('a quota that the host says is used up is waited for, and shown', async () => {
  const { budget, push, log, pass, clock } = begin()
  const reset = String(clock.now() / 1_000 + 30)
  const permit = await budget.enter({ repository: REPOSITORY })
  permit.answered(200, { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset })
  permit.ended()
  expect(budget.state.quota).toMatchObject({ limit: 60, remaining: 0 })
  const waiting = push('a')
  await pass(30_000)
  await waiting
  expect(log).toEqual(['a 30'])
})

test('bytes: one push that is too large stops, an hour that is used up is waited for', async () => {
  const { budget, pass } = begin({ bytesPerPush: 100_000, bytesPerHour: 150_000 })
  const ask = (bytes: number): Promise<unknown> =>
    settled(
      budget
        .enter({ repository: REPOSITORY, pushedBytes: bytes })
        .then((permit) => (permit.answered(200, {}), permit.ended())),
    )
  const tooLarge = await ask(100_001)
  expect(isGitError(tooLarge, 'LimitExceeded')).toBe(true)
  expect(await ask(100_000)).toBeUndefined()
  await pass(60_000)
  const later = await ask(60_000)
  expect(isGitError(later, 'RateLimited') && later.details.waitMs).toBe(3_540_000)
  expect(await ask(50_000)).toBeUndefined()
  await pass(3_540_000)
  expect(await ask(100_000)).toBeUndefined()
})

test('a host that does not answer is spared, tried by one, and everything goes on when it answers', async () => {
  const recovered: string[] = []
  const { budget, pass, idle, breaker, clock } = begin(
    {},
    {
      onBreaker: (event) => {
        recovered.push(event)
        budget.look()
      },
    },
  )
  const fail = async (): Promise<unknown> =>
    settled(
      (async () => {
        const turn = await budget.turn({ owners: ['a'], cost: 1, repository: REPOSITORY })
        try {
          await turn.run(async () => (await budget.enter({ repository: REPOSITORY })).failed(new Error('ECONNREFUSED')))
        } finally {
          turn.end()
        }
      })(),
    )
  for (let i = 0; i < 5; i++) expect(await fail()).toBeUndefined()
  expect(breaker.state(clock.now())).toBe('open')
  expect(await fail()).toMatchObject({
    reason: 'Unreachable',
    waitMs: 2_000,
    message: expect.stringContaining('ECONNREFUSED'),
  })
  expect(await settled(budget.enter({ repository: REPOSITORY }))).toMatchObject({ reason: 'Unreachable' })
  await pass(2_000)
  // One goes; the others wait for what it finds.
  const turns: Turn[] = []
  const refused: unknown[] = []
  const want = (): void =>
    void budget.turn({ owners: ['b'], cost: 1, repository: REPOSITORY }).then(
      (turn) => turns.push(turn),
      (error: unknown) => refused.push(error),
    )
  for (let i = 0; i < 3; i++) want()
  await idle()
  expect(turns.length).toBe(1)
  await turns[0]?.run(async () => (await budget.enter({ repository: REPOSITORY })).answered(503, {}))
  turns[0]?.end()
  await idle()
  expect(refused).toMatchObject([{ waitMs: 4_000 }, { waitMs: 4_000 }])
  await pass(4_000)
  for (let i = 0; i < 3; i++) want()
  await idle()
  expect(turns.length).toBe(2)
  const permit = (await turns[1]?.run(() => budget.enter({ repository: REPOSITORY }))) as Permit
  permit.answered(200, {})
  permit.ended()
  await idle()
  expect(turns.length).toBe(4)
  expect(recovered.at(-1)).toBe('closed')
})

test('a probe that sends nothing leaves its place to the next', async () => {
  const { budget, pass, idle, breaker, clock } = begin()
  for (let i = 0; i < 5; i++) breaker.failed('down', clock.now())
  await pass(2_000)
  const turn = await budget.turn({ owners: ['a'], cost: 1, repository: REPOSITORY })
  let isNext = false
  void budget.turn({ owners: ['b'], cost: 1, repository: REPOSITORY }).then(() => (isNext = true))
  await idle()
  expect(isNext).toBe(false)
  turn.end()
  await idle()
  expect(isNext).toBe(true)
})

test('whoever gives up while waiting leaves nothing behind', async () => {
  const { budget, idle } = begin({ requests: { perMinute: 1, burst: 0 } })
  const gone = new AbortController()
  ;(await budget.enter({ repository: REPOSITORY })).answered(200, {})
  const turn = settled(budget.turn({ owners: ['a'], cost: 1, repository: REPOSITORY, signal: gone.signal }))
  const request = settled(budget.enter({ repository: REPOSITORY, signal: gone.signal }))
  await idle()
  expect(budget.state.waiting).toBe(1)
  gone.abort(new Error('stop'))
  expect(await turn).toMatchObject({ message: 'stop' })
  expect(await request).toMatchObject({ message: 'stop' })
  expect(budget.state.waiting).toBe(0)
})

test('when everybody will have had a turn can be told', async () => {
  const { budget, push, clock } = begin({ requests: { perMinute: 6, burst: 0 } })
  await push('a')
  for (let i = 0; i < 5; i++) void push('b')
  expect(budget.expectedAt() - clock.now()).toBe(50_000)
})
