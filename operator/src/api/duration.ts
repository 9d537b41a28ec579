/** Durations as Kubernetes users write them: `5s`, `1m30s`, `250ms`, `24h`. */

/** What the field accepts; one or more pairs of a whole number and a unit. RE2. */
export const DURATION_PATTERN = /^([0-9]{1,9}(ms|s|m|h))+$/
/** Longest text that is read. */
export const DURATION_MAX_LENGTH = 32

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

export class InvalidDurationError extends Error {
  readonly code = 'InvalidDuration'
  readonly value: string
  constructor(value: string) {
    const shown = JSON.stringify(value.slice(0, DURATION_MAX_LENGTH))
    super(`${shown} is not a duration: write whole numbers with a unit (ms, s, m, h), as in 5s or 1m30s`)
    this.name = 'InvalidDurationError'
    this.value = value
  }
}

/**
 * Milliseconds of a duration text.
 * @throws InvalidDurationError for anything else than number-and-unit pairs
 */
export function parseDuration(text: string): number {
  if (text.length > DURATION_MAX_LENGTH || !DURATION_PATTERN.test(text)) throw new InvalidDurationError(text)
  let total = 0
  for (const [, amount = '', unit = ''] of text.matchAll(/([0-9]+)(ms|s|m|h)/g)) {
    total += Number(amount) * (UNIT_MS[unit] ?? 0)
  }
  return total
}
