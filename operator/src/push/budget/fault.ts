import { isGitError } from '@gitsync/protocol'
import type { GitErrorCode } from '@gitsync/protocol'
import { failureIn } from '../failure.ts'

/** What the host can do nothing about: it was called off, or never asked. */
const NOT_THE_HOST: ReadonlySet<GitErrorCode> = new Set(['Aborted', 'InvalidInput', 'LimitExceeded', 'RateLimited'])

/** Whether it is the host's doing that a request had no answer, and not of who asked. */
export function isFault(error: unknown): boolean {
  if (isOfOwnKey(error)) return false
  // An address that the guard refuses is the matter of one GitSync, and so is a certificate.
  if (!isGitError(error)) return failureIn(error) === undefined
  if (NOT_THE_HOST.has(error.code)) return false
  return error.details.badCertificate !== true && failureIn(error.details.cause) === undefined
}

/** Of OpenSSL: a client certificate and key that are none, or no pair, before anything is sent; the host's alert to one that it refuses. */
const OWN_KEY = /^ERR_OSSL_|^ERR_SSL_\w*ALERT_/

function isOfOwnKey(error: unknown): boolean {
  const first = isGitError(error) ? error.details.cause : error
  for (let at = first, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code } = at as { readonly code?: unknown }
    if (typeof code === 'string' && OWN_KEY.test(code)) return true
  }
  return false
}
