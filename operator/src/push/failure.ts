import { isGitError } from '@gitsync/protocol'
import type { GitError, GitErrorCode } from '@gitsync/protocol'
import type { Reason } from '../api/reasons.ts'
import { inSpecWords } from './spec-words.ts'

/** Why a GitSync's changes are not in Git, in the words of its conditions. */
export class PushFailure extends Error {
  override readonly name = 'PushFailure'
  readonly reason: Reason
  /** Milliseconds that the host asked to wait. */
  readonly waitMs: number | undefined

  constructor(
    reason: Reason,
    message: string,
    options: { readonly waitMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.reason = reason
    this.waitMs = options.waitMs
  }
}

const REASON_OF: Readonly<Record<GitErrorCode, Reason>> = {
  InvalidInput: 'InvalidSpec',
  TargetExists: 'InvalidSpec',
  UnsafePath: 'InvalidSpec',
  Malformed: 'NotGit',
  LimitExceeded: 'LimitExceeded',
  NotGit: 'NotGit',
  Unauthorized: 'AuthenticationFailed',
  Forbidden: 'PermissionDenied',
  RepositoryNotFound: 'RepositoryNotFound',
  Redirected: 'RepositoryNotFound',
  RefNotFound: 'BranchNotFound',
  RefExists: 'PushRejected',
  PathNotFound: 'PathConflict',
  UnexpectedType: 'PathConflict',
  ObjectMissing: 'Unreachable',
  IncompletePack: 'Unreachable',
  StaleRef: 'Progressing',
  NotFastForward: 'PushRejected',
  Rejected: 'PushRejected',
  Unsupported: 'NotGit',
  RateLimited: 'RateLimited',
  ServerError: 'Unreachable',
  UntrustedHost: 'CertificateInvalid',
  Network: 'Unreachable',
  Timeout: 'Unreachable',
  Aborted: 'Progressing',
}

/** What a person has written, as part of a message. */
export const shownAnswer = (answer: string): string => JSON.stringify(answer.slice(0, 64))

/** What keeps a request from being sent, as the guard of hosts says it: below whatever a connection makes of it. */
export function failureIn(error: unknown): PushFailure | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof PushFailure) return at
  }
  return undefined
}

/** Any error of a push attempt as a failure with a reason. What nobody foresaw is named as such, and retried. */
export function toFailure(error: unknown): PushFailure {
  if (error instanceof PushFailure) return error
  if (!isGitError(error)) return new PushFailure('InternalError', `unexpected: ${String(error)}`, { cause: error })
  const refusal = refusalBelow(error)
  const message = refusal?.waitMs === undefined ? inSpecWords(error.message) : refusal.message
  return new PushFailure(reasonOf(error), message, {
    waitMs: error.details.waitMs ?? refusal?.waitMs,
    cause: error,
  })
}

/** What kept a request from being sent at all, or its credentials from being had. */
function refusalBelow({ code, details: { cause } }: GitError): PushFailure | undefined {
  if (code !== 'Network' && code !== 'Unauthorized') return undefined
  return failureIn(cause)
}

function reasonOf(error: GitError): Reason {
  const { actual, ref = '' } = error.details
  // Where requests are pushed to there is never anything.
  if (error.code === 'Rejected' && actual === 'nothing' && !ref.startsWith('refs/for/')) return 'BranchNotFound'
  if (error.code === 'Unsupported' && error.details.expected === 'push-options') return 'PushRejected'
  const refusal = refusalBelow(error)
  if (refusal !== undefined) return refusal.reason
  if (error.code === 'Network' && error.details.badCertificate === true) return 'CertificateInvalid'
  return REASON_OF[error.code]
}
