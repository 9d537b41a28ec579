import type { ObjectIdentity } from '../objects/object.ts'
import { CLAIM_FILE } from '../plan/compare.ts'
import type { RemoteFile } from '../plan/compare.ts'
import { fileIdentity, isFile } from '../plan/file-identity.ts'
import { deletionToken } from '../plan/mass-deletion.ts'
import type { Batch, Change } from '../plan/window.ts'
import { readIdentity } from '../render/read-identity.ts'
import { PushFailure } from './failure.ts'
import type { FolderView } from './folder-view.ts'
import type { Member } from './member.ts'

/** Left-over files that are read at once. */
const READ_AT_ONCE = 200

/** Asks the cluster about each deletion that was seen; one that cannot be proved keeps its file. */
export async function confirmDeletions(member: Member, folder: FolderView): Promise<Batch[]> {
  const confirmed: Batch[] = []
  const written = new Set<string>()
  for (const batch of member.taken) {
    const changes: Change[] = []
    for (const change of batch.changes) {
      if (change.oid !== null) {
        changes.push(change)
        written.add(change.path)
      } else if (member.desired.isWanted(change.path) || !(written.has(change.path) || folder.has(change.path)))
        continue
      else if (await isGone(member, change.identity)) changes.push(change)
      else member.requireCompare('relist')
    }
    confirmed.push({ ...batch, changes })
  }
  return confirmed
}

/**
 * Asks the cluster whether an object is gone. Where the operator may not ask, the file stays, and the others go on.
 * @throws PushFailure when there is no answer for now
 */
async function isGone(member: Member, identity: ObjectIdentity): Promise<boolean> {
  // Of a file that holds no object nothing can be asked.
  if (isFile(identity)) return true
  try {
    return await member.port.isGone(identity)
  } catch (error) {
    if (!(error instanceof PushFailure) || error.reason !== 'Forbidden') throw error
    member.unprovable = error
    member.unproven++
    return false
  }
}

/** Files of ours that no object wants: which may go. The others are orphans. */
export async function judgeExtras(
  member: Member,
  folder: FolderView,
  extras: readonly RemoteFile[],
): Promise<Change[]> {
  const isMirror = member.settings.prune === 'Always'
  const own = (isMirror ? outsideOtherClaims(extras) : extras.filter(({ path }) => member.inventory.has(path))).filter(
    ({ path }) => !member.held.has(path),
  )
  const deletes: Change[] = []
  member.unjudged.length = 0
  if (isMirror) deletes.push(...(await judgeStrangers(member, folder, own)))
  else if (member.settings.prune === 'Owned') {
    await learnIdentities(member, folder, own)
    for (const { path, oid } of own) {
      const identity = member.identities.get(oid)
      if (identity === undefined || identity === null) continue
      if (isLeftAlone(member, identity)) continue
      if (!member.port.knows(identity)) {
        member.unjudged.push(identity)
        continue
      }
      if (!(await isGone(member, identity))) continue
      const { author } = member.settings
      deletes.push({ path, identity, action: 'Delete', oid: null, author, time: member.clock.now() })
    }
  }
  const leftAlone = own.filter(({ oid }) => isLeftAlone(member, member.identities.get(oid)))
  member.orphans = own.length - deletes.length - leftAlone.length
  const left = new Set(own.map(({ oid }) => oid))
  for (const oid of member.identities.keys()) if (!left.has(oid)) member.identities.delete(oid)
  return deletes
}

function isLeftAlone({ port }: Member, identity: ObjectIdentity | null | undefined): boolean {
  return identity !== null && identity !== undefined && port.leavesAlone?.(identity) === true
}

/** Files that hold objects have such names. */
const MANIFEST = /\.(ya?ml|json)$/i

/**
 * With `prune: Always`: which of the files that no object wants may go. Not while anything that is selected cannot be read, and
 * of files that hold an object only those whose kind is served, and whose object is not there, or of a kind or namespace that is
 * not selected. About these nothing is asked: what the account may not read, Git must not tell.
 */
