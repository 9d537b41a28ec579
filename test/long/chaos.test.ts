import { expect, test } from 'vitest'
import { API_ACCIDENTS, clean, REMOTE_ACCIDENTS } from '../chaos/accidents.ts'
import { kills } from '../chaos/kills.ts'
import { pauses } from '../chaos/pauses.ts'
import { chosenSeed } from '../chaos/random.ts'
import { startRun } from '../chaos/run.ts'
import type { Run } from '../chaos/run.ts'

const TIMEOUT = 1_800_000

async function withRun(seed: number, work: (run: Run) => Promise<void>): Promise<void> {
  const run = await startRun(chosenSeed(seed), 30)
  try {
    await work(run)
    await run.judge()
  } finally {
    await run.close()
  }
}

test.for([101, 102, 103])(
  'twenty kills in 300 edits lose nothing (seed %i)',
  { timeout: TIMEOUT },
  (seed, { onTestFailed }) =>
    withRun(seed, async (run) => {
      const accident = kills(20, 300)
      onTestFailed(() => console.log(accident.report()))
      await run.survive(accident, 300)
      expect(accident.happened).toBe(20)
    }),
)

test(
  'a minute without a processor loses nothing',
  () => withRun(110, (run) => run.survive(pauses(60_000, 100), 100)),
  TIMEOUT,
)

test.each([120, 121])(
  'every fault of the API server and of the Git host, one after the other (seed %i)',
  (seed) =>
    withRun(seed, async (run) => {
      for (const accident of [...API_ACCIDENTS, ...REMOTE_ACCIDENTS]) {
        await run.survive(accident, 60)
        clean(run)
      }
    }),
  TIMEOUT,
)
