/** A repeatable source of chance: the same seed gives the same numbers. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number from 0 to `below` - 1. */
  int(below: number): number
  /** One of the items, which must not be empty. */
  pick<T>(items: readonly T[]): T
}

/** Mulberry32: 32 bits of state, more than enough for choosing edits. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (below: number): number => Math.floor(next() * below)
  return { next, int, pick: (items) => items[int(items.length)] as (typeof items)[number] }
}

/** The seed of a run: `CHAOS_SEED` when it is set, to repeat a failure. */
export const chosenSeed = (fallback: number): number => Number(process.env['CHAOS_SEED'] ?? fallback)
