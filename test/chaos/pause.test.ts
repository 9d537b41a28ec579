import { afterAll, beforeAll, test } from 'vitest'
import { pauses } from './pauses.ts'
import { chosenSeed } from './random.ts'
import { startRun } from './run.ts'
import type { Run } from './run.ts'

let run: Run
beforeAll(async () => {
  run = await startRun(chosenSeed(4))
})
afterAll(() => run.close())

test('an operator that stands still for a while goes on where it was', async () => {
  await run.survive(pauses(5_000, 30), 30)
  await run.judge()
}, 200_000)
