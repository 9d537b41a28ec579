import { claimFile, claimId } from '../plan/claim.ts'
import { CLAIM_FILE, compare } from '../plan/compare.ts'
import type { RemoteFile } from '../plan/compare.ts'
import type { DesiredFile } from '../plan/desired-files.ts'
import type { Batch, Change, Seen } from '../plan/window.ts'
import { claimMessage, commitMessage } from './commit-message.ts'
import { confirmDeletions, guardDeletions, judgeExtras } from './deletions.ts'
import { respectForeignEdits } from './foreign-edits.ts'
import { PushFailure, shownAnswer } from './failure.ts'
import { planRemoval } from './plan-removal.ts'
import type { FolderView } from './folder-view.ts'
import { contentId } from './member.ts'
import type { Member, Settlement } from './member.ts'

export interface PlannedCommit {
  readonly author: Batch['author']
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly message: string
  readonly writes: readonly { readonly path: string; readonly bytes: Uint8Array }[]
  readonly deletes: readonly string[]
  /** Of the edits in it; none where a comparison found what it writes. */
  readonly seen: readonly Seen[]
}

export interface PushPlan extends Settlement {
  readonly commits: readonly PlannedCommit[]
  /** A comparison was made, and everything it found is in this plan. */
  readonly compared: boolean
  /** Nothing of the member is left in the folder afterwards. */
  readonly hasLeft: boolean
  /** Files of foreign edits that it writes over. */
  readonly overwritten: number
  /** The request of a person that this plan carries out. */
  readonly request: string | undefined
}

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
  member.unprovable = undefined
  member.unproven = 0
  const files = member.compareReason === undefined ? undefined : folder.files()
  const claimed = await readClaim(member, folder, files)
  if (member.settings.isLeaving === true)
    return planRemoval(member, folder, claimed === 'ours' || claimed === 'missing')
  const isTaken = typeof claimed === 'object'
  if (isTaken) takeOver(member, claimed.owner)
  const remote = member.port.listed() ? files : undefined
  // A comparison finds every change: those who made them sign first.
  if (remote !== undefined) member.window.seal()
  member.taken.push(...member.window.take(member.clock.now()))
  const kept = remote === undefined ? new Set<string>() : await respectForeignEdits(member, folder, remote)
  const batches = without(await confirmDeletions(member, folder), kept)
  // What was seen to change is ours from here on, also where its object is no longer wanted.
  const written = batches.flatMap(({ changes }) => changes.filter(({ oid }) => oid !== null).map(({ path }) => path))
  if (member.inventory.add(written)) member.isInventoryUnsaved = true
  const contents: Contents = new Map()
  const compared =
    remote === undefined
      ? undefined
      : await compareFolder(member, folder, { remote: overlay(member, remote, batches), kept, contents })
  const all = await guardDeletions(member, folder, [...batches, ...(compared?.batches ?? [])], remote?.length)
  const room = { bytes: roomOf(member), isUsed: false }
  const commits = all.batches
    .flatMap((batch) => divide(member, batch))
    .map((batch) => toCommit(member, batch, contents, room))
    .filter((commit) => commit !== undefined)
  const needsClaim = claimed === 'missing' && (commits.length > 0 || (remote !== undefined && member.desired.size > 0))
  if (needsClaim || isTaken) addClaim(commits, member, claimFile(claim), isTaken)
  return {
    commits,
    removed: commits.flatMap(({ deletes }) => deletes),
    deleted: all.deleted,
    confirmed: all.confirmed,
    compared: compared?.complete ?? false,
    hasLeft: false,
    overwritten: member.isDrifted ? (compared?.batches[0]?.changes.length ?? 0) : 0,
    request,
  }
}

/** The batches without changes of files that are left as they are in Git. */
function without(batches: readonly Batch[], kept: ReadonlySet<string>): readonly Batch[] {
  if (kept.size === 0) return batches
  return batches.map((batch) => ({ ...batch, changes: batch.changes.filter(({ path }) => !kept.has(path)) }))
}

/** What a comparison had to read, by content id. */
type Contents = Map<string, Uint8Array>

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
function overlay(member: Member, remote: readonly RemoteFile[], batches: readonly Batch[]): RemoteFile[] {
  const files = new Map(remote.map((file) => [file.path, file]))
  for (const { changes } of batches) {
    for (const { path, oid } of changes) {
      if (oid === null) files.delete(path)
      else if (member.spool.get(oid) !== undefined) files.set(path, { path, oid })
    }
  }
  return [...files.values()]
}

async function compareFolder(
  member: Member,
  folder: FolderView,
  at: { readonly remote: readonly RemoteFile[]; readonly kept: ReadonlySet<string>; readonly contents: Contents },
): Promise<{ readonly batches: readonly Batch[]; readonly complete: boolean }> {
  member.beginComparison()
  const { contents } = at
  const { writes: differing, extras } = compare(member.desired, at.remote)
  const writes = differing.filter(({ file }) => !at.kept.has(file.path))
  const reason = member.compareReason ?? 'drift'
  const { changes, complete } = await provideContents(member, writes, contents)
  const deletes = await judgeExtras(member, folder, extras)
  // An inventory that was lost is made anew from what is there as it should be.
  const paths = [...member.desired.files()].map(({ path }) => path)
  if (complete && member.inventory.size < paths.length && member.inventory.add(paths)) member.isInventoryUnsaved = true
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

/** @param room what is left of it; what does not fit is left to a comparison, and one change always fits */
function toCommit(
  member: Member,
  batch: Batch,
  contents: Contents,
  room: { bytes: number; isUsed: boolean },
): PlannedCommit | undefined {
  const writes: { path: string; bytes: Uint8Array }[] = []
  const deletes: string[] = []
  const changes: Change[] = []
  for (const change of batch.changes) {
    const bytes = change.oid === null ? undefined : (contents.get(change.oid) ?? member.spool.get(change.oid))
    // A content that did not fit the spool is left to the comparison that was asked for then.
    if (change.oid !== null && bytes === undefined) continue
    if (bytes !== undefined) {
      if (room.isUsed && bytes.length > room.bytes) {
        member.requireCompare('spool')
        continue
      }
      room.isUsed = true
      room.bytes -= bytes.length
    }
    changes.push(change)
    if (bytes === undefined) deletes.push(change.path)
    else writes.push({ path: change.path, bytes })
  }
  if (changes.length === 0) return undefined
  const message = commitMessage(member, batch, changes)
  const seen = changes.flatMap((change) => change.seen ?? [])
  return { author: batch.author, time: batch.time, message, writes, deletes, seen }
}

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
