import { GitError, isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { RefResult } from '../push-result.ts'
import { pushRef } from '../push.ts'
import type { PushOptions } from '../push.ts'
import { currentTip } from '../tips.ts'
import { readCommitInfo } from '../read/objects.ts'
import { resolveRevision } from '../read/resolve.ts'
import { checkFullRefName, fullBranchName } from '../ref-name.ts'
import type { Session } from '../session.ts'
import { updateRefs } from './update-refs.ts'

/** @throws GitError `RefNotFound`, `RefExists`, `UnexpectedType`, and as {@link pushRef} */
export async function createBranch(
  session: Session,
  name: string,
  from: string,
  options: Omit<PushOptions, 'atomic'>,
): Promise<RefResult> {
  const ref = fullBranchName(name)
  const start = await branchStart(session, from)
  return create(pushRef(session, { ref, old: null, new: start }, options), ref)
}

/** @throws GitError `RefNotFound`, `RefExists`, `Unsupported`, `StaleRef`, `Rejected`, and as {@link updateRefs} */
export async function renameBranch(
  session: Session,
  from: string,
  to: string,
  options: Omit<PushOptions, 'atomic'>,
): Promise<RefResult> {
  const [source, target] = [fullBranchName(from), fullBranchName(to)]
  const tip = await currentTip(session, source)
  if (tip === null) throw new GitError('RefNotFound', `${source} does not exist`, { ref: source })
  const changes = [
    { ref: target, old: null, new: tip },
    { ref: source, old: tip, new: null },
  ]
  const pushed = updateRefs(session, changes, { ...options, atomic: true })
  return create(
    pushed.then(([created]) => created as RefResult),
    target,
  )
}

/** @throws GitError `RefNotFound`, `StaleRef`, `Rejected`, and as {@link updateRefs} */
export async function deleteRef(
  session: Session,
  ref: string,
  { expect, ...options }: Omit<PushOptions, 'atomic'> & { readonly expect?: ObjectId },
): Promise<RefResult> {
  checkFullRefName(ref)
  const change = { ref, new: null, ...(expect === undefined ? {} : { old: expect }) }
  const [result] = await updateRefs(session, [change], options)
  return result as RefResult
}

/** Branches hold commits; what a branch's name stands for is one, anything else is looked at. */
async function branchStart(session: Session, from: string): Promise<ObjectId> {
  const { ref, oid } = await resolveRevision(session, from)
  if (ref.startsWith('refs/heads/')) return oid
  return (await readCommitInfo(session, oid)).oid
}

/** A ref that should not be there is no lost race, but a name that is taken. */
export async function create(pushed: Promise<RefResult>, ref: string): Promise<RefResult> {
  try {
    return await pushed
  } catch (error) {
    if (!isGitError(error, 'StaleRef') || error.details.ref !== ref) throw error
    throw new GitError('RefExists', `${ref} exists already`, { ...error.details, cause: error })
  }
}
