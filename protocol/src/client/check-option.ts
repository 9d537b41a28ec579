import { GitError } from '../format/errors.ts'

/**
 * @param most default: no end but that of safe integers
 * @throws GitError `InvalidInput` naming the field
 */
export function checkInteger(field: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  throw new GitError('InvalidInput', `${field} must be an integer ${range}, not ${value}`, { field, actual: value })
}

/** Milliseconds that a timer can wait at most. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** @throws GitError `InvalidInput` naming the field */
export function checkChoice<T extends string>(field: string, value: T, choices: readonly T[]): void {
  if (choices.includes(value)) return
  const what = `${field} must be one of ${choices.join(', ')}, not ${JSON.stringify(value)}`
  throw new GitError('InvalidInput', what, { field, actual: value })
}
