import type { Command } from 'commander'
import type { CommitOptions, PushOutcome } from '../client/edit-options.ts'
import type { Edit } from '../client/edit.ts'
import type { Repository } from '../client/repository.ts'
import { GitError, isGitError } from '../format/errors.ts'
import { identities } from './identity.ts'
import type { IdentityFlags } from './identity.ts'
import type { Io } from './io.ts'
import type { ConnectionFlags } from './connection-flags.ts'
import { writeJson, writeLines } from './output.ts'
import { addSigningOptions, signerOf } from './signing.ts'
import type { SigningFlags } from './signing.ts'
import { withRepository } from './with-repository.ts'

/** Flags of every verb that commits to a branch. */
export interface ChangeFlags extends ConnectionFlags, IdentityFlags, SigningFlags {
  readonly message?: string
  readonly createBranch?: string
  readonly json?: boolean
}

export function addChangeOptions(command: Command): Command {
  return addSigningOptions(
    command
      .option('-m, --message <text>', 'message of the commit')
      .option('--create-branch <from>', 'create the branch, starting at this branch, tag or commit')
      .option('--author <person>', '"Name <mail>" (default: GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL)')
      .option('--committer <person>', '"Name <mail>" (default: GIT_COMMITTER_NAME and …_EMAIL, else the author)'),
  ).option('--json', 'print {ref, old, commit, requests, bytesSent, bytesReceived}')
}

export interface BranchChange {
  readonly url: string
  readonly branch: string
  /** Folders below the root that the change reaches. */
  readonly depth: number
  readonly flags: ChangeFlags
  /** Made anew on each try. */
  readonly stage: (edit: Edit) => void | Promise<void>
}

/** How often a commit is made anew on the branch's new tip when somebody else was quicker. */
const RETRIES = 3

/** Folders between the root and a path. */
export const depthOf = (path: string): number => path.split('/').length - 1

/**
 * Commits a change to a branch, pushes it and prints what became of it.
 * @throws GitError `StaleRef` when the race was lost each time
 */
export async function changeBranch(io: Io, change: BranchChange): Promise<void> {
  const { url, flags } = change
  const message = flags.message ?? needed('-m <message>')
  const sign = await signerOf(flags)
  const commit = { message, ...identities(flags, io), ...(sign === undefined ? {} : { sign }) }
  await withRepository(url, flags, io, async (repo) => {
    await print(io, repo, await push(repo, change, commit), flags.json ?? false)
  })
}

/** @throws GitError `InvalidInput` naming what is missing */
export function needed(what: string): never {
  throw new GitError('InvalidInput', `${what} is needed`, { field: what })
}

async function push(
  repo: Repository,
  { branch, depth, flags, stage }: BranchChange,
  commit: CommitOptions,
): Promise<PushOutcome> {
  for (let left = RETRIES; ; left--) {
    const from = flags.createBranch
    await using edit = await repo.edit(branch, from === undefined ? { depth } : { create: true, from })
    try {
      await stage(edit)
      await edit.commit(commit)
      return await edit.push()
    } catch (error) {
      if (!isGitError(error, 'StaleRef') || left === 0) throw inBranch(error, branch)
    }
  }
}

/** What is staged knows its paths, and not where people look for them. */
function inBranch(error: unknown, branch: string): unknown {
  if (!isGitError(error, 'PathNotFound') || !error.message.endsWith(' does not exist')) return error
  return new GitError('PathNotFound', `${error.message} in ${branch}`, { ...error.details, cause: error })
}

async function print(io: Io, repo: Repository, outcome: PushOutcome, json: boolean): Promise<void> {
  const { ref, commit } = outcome
  const pushed = outcome.status === 'pushed'
  if (json) await writeJson(io, { ref, old: pushed ? outcome.old : commit, commit, ...repo.traffic })
  else await writeLines(io, [`${commit} ${ref}`])
  for (const line of pushed ? outcome.messages : ['nothing to change'])
    io.stderr.write(`${pushed ? 'remote: ' : ''}${line}\n`)
}
