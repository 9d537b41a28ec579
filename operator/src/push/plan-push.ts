import { otherClaims, outsideOtherClaims } from '../plan/claim.ts'
import type { RemoteFile } from '../plan/compare.ts'
import { documentId } from '../plan/holdings.ts'
import type { Batch, Change } from '../plan/window.ts'
import { compareFolder } from './compare-folder.ts'
import { Composer } from './composer.ts'
import { confirmDeletions, guardDeletions } from './deletions.ts'
import { checkClaim, readClaim, withClaim } from './folder-claim.ts'
import type { FolderView } from './folder-view.ts'
import { respectForeignEdits } from './foreign-edits.ts'
import { withLists } from './kustomizations.ts'
import type { Member } from './member.ts'
import { planRemoval } from './plan-removal.ts'
import { outcomeOf, toCommit } from './planned-commit.ts'
import type { Contents, PlannedCommit, PushPlan } from './planned-commit.ts'
import { survey } from './survey.ts'

/**
 * What a member wants to push now: first what was seen to change, by author, then whatever a comparison still finds.
 * Nothing of the member is changed but what it learned about files; `settle` does the rest after the push.
 * @throws PushFailure
 */
export async function planPush(member: Member, folder: FolderView): Promise<PushPlan> {
  const { request } = member
  member.leftovers.beginPlan()
  const isWanted = (path: string): boolean => member.desired.isWanted(path)
  const all = member.compareReason === undefined ? undefined : folder.files()
  const files = all && outsideOtherClaims(all, isWanted)
  const claim = await readClaim(member, folder, files)
  if (member.settings.isLeaving === true) return planRemoval(member, folder, claim === 'ours')
  checkClaim(member, claim)
  if (all !== undefined) member.otherClaims = otherClaims(all)
  // What is wanted is known when everything is listed.
  const remote = member.port.listed() ? files : undefined
  const { batches, kept } = await collectChanges(member, folder, { files, remote })
  const compared = remote && (await compareFolder(member, folder, { remote, batches, kept }))
  const guarded = await guardDeletions(member, folder, [...batches, ...(compared?.batches ?? [])], remote?.length)
  const composer = new Composer(member, folder)
  const composed = await compose(member, composer, { batches: guarded.batches, contents: compared?.contents })
  const listed = await withLists(member, folder, { commits: composed, composer, isCompared: remote !== undefined })
  const needsClaim = claim === 'missing' && (listed.length > 0 || (remote !== undefined && member.desired.size > 0))
  const commits = needsClaim || typeof claim === 'object' ? withClaim(member, claim, listed) : listed
  const { deleted, confirmed } = guarded
  return {
    commits,
    removed: [...pathsGone(commits), ...objectsGone(composer, deleted), ...notOurs(member, composer, deleted)],
    deleted,
    confirmed,
    ...outcomeOf(member, composer, guarded.batches),
    compared: compared?.complete ?? false,
    hasLeft: false,
    overwritten: member.drift.isOpen ? changesIn(compared?.batches) : 0,
    request,
  }
}

const changesIn = (batches: readonly Batch[] = []): number =>
  batches.reduce((sum, { changes }) => sum + changes.length, 0)

/** What was seen to change and is to be written as it was seen, and the paths that stay as somebody else has made them. */
async function collectChanges(
  member: Member,
  folder: FolderView,
  at: { readonly files: readonly RemoteFile[] | undefined; readonly remote: readonly RemoteFile[] | undefined },
): Promise<{ readonly batches: readonly Batch[]; readonly kept: ReadonlySet<string> }> {
  // A comparison finds every change: those who made them sign first.
  if (at.remote !== undefined) member.window.seal()
  member.outbox.add(member.window.take(member.clock.now(), roomOf(member)))
  if (at.files !== undefined) await survey(member, folder, at.files)
  const kept = at.remote === undefined ? new Set<string>() : await respectForeignEdits(member, folder, at.remote)
  const batches = without(await confirmDeletions(member, folder), kept)
  // What was seen to change is ours from here on, also where its object is no longer wanted.
  member.inventory.add(
    batches.flatMap(({ changes }) => changes.filter(({ oid }) => oid !== null).map(({ path }) => path)),
  )
  return { batches, kept }
}

/** Whether one more batch fits into the push, beside what is on its way already; one does in any case. */
function roomOf({ pushRoom, outbox, spool }: Member): (batch: Batch) => boolean {
  const sizeOf = (changes: readonly Change[]): number =>
    changes.reduce((sum, { oid }) => sum + (oid === null ? 0 : (spool.get(oid)?.length ?? 0)), 0)
  let isUsed = !outbox.isEmpty
  let left = pushRoom - sizeOf(outbox.changes)
  return ({ changes }) => {
    const size = sizeOf(changes)
    if (isUsed && size > left) return false
    isUsed = true
    left -= size
    return true
  }
}

/** The batches without changes of files that are left as they are in Git. */
function without(batches: readonly Batch[], kept: ReadonlySet<string>): readonly Batch[] {
  if (kept.size === 0) return batches
  return batches.map((batch) => ({ ...batch, changes: batch.changes.filter(({ path }) => !kept.has(path)) }))
}

/** A commit for each batch, or for each change where that is asked for, as far as one push has room. */
async function compose(
  member: Member,
  composer: Composer,
  { batches, contents = new Map() }: { readonly batches: readonly Batch[]; readonly contents: Contents | undefined },
): Promise<readonly PlannedCommit[]> {
  await composer.prepare(batches)
  const room = { bytes: member.pushRoom, isUsed: false }
  return batches
    .flatMap((batch) => divide(member, batch))
    .map((batch) => toCommit(member, batch, { contents, composer, room }))
    .filter((commit) => commit !== undefined)
}

/** What a comparison found stays together. */
function divide(member: Member, batch: Batch): Batch[] {
  if (member.settings.perObject !== true || batch.compared !== undefined) return [batch]
  return batch.changes.map((change) => ({ ...batch, changes: [change], time: change.time }))
}

/** Files that are not there after the last commit. */
function pathsGone(commits: readonly PlannedCommit[]): ReadonlySet<string> {
  const gone = new Set<string>()
  for (const { writes, deletes } of commits) {
    for (const { path } of writes) gone.delete(path)
    for (const path of deletes) gone.add(path)
  }
  return gone
}

/** Deleted objects that no later commit has written again. */
function objectsGone({ written }: Composer, deleted: readonly string[]): readonly string[] {
  const there = new Set(
    [...written].flatMap(([path, file]) =>
      (file?.reading.documents ?? []).map(({ key }) => documentId(path, key ?? '')),
    ),
  )
  return deleted.filter((id) => !there.has(id))
}

/** Files that go on without an object of ours. */
function notOurs({ desired, inventory }: Member, { written }: Composer, deleted: readonly string[]): string[] {
  const gone = new Set(deleted)
  return [...written].flatMap(([path, file]) => {
    const isOurs = ({ key }: { readonly key: string | null }): boolean => {
      const id = documentId(path, key ?? '')
      return inventory.has(id) && !gone.has(id)
    }
    const documents = file?.reading.documents ?? []
    return documents.length === 0 || desired.isWanted(path) || documents.some(isOurs) ? [] : [path]
  })
}
