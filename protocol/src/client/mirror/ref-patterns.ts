import { GitError } from '../../format/errors.ts'
import { checkRefName } from '../ref-name.ts'
import { matchesWildcard } from '../wildcard.ts'

/** Which refs are meant: by what a server can be asked for, and in the end by name. */
export interface RefSelection {
  readonly prefixes: readonly string[]
  readonly has: (ref: string) => boolean
}

/**
 * @param patterns names in which `*` stands for any characters, slashes too: `refs/heads/release-*`; a short one, such as
 *   `v1.*`, is of branches and of tags
 * @throws GitError `InvalidInput`
 */
export function selectRefs(patterns: readonly string[]): RefSelection {
  const full = patterns.flatMap((pattern) => {
    checkRefName(pattern.replaceAll('*', 'x'), 'refs')
    return pattern.startsWith('refs/') ? [pattern] : [`refs/heads/${pattern}`, `refs/tags/${pattern}`]
  })
  if (full.length === 0) throw new GitError('InvalidInput', 'refs must name at least one pattern', { field: 'refs' })
  return {
    prefixes: [...new Set(full.map((pattern) => pattern.split('*', 1)[0] ?? ''))],
    has: (ref) => full.some((pattern) => matchesWildcard(pattern, ref)),
  }
}
