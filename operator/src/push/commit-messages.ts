import { isGitError } from '@gitsync/protocol'
import type { Repository } from '@gitsync/protocol'
import { authorBranchPrefix, isAuthorBranch } from '../plan/author-branch.ts'
import { findDivergence } from './review/divergence.ts'

/** A longer history is not gone through. */
const MAX_COMMITS = 20_000
/** Heads of authors that are looked at. */
const MAX_HEADS = 100

export interface MessagesOf {
  /** Short names, in the order in which they are gone through; those that do not exist are left out. The last is the base of `authorBranches`. */
  readonly branches: readonly string[]
  /** See `ReviewSettings`. Default: there is no branch for each author. */
  readonly authorBranches?: string | undefined
  /** `.` for the root. */
  readonly folder: string
}

/**
 * Messages of the commits of a folder, in each list the newest first: with a branch for each author one of what each proposes, and one of
 * the base. Of that commits are read as far as somebody asks.
 * @throws GitError as every request
 */
export async function commitMessages(
  repository: Repository,
  { branches, authorBranches, folder }: MessagesOf,
): Promise<readonly (Iterable<string> | AsyncIterable<string>)[]> {
  const base = branches.at(-1)
  if (authorBranches === undefined || base === undefined) return [messagesIn(repository, branches, folder)]
  const heads = await proposed(repository, authorBranches, base)
  return [...heads, messagesIn(repository, [base], folder)]
}

async function* messagesIn(
  repository: Repository,
  branches: readonly string[],
  folder: string,
): AsyncGenerator<string, void, undefined> {
  for (const branch of new Set(branches)) {
    try {
      const commits = repository.history(branch, { limit: MAX_COMMITS, ...(folder === '.' ? {} : { path: folder }) })
      for await (const { message } of commits) yield message
    } catch (error) {
      if (!isGitError(error, 'RefNotFound')) throw error
    }
  }
}

/** What each author's branch has that the base has not. */
async function proposed(repository: Repository, template: string, base: string): Promise<string[][]> {
  const short = (name: string): string => name.replace('refs/heads/', '')
  const refs = await repository.refs({ prefix: [`refs/heads/${authorBranchPrefix(template)}`, `refs/heads/${base}`] })
  const onto = refs.find(({ name }) => short(name) === base)?.oid
  const heads = refs.filter(
    ({ name, oid }) => oid !== null && short(name) !== base && isAuthorBranch(template, short(name)),
  )
  const found: string[][] = []
  for (const { oid } of heads.slice(0, MAX_HEADS)) {
    const divergence = oid == null || onto == null ? undefined : await findDivergence(repository, oid, onto)
    if (divergence !== undefined) found.push(divergence.ahead.map(({ message }) => message))
  }
  return found
}
