import { GitError } from '../format/errors.ts'
import { checkIdentity } from '../format/identity.ts'
import type { Identity } from '../format/identity.ts'
import type { Io } from './io.ts'

export interface IdentityFlags {
  readonly author?: string
  readonly committer?: string
}

/**
 * Author and committer of a commit made now: from the flags (or their twins), else from git's own variables.
 * The committer is the author unless somebody else is named.
 * @throws GitError `InvalidInput` naming the flag
 */
export function identities(flags: IdentityFlags, io: Io): { readonly author: Identity; readonly committer: Identity } {
  const date = io.now()
  const when = { date, utcOffset: -date.getTimezoneOffset() }
  const author = person('author', flags.author, io) ?? missing()
  const committer = person('committer', flags.committer, io) ?? author
  return { author: { ...author, ...when }, committer: { ...committer, ...when } }
}

interface Person {
  readonly name: string
  readonly email: string
}

function person(role: 'author' | 'committer', flag: string | undefined, { env }: Io): Person | undefined {
  if (flag !== undefined) return parsePerson(`--${role}`, flag)
  const prefix = `GIT_${role.toUpperCase()}`
  const [name, email] = [env[`${prefix}_NAME`] ?? '', env[`${prefix}_EMAIL`] ?? '']
  if (name === '' || email === '') return undefined
  checkIdentity(prefix, { name, email })
  return { name, email }
}

function parsePerson(field: string, text: string): Person {
  const [, name, email] = /^([^<>]*)<([^<>]*)>\s*$/.exec(text) ?? []
  if (name === undefined || email === undefined) {
    throw new GitError('InvalidInput', `${field} ${JSON.stringify(text)} must look like "Name <mail@example.com>"`, {
      field,
    })
  }
  checkIdentity(field, { name, email })
  return { name, email }
}

function missing(): never {
  throw new GitError(
    'InvalidInput',
    '--author "Name <mail@example.com>" is needed (or GITSYNC_AUTHOR, or GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL)',
    { field: '--author' },
  )
}
