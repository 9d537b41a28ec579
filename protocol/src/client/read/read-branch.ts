import { GitError } from '../../format/errors.ts'
import { checkInteger } from '../check-option.ts'
import { fullBranchName } from '../ref-name.ts'
import type { Session } from '../session.ts'
import { Snapshot } from '../snapshot.ts'
import { lsRefs } from '../wire/ls-refs.ts'
import { learnFormat } from '../wire/receive-pack-capabilities.ts'
import { readCommit } from './read-trees.ts'
import { findRevisions, notFound, resolveRevision, shownId } from './resolve.ts'
import type { Resolved } from './resolve.ts'

/**
 * A branch as it is now, its root tree read; empty in an empty repository.
 * @param options.depth folders below the root that will be read next
 * @param options.orFrom a branch that does not exist is as this revision is, and not there yet
 * @throws GitError `RefNotFound`
 */
export async function readBranch(
  session: Session,
  branch: string,
  { depth = 0, orFrom }: { readonly depth?: number; readonly orFrom?: string },
): Promise<Snapshot> {
  checkInteger('depth', depth, 0)
  const ref = fullBranchName(branch)
  const refs = await lsRefs(session, [ref, 'HEAD'])
  const oid = refs.find(({ name }) => name === ref)?.oid ?? null
  if (oid !== null) return readCommit(session, ref, oid, depth)
  const head = refs.find(({ name }) => name === 'HEAD')
  // Without `unborn`, a server is silent about a HEAD that leads nowhere, whether there are branches or not.
  const empty =
    (head === undefined || head.oid === null) &&
    (head?.symref === ref || (await lsRefs(session, ['refs/heads/'])).length === 0)
  if (empty) return emptyBranch(session, ref)
  if (orFrom === undefined) {
    throw new GitError('RefNotFound', `${ref} does not exist in ${session.remote.url}`, { ref })
  }
  return startAt(session, ref, await resolveRevision(session, orFrom), depth)
}

/**
 * A branch that must not exist, as it will be when it is created from a revision, or from nothing.
 * @throws GitError `RefExists`, `RefNotFound` for the revision
 */
export async function newBranch(
  session: Session,
  branch: string,
  { from, depth }: { readonly from?: string | undefined; readonly depth?: number },
): Promise<Snapshot> {
  const ref = fullBranchName(branch)
  const [existing, start] = await findRevisions(session, from === undefined ? [ref] : [ref, from])
  if (existing !== undefined) throw new GitError('RefExists', `${ref} exists already`, { ref })
  if (from === undefined) return emptyBranch(session, ref)
  if (start === undefined) return notFound(session, from)
  return startAt(session, ref, start, depth)
}

/** A branch that is not there yet, at a commit that is. */
async function startAt(session: Session, ref: string, start: Resolved, depth: number | undefined): Promise<Snapshot> {
  const shown = shownId(start)
  return (await readCommit(session, start.ref, shown, depth)).at({ ref, tip: null, shown })
}

async function emptyBranch(session: Session, ref: string): Promise<Snapshot> {
  await learnFormat(session)
  return Snapshot.empty(ref, session.format).at({ maxEntries: session.remote.limits.maxEntries })
}
