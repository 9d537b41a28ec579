import { claimFile, claimId, outsideOtherClaims } from '../plan/claim.ts'
import { CLAIM_FILE, compare } from '../plan/compare.ts'
import type { RemoteFile } from '../plan/compare.ts'
import type { DesiredFile } from '../plan/desired-files.ts'
import { documentId } from '../plan/holdings.ts'
import type { FileReading } from '../plan/holdings.ts'
import type { Batch, Change } from '../plan/window.ts'
import { claimMessage } from './commit-message.ts'
import { Composer } from './composer.ts'
import { confirmDeletions, guardDeletions, judgeExtras } from './deletions.ts'
import { respectForeignEdits } from './foreign-edits.ts'
import { PushFailure, shownAnswer } from './failure.ts'
import { planRemoval } from './plan-removal.ts'
import type { FolderView } from './folder-view.ts'
import { isKustomization, planKustomizations } from './kustomizations.ts'
import { contentId, objectOf } from './member.ts'
import { outcomeOf, toCommit } from './planned-commit.ts'
import type { Contents, PlannedCommit, PushPlan } from './planned-commit.ts'
import type { Member } from './member.ts'
import { isRead, survey } from './survey.ts'

/** Contents of one commit at most, in bytes; a larger export becomes several. */
const MAX_COMMIT_BYTES = 16 << 20

/**
 * What a member wants to push now: first what was seen to change, by author, then whatever a comparison still finds.
 * Nothing of the member is changed but what it learned about files; `settle` does the rest after the push.
 * @throws PushFailure
 */
export async function planPush(member: Member, folder: FolderView): Promise<PushPlan> {
  const { claim } = member.settings
  const { request } = member
  member.leftovers.beginPlan()
  const isWanted = (path: string): boolean => member.desired.isWanted(path)
  const files = member.compareReason === undefined ? undefined : outsideOtherClaims(folder.files(), isWanted)
  const claimed = await readClaim(member, folder, files)
  if (member.settings.isLeaving === true) return planRemoval(member, folder, claimed === 'ours')
  const isTaken = typeof claimed === 'object'
  if (isTaken) takeOver(member, claimed.owner)
  const remote = member.port.listed() ? files : undefined
  // A comparison finds every change: those who made them sign first.
  if (remote !== undefined) member.window.seal()
  member.outbox.add(member.window.take(member.clock.now()))
  if (files !== undefined) await survey(member, folder, files)
  const kept = remote === undefined ? new Set<string>() : await respectForeignEdits(member, folder, remote)
  const batches = without(await confirmDeletions(member, folder), kept)
  // What was seen to change is ours from here on, also where its object is no longer wanted.
  const written = batches.flatMap(({ changes }) => changes.filter(({ oid }) => oid !== null).map(({ path }) => path))
  member.inventory.add(written)
  const contents: Contents = new Map()
  const compared =
    remote === undefined ? undefined : await compareFolder(member, folder, { remote, batches, kept, contents })
  const all = await guardDeletions(member, folder, [...batches, ...(compared?.batches ?? [])], remote?.length)
  const composer = new Composer(member, folder)
  await composer.prepare(all.batches)
  const room = { bytes: roomOf(member), isUsed: false }
  const commits = all.batches
    .flatMap((batch) => divide(member, batch))
    .map((batch) => toCommit(member, batch, { contents, composer, room }))
    .filter((commit) => commit !== undefined)
  await keepLists(member, folder, { commits, written: composer.written, isCompared: remote !== undefined })
  const needsClaim = claimed === 'missing' && (commits.length > 0 || (remote !== undefined && member.desired.size > 0))
  if (needsClaim || isTaken) addClaim(commits, member, claimFile(claim), isTaken)
  return {
    commits,
    removed: [...pathsGone(commits), ...objectsGone(composer, all.deleted), ...notOurs(member, composer, all.deleted)],
    deleted: all.deleted,
    confirmed: all.confirmed,
    ...outcomeOf(member, composer, all.batches),
    compared: compared?.complete ?? false,
    hasLeft: false,
    overwritten: member.drift.isOpen ? (compared?.batches[0]?.changes.length ?? 0) : 0,
    request,
  }
}

