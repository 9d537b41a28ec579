/** Every way in which the engine can fail; callers switch on `code`, never on text. */
export type GitErrorCode =
  /** An argument of the caller is unusable: `field`, `actual`, and the remedy in the message. */
  | 'InvalidInput'
  /** Bytes that are not what Git's formats or protocol allow. */
  | 'Malformed'
  /** A configured limit was reached: `limit` is its name, `expected` its value. */
  | 'LimitExceeded'
  /** The server answered something that is no Git protocol at all, an HTML page for instance. */
  | 'NotGit'
  /** HTTP 401. */
  | 'Unauthorized'
  /** HTTP 403 without `Retry-After`. */
  | 'Forbidden'
  /** HTTP 404: no such repository, or it is hidden from these credentials. */
  | 'RepositoryNotFound'
  /** The server sent the client elsewhere; `actual` is the address without credentials. */
  | 'Redirected'
  | 'RefNotFound'
  | 'RefExists'
  | 'PathNotFound'
  /** A path names another kind of entry than the operation needs (`expected`, `actual`). */
  | 'UnexpectedType'
  /** A folder or file is in the way, on disk or where something is to be moved. */
  | 'TargetExists'
  /** A path in the repository must not be written to a disk: it leads elsewhere, or names a device. */
  | 'UnsafePath'
  /** The server does not send an object that it refers to. */
  | 'ObjectMissing'
  /** The pack about to be sent refers to objects that neither it nor the server has. */
  | 'IncompletePack'
  /** The ref is not at the expected commit; `actual` is where it is. */
  | 'StaleRef'
  /** The branch would lose commits. */
  | 'NotFastForward'
  /** The server refused the update: hook, protection, quota; `remote` has its words. */
  | 'Rejected'
  /** The SSH key of the host is unknown, another than before, or revoked: `actual` is its fingerprint. */
  | 'UntrustedHost'
  /** The server lacks a capability that the operation needs. */
  | 'Unsupported'
  /** HTTP 429, or 403 with `Retry-After`; `waitMs` when the server said how long. */
  | 'RateLimited'
  /** HTTP 5xx, or an `ERR` packet; `waitMs` when the server said how long. */
  | 'ServerError'
  /** No answer, a connection cut, a name that does not resolve. */
  | 'Network'
  | 'Timeout'
  | 'Aborted'

/** What a caller should do next. `stall`: somebody must change something first. */
export type Advice = 'retry' | 'wait' | 'stall'

/** What became of one ref of a push. */
export interface RefOutcome {
  readonly ref: string
  /** `stale`: the ref was elsewhere than expected. `rejected`: a rule of the server. */
  readonly status: 'ok' | 'stale' | 'rejected'
  /** The server's words, for what is not `ok`. */
  readonly reason?: string
  /** Where the ref is, for what is not `ok`; null: nowhere. */
  readonly actual?: string | null
}

export interface GitErrorDetails {
  readonly field?: string
  readonly path?: string
  readonly ref?: string
  readonly oid?: string
  readonly expected?: string | number
  readonly actual?: string | number
  readonly limit?: string
  readonly status?: number
  /** Milliseconds that the server asked to wait, one hour at most. */
  readonly waitMs?: number
  /** Lines that the server sent for people to read. */
  readonly remote?: readonly string[]
  /** All refs of a push of which the server has left some alone. */
  readonly refs?: readonly RefOutcome[]
  /** Of `Network`: the host's certificate is not trusted, is not valid now, or is made out to another name. */
  readonly badCertificate?: true
  readonly cause?: unknown
}

const RETRY: ReadonlySet<GitErrorCode> = new Set(['StaleRef', 'ServerError', 'Network', 'Timeout', 'ObjectMissing'])

/** The one error class of this package. The message names the thing, its value and, where there is one, the remedy. */
export class GitError extends Error {
  override readonly name = 'GitError'
  readonly code: GitErrorCode
  readonly details: GitErrorDetails

  constructor(code: GitErrorCode, message: string, details: GitErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.details = details
  }

  get advice(): Advice {
    if (this.code === 'RateLimited' || this.details.waitMs !== undefined) return 'wait'
    return RETRY.has(this.code) ? 'retry' : 'stall'
  }
}

export function isGitError(error: unknown, ...codes: GitErrorCode[]): error is GitError {
  return error instanceof GitError && (codes.length === 0 || codes.includes(error.code))
}
