import { resolveBranch } from '../../api/branch.ts'
import { InvalidSpecError } from '../../api/invalid-spec.ts'
import type { GitSync } from '../../api/parse.ts'
import { isAuthorBranch } from '../../plan/author-branch.ts'
import { headTemplate } from '../../api/push.ts'

export interface Branches {
  /** The one that is pushed to. */
  readonly branch: string
  /** With push.mode PullRequest: the one that it is to be merged into. */
  readonly base: string | undefined
}

/** @throws InvalidSpecError */
export function branchesOf({ metadata, spec: { repository, push } }: GitSync): Branches {
  const owner = { namespace: metadata.namespace ?? '', name: metadata.name }
  const branch = resolveBranch(repository.branch, owner)
  if (push.mode !== 'PullRequest') return { branch, base: undefined }
  const head = resolveBranch(headTemplate(push), owner, 'spec.push.branch')
  if (isAuthorBranch(head, branch)) {
    const why = `stands for spec.repository.branch (${branch}) as well, which an author may be called like`
    throw new InvalidSpecError('spec.push.branch', head, `${why}: give the branches a folder of their own`)
  }
  if (head !== branch) return { branch: head, base: branch }
  throw new InvalidSpecError(
    'spec.push.branch',
    head,
    'is spec.repository.branch as well: a request is merged from one branch into another',
  )
}
