import { isGitError } from '../../format/errors.ts'
import type { GitError } from '../../format/errors.ts'
import type { Session } from '../session.ts'

/**
 * Whether an answer may be that of a server from before version 2, which knows nothing of commands: an `ERR` packet,
 * silence, bytes that make no sense, or a status that says the request was not understood. Once a command has been
 * answered, only a refusal leaves anything to learn.
 */
export function mayBeOld({ learned }: Session, error: unknown): error is GitError {
  if (isGitError(error, 'Unsupported')) return true
  if (learned.isCurrent || !isGitError(error)) return false
  const { code, details } = error
  if (code === 'Malformed') return true
  if (code === 'NotGit') return details.status !== undefined && details.status >= 400
  return code === 'ServerError' && (details.status === 500 || details.status === 501)
}
