import { expect, test } from 'vitest'
import { manualClock } from '../../kube/testing/manual-clock.ts'
import { Poll } from './poll.ts'

/** Work that a test ends. */
function start() {
  const clock = manualClock(0)
  const queued: (() => Promise<void>)[] = []
  const ended: ((waitMs: number | undefined) => void)[] = []
  const poll = new Poll({
    clock,
    enqueue: (work) => void queued.push(work),
    work: () => new Promise((resolve) => ended.push(resolve)),
  })
  const end = async (waitMs: number | undefined): Promise<void> => {
    ended.shift()?.(waitMs)
    await Promise.resolve()
    await Promise.resolve()
  }
  const begin = (): void => void queued.shift()?.()
  return { clock, poll, queued, begin, end }
}

test('it is done again after a while, when somebody says so, or when what it waits for may be there', async () => {
  const { clock, poll, queued, begin, end } = start()
  poll.run()
  // Asked for before it has begun: once does.
  poll.run()
  begin()
  await end(1_000)
  expect([queued.length, poll.isWaiting]).toEqual([0, false])
  clock.advance(1_000)
  expect(queued.length).toBe(1)
  begin()
  await end(undefined)
  expect([queued.length, poll.isWaiting]).toEqual([0, true])
  poll.run()
  begin()
  await end(Number.POSITIVE_INFINITY)
  clock.advance(1e9)
  expect([queued.length, poll.isWaiting]).toEqual([0, false])
})

test('what is asked for while it runs is done after it, and nothing once it is closed', async () => {
  const { clock, poll, queued, begin, end } = start()
  poll.run()
  begin()
  poll.run()
  poll.run()
  expect(queued.length).toBe(0)
  await end(1_000)
  expect(queued.length).toBe(1)
  begin()
  poll.close()
  await end(1_000)
  clock.advance(10_000)
  poll.run()
  expect([queued.length, poll.isWaiting]).toEqual([0, false])
})