/** The batches without changes of files that are left as they are in Git. */
function without(batches: readonly Batch[], kept: ReadonlySet<string>): readonly Batch[] {
  if (kept.size === 0) return batches
  return batches.map((batch) => ({ ...batch, changes: batch.changes.filter(({ path }) => !kept.has(path)) }))
}

/** Puts the lists of files for kustomize into the last commit, or into one of their own. */
async function keepLists(
  member: Member,
  folder: FolderView,
  {
    commits,
    written,
    isCompared,
  }: { readonly commits: PlannedCommit[]; readonly written: Composer['written']; readonly isCompared: boolean },
): Promise<void> {
  const isNew = ({ path }: { readonly path: string }): boolean => !folder.has(path)
  const comeAndGo = commits.some(({ writes, deletes }) => deletes.length > 0 || writes.some(isNew))
  if (member.settings.kustomization !== true || !(isCompared || comeAndGo)) return
  const { writes, deletes, unreadable } = await planKustomizations(member, folder, commits)
  if (isCompared) member.unreadable = [...member.unreadable, ...unreadable]
  for (const { path, bytes } of writes) written.set(path, { oid: contentId(bytes), reading: { documents: [] } })
  for (const path of deletes) written.set(path, undefined)
  if (writes.length + deletes.length === 0) return
  const last = commits.pop() ?? {
    author: member.settings.author,
    time: member.clock.now(),
    message: `List the files of ${member.settings.path} for kustomize\n`,
    writes: [],
    deletes: [],
    seen: [],
  }
  commits.push({ ...last, writes: [...last.writes, ...writes], deletes: [...last.deletes, ...deletes] })
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

/** What the folder's claim says: whose it is, by the id of a claim that is not the member's own. */
type ClaimState = 'ours' | 'missing' | 'unknown' | { readonly owner: string }

async function readClaim(
  member: Member,
  folder: FolderView,
  remote: readonly RemoteFile[] | undefined,
): Promise<ClaimState> {
  // Between comparisons nobody has changed the folder: a foreign push leads to one.
  if (remote === undefined) return 'unknown'
  const own = claimFile(member.settings.claim)
  const there = remote.find(({ path }) => path === CLAIM_FILE)
  if (there === undefined) return 'missing'
  if (there.oid === contentId(own)) return 'ours'
  const content = (await folder.blobs([there.oid])).get(there.oid) ?? Buffer.alloc(0)
  return content.equals(own) ? 'ours' : { owner: claimId(content) }
}

/** @throws PushFailure `FolderClaimed`, unless somebody has said that just this claim may be replaced */
function takeOver({ settings }: Member, owner: string): void {
  const { path, takeOver: answer } = settings
  if (answer === owner) return
  const wrong = answer === undefined ? '' : `; the annotation now says ${shownAnswer(answer)}, which is somebody else`
  throw new PushFailure(
    'FolderClaimed',
    `the folder ${path} belongs to another GitSync or cluster (take-over=${owner})${wrong}`,
  )
}

/** The folder as it will be after the batches. A content that is not at hand is not written by them. */
function overlay(member: Member, remote: readonly RemoteFile[], batches: readonly Batch[]): readonly RemoteFile[] {
  const { desired, holdings } = member
  const files = new Map(remote.map((file) => [file.path, file]))
  for (const change of batches.flatMap(({ changes }) => changes)) {
    const { path, oid, identity } = change
    if (oid !== null && member.spool.get(oid) === undefined) continue
    const key = objectOf(change)
    const there = files.get(path)
    const reading = there === undefined ? undefined : holdings.readingOf(there.oid)
    if (reading?.documents === null) continue
    // A file that is as it is printed, of one object.
    const printed = there === undefined ? undefined : desired.objectsAt(path).find((file) => file.oid === there.oid)
    const documents = reading?.documents ?? (printed === undefined ? [] : [printed])
    const others = documents.filter((document) => document.key !== key)
    if (oid === null && others.length === 0) files.delete(path)
    else if (others.some((other) => other.key !== null)) {
      // It is in no repository yet: what it will hold is known without being read.
      const id = `${path} after ${oid ?? key}`
      holdings.learn(id, { documents: oid === null ? others : [...others, { key, identity, oid }] })
      files.set(path, { path, oid: id })
    } else if (oid !== null) {
      holdings.learn(oid, { documents: [{ key, identity, oid }] })
      files.set(path, { path, oid })
    }
  }
  return [...files.values()]
}

async function compareFolder(
  member: Member,
  folder: FolderView,
  at: {
    readonly remote: readonly RemoteFile[]
    readonly batches: readonly Batch[]
    readonly kept: ReadonlySet<string>
    readonly contents: Contents
  },
): Promise<{ readonly batches: readonly Batch[]; readonly complete: boolean }> {
  member.beginComparison()
  const { contents } = at
  const files = overlay(member, at.remote, at.batches)
  const readingOf = (oid: string): FileReading | undefined => member.holdings.readingOf(oid)
  const difference = compare(member.desired, files, isRead(member) ? readingOf : undefined)
  const writes = difference.writes.filter(({ file }) => !at.kept.has(file.path))
  member.unreadable = difference.unreadable
  const reason = member.compareReason ?? 'drift'
  const { changes, complete } = await provideContents(member, writes, contents)
  const extras = difference.extras.filter(({ path }) => !isKustomization(member, path))
  const deletes = await judgeExtras(member, folder, { ...difference, extras })
  // An inventory that was lost is made anew from what is there as it should be.
  const paths = new Set([...member.desired.files()].map(({ path }) => path))
  if (complete && member.inventory.size < paths.size) member.inventory.add(paths)
  const all = [...changes, ...deletes]
  if (all.length === 0) return { batches: [], complete }
  const time = all.reduce((latest, change) => Math.max(latest, change.time), 0)
  return { batches: [{ author: member.settings.author, changes: all, time, compared: reason }], complete }
}

/** Makes sure that the contents of the files are at hand, reading objects again where they are not. */
async function provideContents(
  member: Member,
  writes: ReturnType<typeof compare>['writes'],
  contents: Contents,
): Promise<{ readonly changes: Change[]; readonly complete: boolean }> {
  const missing = writes.filter(({ file }) => member.spool.get(file.oid) === undefined).map(({ file }) => file)
  const reread = missing.length === 0 ? undefined : await rereadWithinLimit(member, missing)
  const changes: Change[] = []
  const most = roomOf(member)
  let bytes = 0
  for (const { file, exists } of writes) {
    const content = member.spool.get(file.oid) ?? reread?.get(file.key)
    if (content === undefined || bytes > MAX_COMMIT_BYTES || (bytes > 0 && bytes + content.length > most)) continue
    bytes += content.length
    contents.set(file.oid, content)
    changes.push({
      path: file.path,
      identity: file.identity,
      action: exists ? 'Update' : 'Create',
      oid: file.oid,
      author: member.settings.author,
      time: member.clock.now(),
    })
  }
  return { changes, complete: changes.length === writes.length }
}

async function rereadWithinLimit(member: Member, files: readonly DesiredFile[]): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  let bytes = 0
  for (let start = 0; start < files.length && bytes <= MAX_COMMIT_BYTES; start += REREAD_STEP) {
    const step = files.slice(start, start + REREAD_STEP)
    for (const [key, { file, bytes: content }] of await member.port.reread(step)) {
      // Changed meanwhile: the watch tells what, and who made it, and until then this comparison is not complete.
      if (member.desired.ofObject(key)?.oid !== file.oid) continue
      found.set(key, content)
      bytes += content.length
    }
  }
  return found
}

const REREAD_STEP = 200

/** A batch for each change where that is asked for. What a comparison found stays together. */
function divide(member: Member, batch: Batch): Batch[] {
  if (member.settings.perObject !== true || batch.compared !== undefined) return [batch]
  return batch.changes.map((change) => ({ ...batch, changes: [change], time: change.time }))
}

/** Contents that one push may have, in bytes: trees and commits travel with them. */
const roomOf = ({ settings: { maxPushBytes } }: Member): number =>
  maxPushBytes === undefined ? Number.POSITIVE_INFINITY : Math.floor(maxPushBytes / 2)

function addClaim(commits: PlannedCommit[], member: Member, bytes: Buffer, takenOver: boolean): void {
  const [first, ...rest] = commits
  const write = { path: CLAIM_FILE, bytes }
  if (first !== undefined) {
    commits.splice(0, commits.length, { ...first, writes: [write, ...first.writes] }, ...rest)
    return
  }
  const message = claimMessage(member, takenOver)
  commits.push({
    author: member.settings.author,
    time: member.clock.now(),
    message,
    writes: [write],
    deletes: [],
    seen: [],
  })
}
