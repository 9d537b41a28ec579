import { claimFile, claimId } from '../plan/claim.ts'
import { CLAIM_FILE } from '../plan/compare.ts'
import type { RemoteFile } from '../plan/compare.ts'
import { claimMessage } from './commit-message.ts'
import { PushFailure, shownAnswer } from './failure.ts'
import type { FolderView } from './folder-view.ts'
import { contentId } from './member.ts'
import type { Member } from './member.ts'
import { ownCommit } from './planned-commit.ts'
import type { PlannedCommit } from './planned-commit.ts'

/** What the folder's claim says: whose it is, by the id of a claim that is not the member's own. */
export type FolderClaim = 'ours' | 'missing' | 'unknown' | { readonly owner: string }

/** @param remote the files of the folder; undefined between comparisons */
export async function readClaim(
  member: Member,
  folder: FolderView,
  remote: readonly RemoteFile[] | undefined,
): Promise<FolderClaim> {
  // Between comparisons nobody has changed the folder: a foreign push leads to one.
  if (remote === undefined) return 'unknown'
  const own = claimFile(member.settings.claim)
  const there = remote.find(({ path }) => path === CLAIM_FILE)
  if (there === undefined) return 'missing'
  if (there.oid === contentId(own)) return 'ours'
  const content = (await folder.blobs([there.oid])).get(there.oid) ?? Buffer.alloc(0)
  return content.equals(own) ? 'ours' : { owner: claimId(content) }
}

/** @throws PushFailure `FolderClaimed` for another's folder, unless somebody has said that just this claim may be replaced */
export function checkClaim({ settings }: Member, claim: FolderClaim): void {
  const { path, takeOver: answer } = settings
  if (typeof claim === 'string' || answer === claim.owner) return
  const wrong = answer === undefined ? '' : `; the annotation now says ${shownAnswer(answer)}, which is somebody else`
  throw new PushFailure(
    'FolderClaimed',
    `the folder ${path} belongs to another GitSync or cluster (take-over=${claim.owner})${wrong}`,
  )
}

/** The commits with the claim in the first of them, or in one of its own. */
export function withClaim(member: Member, claim: FolderClaim, commits: readonly PlannedCommit[]): PlannedCommit[] {
  const write = { path: CLAIM_FILE, bytes: claimFile(member.settings.claim) }
  const [first = ownCommit(member, claimMessage(member, typeof claim === 'object')), ...rest] = commits
  return [{ ...first, writes: [write, ...first.writes] }, ...rest]
}
