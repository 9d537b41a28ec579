import type { Rate } from './rate-window.ts'

/** What may be asked of one host with one credential. */
export interface BudgetLimits {
  /** Default: no limit. */
  readonly requests?: Rate | undefined
  /** Requests under way, and pushes being made, at once. */
  readonly concurrency: number
  /** Pushes to one repository in any 60 seconds. Default: no limit. */
  readonly pushesPerMinute?: number | undefined
  /** Bytes of one push. Default: no limit. */
  readonly bytesPerPush?: number | undefined
  /** Bytes of all pushes within any hour. Default: no limit. */
  readonly bytesPerHour?: number | undefined
}

/** Pushes made at once to a host that says nothing of it: one that is slow keeps no other waiting. */
export const CONCURRENCY = 4

export const NO_LIMITS: BudgetLimits = { concurrency: CONCURRENCY }

/** What satisfies all of them. */
export function strictest(all: readonly BudgetLimits[]): BudgetLimits {
  const requests = all
    .map((limits) => limits.requests)
    .filter((rate) => rate !== undefined)
    .reduce<Rate | undefined>(
      (least, rate) =>
        least === undefined
          ? rate
          : { perMinute: Math.min(least.perMinute, rate.perMinute), burst: Math.min(least.burst, rate.burst) },
      undefined,
    )
  return {
    requests,
    concurrency: least(all.map(({ concurrency }) => concurrency)) ?? CONCURRENCY,
    pushesPerMinute: least(all.map(({ pushesPerMinute }) => pushesPerMinute)),
    bytesPerPush: least(all.map(({ bytesPerPush }) => bytesPerPush)),
    bytesPerHour: least(all.map(({ bytesPerHour }) => bytesPerHour)),
  }
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
