import { GitError } from '../../format/errors.ts'
import { checkRefName } from '../ref-name.ts'

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
  const tests = full.map(matcher)
  return {
    prefixes: [...new Set(full.map((pattern) => pattern.split('*', 1)[0] ?? ''))],
    has: (ref) => tests.some((matches) => matches(ref)),
  }
}

/** Not by a regular expression: several `*` in one would take it ages to fail. */
function matcher(pattern: string): (ref: string) => boolean {
  const [head = '', ...rest] = pattern.split('*')
  const tail = rest.pop()
  if (tail === undefined) return (ref) => ref === pattern
  return (ref) => {
    if (!ref.startsWith(head) || !ref.endsWith(tail) || ref.length < head.length + tail.length) return false
    let at = head.length
    for (const part of rest) {
      const found = ref.indexOf(part, at)
      if (found < 0 || found + part.length > ref.length - tail.length) return false
      at = found + part.length
    }
    return true
  }
}
