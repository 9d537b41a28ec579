import { GitError } from '../format/errors.ts'
import type { GitErrorCode } from '../format/errors.ts'

/** What the command's exit code tells a script. */
export const ExitCode = {
  ok: 0,
  other: 1,
  usage: 2,
  /** Wrong or missing credentials, or an update that the server does not permit. */
  permission: 3,
  notFound: 4,
  /** A lost race, or something that exists already. */
  conflict: 5,
  limit: 6,
  /** The network, or a server that fails or answers no Git. */
  network: 7,
} as const

const CODES: Readonly<Record<GitErrorCode, number>> = {
  InvalidInput: ExitCode.usage,
  Malformed: ExitCode.network,
  LimitExceeded: ExitCode.limit,
  NotGit: ExitCode.network,
  Unauthorized: ExitCode.permission,
  Forbidden: ExitCode.permission,
  UntrustedHost: ExitCode.permission,
  RepositoryNotFound: ExitCode.notFound,
  Redirected: ExitCode.other,
  RefNotFound: ExitCode.notFound,
  RefExists: ExitCode.conflict,
  PathNotFound: ExitCode.notFound,
  UnexpectedType: ExitCode.other,
  TargetExists: ExitCode.conflict,
  UnsafePath: ExitCode.other,
  ObjectMissing: ExitCode.notFound,
  IncompletePack: ExitCode.other,
  StaleRef: ExitCode.conflict,
  NotFastForward: ExitCode.conflict,
  Rejected: ExitCode.permission,
  Unsupported: ExitCode.other,
  RateLimited: ExitCode.network,
  ServerError: ExitCode.network,
  Network: ExitCode.network,
  Timeout: ExitCode.network,
  Aborted: ExitCode.other,
}

export function exitCode(error: unknown): number {
  return error instanceof GitError ? CODES[error.code] : ExitCode.other
}
