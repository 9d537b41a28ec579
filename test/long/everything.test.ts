import { test } from 'vitest'
import { liveThrough } from '../chaos/everything/everything.ts'

/** `CHAOS_SEEDS=7,8`: other ones, to repeat a failure; `CHAOS_COUNT`: how many of the usual ones, default 60. */
const COUNT = Number(process.env['CHAOS_COUNT'] ?? 60)
const SEEDS = process.env['CHAOS_SEEDS']?.split(',').map(Number) ?? Array.from({ length: COUNT }, (_, i) => 1001 + i)

test.each(SEEDS)('Git is what selection and cluster say, and all that was done is explained (seed %i)', (seed) =>
  liveThrough(seed, 150),
)
