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
  const when = now(io)
  const author = person('author', flags.author, io) ?? missing('author')
  const committer = person('committer', flags.committer, io) ?? author
  return { author: { ...author, ...when }, committer: { ...committer, ...when } }
}

/**
 * Who makes a tag now: as for a commit, but first of all the committer.
 * @throws GitError `InvalidInput` naming the flag
 */
export function tagger(flag: string | undefined, io: Io): Identity {
  const given = flag === undefined ? undefined : parsePerson('--tagger', flag)
  const found = given ?? person('committer', undefined, io) ?? person('author', undefined, io) ?? missing('tagger')
  return { ...found, ...now(io) }
}

function now(io: Io): Pick<Identity, 'date' | 'utcOffset'> {
  const date = io.now()
  return { date, utcOffset: -date.getTimezoneOffset() }
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

function missing(role: 'author' | 'tagger'): never {
  const variables = role === 'author' ? 'GIT_AUTHOR' : 'GIT_COMMITTER'
  const twins = `GITSYNC_${role.toUpperCase()}, or ${variables}_NAME and ${variables}_EMAIL`
  throw new GitError('InvalidInput', `--${role} "Name <mail@example.com>" is needed (or ${twins})`, {
    field: `--${role}`,
  })
}
