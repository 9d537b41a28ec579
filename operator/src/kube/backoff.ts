export interface Backoff {
  /** Longest wait after the first failure, in milliseconds. */
  readonly baseMs: number
  /** Longest wait after any number of failures, in milliseconds. */
  readonly maxMs: number
}

/**
 * How long to wait after `failures` failures in a row (1 or more): doubles each time up to `maxMs`, and lies at random in
 * the upper half, so that many waiters spread out yet none hurries.
 * @param random as `Math.random`
 */
export function backoffMs(failures: number, { baseMs, maxMs }: Backoff, random: () => number): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 52))
  return ceiling / 2 + (random() * ceiling) / 2
}
