import { GitError } from '../../format/errors.ts'
import { hideUser } from '../remote/hide-user.ts'

/**
 * The address of a repository over HTTP, without a final slash.
 * @throws GitError `InvalidInput`
 */
export function checkUrl(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) {
    throw new GitError(
      'InvalidInput',
      `the repository URL must be https://…, http://…, ssh://… or user@host:path, not ${JSON.stringify(hideUser(url))}`,
      {
        field: 'url',
      },
    )
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new GitError('InvalidInput', 'the repository URL must not hold credentials: give them as auth', {
      field: 'url',
    })
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    throw new GitError('InvalidInput', 'the repository URL must have neither a query nor a fragment', { field: 'url' })
  }
  return parsed.href.replace(/\/+$/, '')
}
