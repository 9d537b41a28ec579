import { outsideOtherClaims } from '../plan/claim.ts'
import { CLAIM_FILE } from '../plan/compare.ts'
import type { RemoteFile } from '../plan/compare.ts'
import { fileIdentity } from '../plan/file-identity.ts'
import { documentId } from '../plan/holdings.ts'
import type { Change } from '../plan/window.ts'
import { Composer } from './composer.ts'
import { guardDeletions } from './deletions.ts'
import type { FolderView } from './folder-view.ts'
import { objectOf } from './member.ts'
import type { Member } from './member.ts'
import { outcomeOf, ownCommit, toCommit } from './planned-commit.ts'
import type { PushPlan } from './planned-commit.ts'
import { isRead, learn } from './survey.ts'

/**
 * What a GitSync that leaves its folder pushes: the end of the files that it has written, and of its claim. The guard against
 * mass deletions holds here as well; what somebody else has put there stays, in files of the GitSync too.
 * @throws PushFailure
 */
export async function planRemoval(member: Member, folder: FolderView, ownsFolder: boolean): Promise<PushPlan> {
  const { author } = member.settings
  const { request } = member
  // Where it wrote before says a ConfigMap of its namespace, the claim says Git: only that tells whose folder it is.
  const files = ownsFolder ? outsideOtherClaims(folder.files(), () => false) : []
  const time = member.clock.now()
  const own = files.filter(({ path }) => path !== CLAIM_FILE && member.inventory.has(path))
  if (isRead(member)) {
    await learn(member, folder, own)
    member.holdings.found(
      own.filter((file) => isShared(member, file)),
      [],
    )
  }
  const changes = own
    .flatMap((file) => toChanges(member, file))
    .map((change): Change => ({ ...change, action: 'Delete', oid: null, author, time }))
    .filter((change) => !member.held.has(documentId(change.path, objectOf(change))))
  const { batches, deleted, confirmed } = await guardDeletions(
    member,
    folder,
    [{ author, changes, time }],
    files.length,
  )
  const composer = new Composer(member, folder)
  await composer.prepare(batches)
  const commits = batches
    .map((batch) => toCommit(member, batch, { contents: new Map(), composer }))
    .filter((commit) => commit !== undefined)
  const isHeld = member.held.size > 0 && deleted.length === 0
  const deletes = [...commits.flatMap((commit) => commit.deletes), ...(ownsFolder && !isHeld ? [CLAIM_FILE] : [])]
  const writes = commits.flatMap((commit) => commit.writes)
  const message = `Remove the files of ${member.name}\n`
  const commit = { ...ownCommit(member, message), writes, deletes }
  return {
    commits: deletes.length + writes.length === 0 ? [] : [commit],
    removed: [...deletes, ...writes.map(({ path }) => path), ...deleted],
    deleted,
    confirmed,
    ...outcomeOf(member, composer, []),
    compared: true,
    overwritten: 0,
    hasLeft: !isHeld,
    request,
  }
}

/** Whether somebody else has something in a file. */
function isShared({ holdings }: Member, file: RemoteFile): boolean {
  return (holdings.readingOf(file)?.documents?.length ?? 1) > 1
}

function toChanges(member: Member, file: RemoteFile): Pick<Change, 'path' | 'identity'>[] {
  const { path } = file
  if (!isRead(member) || !isShared(member, file)) return [{ path, identity: fileIdentity(path) }]
  const documents = member.holdings.readingOf(file)?.documents ?? []
  const ours = documents.filter(({ key }) => key !== null && member.inventory.has(documentId(path, key)))
  if (ours.length === documents.length) return [{ path, identity: fileIdentity(path) }]
  return ours.flatMap(({ identity }) => (identity === null ? [] : [{ path, identity }]))
}
