import { test } from 'vitest'
import { liveThrough } from './everything/everything.ts'

/** `CHAOS_SEEDS=7,8`: other ones, to repeat a failure. */
const SEEDS = (process.env['CHAOS_SEEDS'] ?? '1,2,3').split(',').map(Number)

test.each(SEEDS)('Git is what selection and cluster say, and all that was done is explained (seed %i)', (seed) =>
  liveThrough(seed, 100),
)
