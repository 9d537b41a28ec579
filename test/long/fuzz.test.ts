import { expect, test } from 'vitest'
import { fuzz } from '../kit/fuzz/fuzz.ts'
import { TARGETS } from '../kit/fuzz/targets.ts'

/** Seconds in all: `FUZZ_SECONDS`, default 600. */
const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 600)
/** `FUZZ_SEED` repeats a failure at once. */
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32)
/** Bytes by which memory may grow, garbage included: inputs are small, and nothing of them is to be kept. */
const MAX_GROWTH = 400 << 20

test.each(TARGETS)('$name', async (target) => {
  const before = process.memoryUsage.rss()
  const { executions, accepted } = await fuzz(target, { seed: SEED, seconds: SECONDS / TARGETS.length })
  console.log(`${target.name}: ${executions} executions, ${accepted} accepted, from seed ${SEED}`)
  expect(executions).toBeGreaterThan(0)
  // A target that takes nothing is fed with nothing that reaches its depths.
  expect(accepted).toBeGreaterThan(0)
  expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_GROWTH)
})
