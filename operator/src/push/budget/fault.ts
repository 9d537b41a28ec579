import { isGitError } from '@gitsync/protocol'
import type { GitErrorCode } from '@gitsync/protocol'
import { failureIn } from '../failure.ts'

/** What the host can do nothing about: it was called off, or never asked. */
const NOT_THE_HOST: ReadonlySet<GitErrorCode> = new Set(['Aborted', 'InvalidInput', 'LimitExceeded', 'RateLimited'])

/** Whether it is the host's doing that a request had no answer, and not of who asked. */
export function isFault(error: unknown): boolean {
  // An address that the guard refuses is the matter of one GitSync, and so is a certificate.
  if (!isGitError(error)) return failureIn(error) === undefined
  if (NOT_THE_HOST.has(error.code)) return false
  return error.details.badCertificate !== true && failureIn(error.details.cause) === undefined
}
