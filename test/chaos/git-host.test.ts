import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { REMOTE_ACCIDENTS, clean } from './accidents.ts'
import { chosenSeed } from './random.ts'
import { startRun } from './run.ts'
import type { Run } from './run.ts'

let run: Run
beforeAll(async () => {
  run = await startRun(chosenSeed(3))
})
afterEach(() => clean(run))
afterAll(() => run.close())

test.each(REMOTE_ACCIDENTS.filter(({ slow }) => slow !== true).map((accident) => [accident.name, accident] as const))(
  'Git equals the cluster although %s',
  async (_, accident) => {
    await run.survive(accident, 20)
  },
  200_000,
)

test('and its history is clean', async () => {
  await expect(run.judge()).resolves.toBeUndefined()
})
