import { GitError } from './errors.ts'

/**
 * @param limit its name, as users set it
 * @param actual what it would have been, where that is known
 */
export function overLimit(limit: string, expected: number, actual?: number): GitError {
  const found = actual === undefined ? '' : `: ${actual}`
  return new GitError('LimitExceeded', `what was sent exceeds ${limit} (${expected})${found}`, {
    limit,
    expected,
    ...(actual === undefined ? {} : { actual }),
  })
}