async function judgeStrangers(
  member: Member,
  folder: FolderView,
  files: readonly RemoteFile[],
): Promise<readonly Change[]> {
  await learnIdentities(
    member,
    folder,
    files.filter(({ path }) => MANIFEST.test(path)),
  )
  const deletes: Change[] = []
  const { author } = member.settings
  for (const { path, oid } of files) {
    const identity = member.identities.get(oid) ?? undefined
    if (!member.port.complete()) {
      if (identity !== undefined) member.unjudged.push(identity)
      continue
    }
    if (isLeftAlone(member, identity)) continue
    if (identity !== undefined && !(await mayGo(member, identity))) continue
    deletes.push({
      path,
      identity: identity ?? fileIdentity(path),
      action: 'Delete',
      oid: null,
      author,
      time: member.clock.now(),
    })
  }
  return deletes
}

async function mayGo(member: Member, identity: ObjectIdentity): Promise<boolean> {
  return member.port.knows(identity) ? isGone(member, identity) : member.port.isServed(identity)
}

/** Without the files below a folder that another GitSync has claimed. */
function outsideOtherClaims(files: readonly RemoteFile[]): readonly RemoteFile[] {
  const claimed = files
    .filter(({ path }) => path.endsWith(`/${CLAIM_FILE}`))
    .map(({ path }) => path.slice(0, -CLAIM_FILE.length))
  return files.filter(({ path }) => !claimed.some((folder) => path.startsWith(folder)))
}

async function learnIdentities(member: Member, folder: FolderView, files: readonly RemoteFile[]): Promise<void> {
  const unknown = files.map(({ oid }) => oid).filter((oid) => !member.identities.has(oid))
  for (let start = 0; start < unknown.length; start += READ_AT_ONCE) {
    const contents = await folder.blobs(unknown.slice(start, start + READ_AT_ONCE))
    for (const [oid, bytes] of contents) member.identities.set(oid, readIdentity(bytes) ?? null)
  }
}

/** Holds deletions back that are too many at once, and lets those go that were confirmed. */
export async function guardDeletions(
  member: Member,
  folder: FolderView,
  batches: readonly Batch[],
  files = member.desired.size,
): Promise<{
  readonly batches: readonly Batch[]
  readonly deleted: readonly string[]
  /** The token that a person answered, when it was needed. */
  readonly confirmed: string | undefined
}> {
  const { prune, isLeaving = false } = member.settings
  for (const path of member.held.keys()) {
    // Who leaves wants nothing, whatever its objects say.
    if (!isLeaving && (member.desired.isWanted(path) || prune === 'Never')) member.held.delete(path)
  }
  // What comes and goes within this push is in nobody's folder yet.
  const isGuarded = ({ path, oid }: Change): boolean => oid === null && folder.has(path)
  const fresh = batches.flatMap(({ changes }) => changes.filter(isGuarded))
  const deletes = new Map([...member.held, ...fresh.map((change) => [change.path, change] as const)])
  const paths = [...deletes.keys()]
  const token = deletionToken(paths, member.inventory.confirmed)
  const confirmation = member.settings.confirmDeletion
  const isConfirmed = paths.length > 0 && confirmation === token
  const before = isLeaving ? files : Math.max(files, member.desired.size + paths.length)
  const refused = member.guard.refuses(paths, before, member.clock.now(), { token, confirmation })
  // What was refused once waits for its confirmation, also when the folder grows meanwhile.
  if (refused || (member.held.size > 0 && !isConfirmed)) {
    for (const [path, change] of deletes) member.held.set(path, change)
    member.massDeletion = { token, count: paths.length, recent: member.guard.recent(member.clock.now()) }
    const kept = batches.map((batch) => ({ ...batch, changes: batch.changes.filter((change) => !isGuarded(change)) }))
    return { batches: kept, deleted: [], confirmed: undefined }
  }
  member.massDeletion = undefined
  const waiting = await stillGone(member, fresh)
  const released =
    waiting.length === 0 ? [] : [{ author: member.settings.author, changes: waiting, time: member.clock.now() }]
  const deleted = [...fresh, ...waiting].map(({ path }) => path)
  return { batches: [...batches, ...released], deleted, confirmed: isConfirmed ? token : undefined }
}

/** Deletions that were held, without those that cannot be proved any more: it may be long since they were. */
async function stillGone(member: Member, fresh: readonly Change[]): Promise<Change[]> {
  const asked = new Set(fresh.map(({ path }) => path))
  const gone: Change[] = []
  for (const change of member.held.values()) {
    if (asked.has(change.path)) continue
    if (await isGone(member, change.identity)) gone.push(change)
    else {
      member.held.delete(change.path)
      member.requireCompare('relist')
    }
  }
  return gone
}
