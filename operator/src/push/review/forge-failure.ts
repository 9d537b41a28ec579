import { isForgeError } from '../../forge/forge-error.ts'
import type { ForgeError, ForgeErrorCode } from '../../forge/forge-error.ts'
import type { Reason } from '../../api/reasons.ts'
import { failureIn, PushFailure } from '../failure.ts'

const REASON_OF: Readonly<Record<ForgeErrorCode, Reason>> = {
  Unauthorized: 'AuthenticationFailed',
  Forbidden: 'PermissionDenied',
  NotFound: 'PullRequestRefused',
  Exists: 'PullRequestRefused',
  Rejected: 'PullRequestRefused',
  InvalidInput: 'PullRequestRefused',
  Redirected: 'PullRequestRefused',
  Malformed: 'PullRequestRefused',
  LimitExceeded: 'LimitExceeded',
  RateLimited: 'RateLimited',
  ServerError: 'Unreachable',
  Network: 'Unreachable',
  Timeout: 'Unreachable',
}

/** Node's codes of a certificate that is not accepted. */
const BAD_CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)/

/** Asks the host's API. @throws PushFailure in place of ForgeError */
export async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw isForgeError(error) ? failureOf(error) : error
  }
}

function failureOf(error: ForgeError): PushFailure {
  const guarded = failureIn(error)
  if (guarded !== undefined) return guarded
  const { code } = rootOf(error) as { readonly code?: unknown }
  const isUntrusted = error.code === 'Network' && typeof code === 'string' && BAD_CERTIFICATE.test(code)
  const reason = isUntrusted ? 'CertificateInvalid' : REASON_OF[error.code]
  return new PushFailure(reason, error.message, { waitMs: error.waitMs, cause: error })
}

function rootOf(error: Error): Error {
  let at = error
  for (let depth = 0; depth < 5 && at.cause instanceof Error; depth++) at = at.cause
  return at
}
