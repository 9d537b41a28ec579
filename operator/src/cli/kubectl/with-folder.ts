import type { Io } from '@gitsync/protocol/cli'
import type { Repository } from '@gitsync/protocol'
import { withGit } from './with-git.ts'
import { resolveGitSync } from '../common/wanted.ts'
import type { Resolved } from '../common/wanted.ts'
import type { GitFlags, Target } from './target.ts'

/** A GitSync's folder in Git. */
export interface Folder {
  readonly resolved: Resolved
  readonly repository: Repository
  /** Where its newest files are: a branch under review that is not there has nothing to add to its base. */
  readonly branch: string
  /** A path below the folder as the repository has it; without one the folder, '' for the root. */
  readonly at: (path?: string) => string
}

/** Runs work on the folder of a GitSync. */
export async function withFolder<T>(
  { cluster, object, notes }: Target,
  { flags, io }: { readonly flags: GitFlags; readonly io: Io },
  work: (folder: Folder) => Promise<T>,
): Promise<T> {
  const resolved = await resolveGitSync(object, cluster, () => undefined)
  const { path } = resolved.gitsync.spec.repository
  const at = (below?: string): string => [path === '.' ? '' : path, below ?? ''].filter((part) => part !== '').join('/')
  return await withGit(cluster, resolved, { flags, io, notes }, async (repository) =>
    work({ resolved, repository, branch: await newestBranch(repository, resolved), at }),
  )
}

/** The branch under review where there is one, else its base; without reviews the branch that is written. */
export async function newestBranch(repository: Repository, { branch, base }: Resolved): Promise<string> {
  if (base === undefined) return branch
  const head = `refs/heads/${branch}`
  const refs = await repository.refs({ prefix: head })
  return refs.some(({ name }) => name === head) ? branch : base
}
