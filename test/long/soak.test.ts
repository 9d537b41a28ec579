import { expect, test } from 'vitest'
import { API_ACCIDENTS, clean, REMOTE_ACCIDENTS } from '../chaos/accidents.ts'
import { kills } from '../chaos/kills.ts'
import { chosenSeed } from '../chaos/random.ts'
import { startRun } from '../chaos/run.ts'

/** Minutes of the soak: `SOAK_MINUTES`, default 20. */
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 20)
const EDITS = 40

test(
  'faults and kills at random, for a long time, lose nothing',
  async () => {
    const run = await startRun(chosenSeed(200), 40)
    try {
      const end = performance.now() + MINUTES * 60_000
      let rounds = 0
      while (performance.now() < end) {
        const accident = run.random.pick([...API_ACCIDENTS, ...REMOTE_ACCIDENTS])
        await run.survive(run.random.next() < 0.3 ? kills(3, EDITS) : accident, EDITS)
        clean(run)
        rounds++
      }
      await run.judge()
      expect(rounds).toBeGreaterThan(0)
    } finally {
      await run.close()
    }
  },
  (MINUTES + 10) * 60_000,
)
