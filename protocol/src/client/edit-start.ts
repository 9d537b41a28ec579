import { GitError } from '../format/errors.ts'
import { checkChoice, checkInteger } from './check-option.ts'
import { Edit } from './edit.ts'
import { newBranch, readBranch } from './read/read-branch.ts'
import { fullBranchName } from './ref-name.ts'
import type { Session } from './session.ts'
import type { Snapshot } from './snapshot.ts'
import type { Writing } from './stage/waiting.ts'

/** Where an edit begins. */
export interface EditStart {
  /** The branch as an earlier push or `Repository.snapshot` left it: spares looking. Default: the branch as it is now. */
  readonly base?: Snapshot
  /** The branch must not exist; it starts from `from`, or empty without it. */
  readonly create?: true
  /** With `create`: a branch, a tag or a commit. */
  readonly from?: string
  /** Folders below the root that will be changed, when that is known: fewer requests, more bytes. Default 0. */
  readonly depth?: number
  /** Where contents wait for the push. Default `auto`. */
  readonly writing?: Writing
}

/** @throws GitError `RefNotFound`, `RefExists`, `InvalidInput` for options that exclude each other */
export async function startEdit(session: Session, branch: string, options: EditStart): Promise<Edit> {
  const { base, create, from, depth = 0, writing = 'auto' } = options
  checkInteger('depth', depth, 0)
  checkChoice('writing', writing, ['memory', 'disk', 'auto'])
  check(branch, options)
  if (base !== undefined) return new Edit(session, base, writing)
  const start =
    create === undefined
      ? await readBranch(session, branch, { depth })
      : await newBranch(session, branch, { from, depth })
  return new Edit(session, start, writing)
}

/** What contradicts itself would write somewhere else than was meant. */
function check(branch: string, { base, create, from }: EditStart): void {
  const ref = fullBranchName(branch)
  if (base !== undefined && base.ref !== ref) {
    throw new GitError('InvalidInput', `base is a snapshot of ${base.ref}, not of ${ref}`, { field: 'base', ref })
  }
  if (base !== undefined && create !== undefined) {
    throw new GitError('InvalidInput', 'base and create exclude each other: a snapshot says where to start', {
      field: 'create',
    })
  }
  if (from !== undefined && create === undefined) {
    throw new GitError('InvalidInput', 'from needs create: a branch that exists starts where it is', { field: 'from' })
  }
}
