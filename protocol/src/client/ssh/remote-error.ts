import { GitError } from '../../format/errors.ts'
import type { GitErrorCode } from '../../format/errors.ts'

/**
 * What Git and Git hosts say when they refuse, as far as their words are known; each stands for itself at the beginning
 * of a line, so that a name in somebody's repository cannot be taken for one of them.
 */
const WORDS: readonly (readonly [RegExp, GitErrorCode])[] = [
  // git itself, behind a plain account.
  [/^fatal: '.*' does not appear to be a git repository$/, 'RepositoryNotFound'],
  [/^fatal: (?:no such repository|project not found|repository .*not found)/i, 'RepositoryNotFound'],
  // GitHub; Gitea and Forgejo; GitLab; Bitbucket; Azure DevOps.
  [/^ERROR: Repository not found\b/i, 'RepositoryNotFound'],
  [/^(?:Gitea|Forgejo): (?:Cannot find repository|Repository .*(?:not found|does not exist))/i, 'RepositoryNotFound'],
  [/^(?:ERROR: |GitLab: )The project you were looking for could not be found/i, 'RepositoryNotFound'],
  [/^(?:conq: )?repository does not exist\b/i, 'RepositoryNotFound'],
  [/^TF401019:/, 'RepositoryNotFound'],
  [/^ERROR: Permission to .* denied\b/i, 'Forbidden'],
  [
    /^ERROR: (?:Write access to repository not granted|The key you are authenticating with has been marked as read only)/i,
    'Forbidden',
  ],
  [/^(?:Gitea|Forgejo): .*\bis not authorized to\b/i, 'Forbidden'],
  [
    /^(?:ERROR: |GitLab: )(?:You are not allowed to|You don't have permission|This deploy key does not have write access)/i,
    'Forbidden',
  ],
  [/^(?:conq: )?repository access denied\b/i, 'Forbidden'],
  [/^FATAL: [RWC+]+ any .* DENIED by /, 'Forbidden'],
]

/** Exit status of a shell that knows no such command. */
const NO_COMMAND = 127

export interface RemoteEnd {
  /** Exit status of the command; undefined when the server tells none. */
  readonly code: number | undefined
  /** What it printed for people; safe to show. */
  readonly lines: readonly string[]
}

/** Why a command on the other side ended without speaking Git. */
export function remoteError(url: string, service: string, end: RemoteEnd): GitError {
  const details = { remote: end.lines }
  const said = end.lines.length === 0 ? '' : `: ${end.lines.join('; ')}`
  const code = end.lines.map(codeOf).find((found) => found !== undefined)
  if (code === 'RepositoryNotFound') {
    return new GitError(code, `${url} does not exist, or this key may not see it${said}`, details)
  }
  if (code === 'Forbidden') return new GitError(code, `${url} does not allow this${said}`, details)
  if (end.code === NO_COMMAND) return new GitError('NotGit', `the host of ${url} has no ${service}${said}`, details)
  const status = end.code === undefined ? 'ended' : `ended with status ${end.code}`
  return new GitError('ServerError', `${service} for ${url} ${status} without an answer${said}`, details)
}

function codeOf(line: string): GitErrorCode | undefined {
  const text = line.replace(/^remote: /, '')
  return WORDS.find(([pattern]) => pattern.test(text))?.[1]
}
