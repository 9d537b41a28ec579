import { afterAll, beforeAll, expect, test } from 'vitest'
import { kills } from './kills.ts'
import { chosenSeed } from './random.ts'
import { startRun } from './run.ts'
import type { Run } from './run.ts'

let run: Run
beforeAll(async () => {
  run = await startRun(chosenSeed(1))
})
afterAll(() => run.close())

test('an operator that is killed at any moment loses nothing and writes nothing twice', async ({ onTestFailed }) => {
  const accident = kills(5, 100)
  onTestFailed(() => console.log(accident.report()))
  await run.survive(accident, 100)
  await run.judge()
  expect(accident.happened).toBe(5)
}, 200_000)
