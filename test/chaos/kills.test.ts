import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { kills } from './kills.ts'
import { MOMENTS } from './moments.ts'
import { seeded } from './random.ts'
import type { Run } from './run.ts'

beforeEach(() => {
  vi.useFakeTimers().setTimerTickMode('nextTimerAsync')
})
afterEach(() => {
  vi.useRealTimers()
})

/** A run with nothing behind it: no request ever comes, and the branch never moves. */
function emptyRun(seed: number, diesBySelf = false) {
  let up = true
  let starts = 0
  const faults = { status() {}, loseAnswer() {}, reset() {}, clear() {} }
  const rig = {
    api: { faults },
    remote: { faults },
    store: { resolve: () => Promise.resolve('same') },
    output: () => 'its last words',
    start() {
      if (!up) starts++
      up = true
      return Promise.resolve()
    },
    kill() {
      const died = up && !diesBySelf
      up = false
      return Promise.resolve(died)
    },
  }
  return { run: { rig, random: seeded(seed) } as unknown as Run, up: () => up, starts: () => starts }
}

test('every kill is carried out before the last edit, although no moment comes', async () => {
  for (let seed = 0; seed < 50; seed++) {
    const [times, edits] = seed % 2 === 0 ? [20, 300] : [MOMENTS.length * 2, MOMENTS.length * 2 + 1]
    const { run, up, starts } = emptyRun(seed)
    const accident = kills(times, edits)
    await accident.begin?.(run)
    for (let edit = 1; edit < edits; edit++) await accident.tick?.(run)
    expect([accident.happened, starts(), up()], `seed ${seed}`).toEqual([times, times, true])
    await accident.tick?.(run)
    await accident.end?.(run)
    expect([accident.happened, starts()], `seed ${seed}`).toEqual([times, times])
    for (const { name } of MOMENTS) expect(accident.report(), `seed ${seed}`).toContain(name)
  }
})

test('an operator that ended by itself is a failure, not a kill', async () => {
  const { run } = emptyRun(1, true)
  const accident = kills(1, 2)
  await accident.begin?.(run)
  await expect(async () => accident.tick?.(run)).rejects.toThrow(
    'the operator ended before it was killed\nits last words',
  )
  expect(accident.happened).toBe(0)
})
