import type { ObjectIdentity } from '../objects/object.ts'
import { isFile } from '../plan/file-identity.ts'
import { documentId } from '../plan/holdings.ts'
import { deletionToken } from '../plan/mass-deletion.ts'
import type { Batch, Change } from '../plan/window.ts'
import { PushFailure } from './failure.ts'
import type { FolderView } from './folder-view.ts'
import { objectOf } from './member.ts'
import type { Member } from './member.ts'

/** Asks the cluster about each deletion that was seen; one that cannot be proved keeps its file. */
export async function confirmDeletions(member: Member, folder: FolderView): Promise<Batch[]> {
  const confirmed: Batch[] = []
  const written = new Set<string>()
  for (const batch of member.outbox.batches) {
    const changes: Change[] = []
    for (const change of batch.changes) {
      if (change.oid !== null) {
        changes.push(movedWithin(member, folder, change, written))
        written.add(change.path)
      } else if (isWantedAgain(member, change) || !(written.has(change.path) || isInFolder(member, folder, change)))
        continue
      else if (await isGone(member, change.identity)) changes.push(change)
      else member.requireCompare('relist')
    }
    confirmed.push({ ...batch, changes })
  }
  return confirmed
}

/** The change without a former place where nothing is that could go. */
function movedWithin(
  { inventory }: Member,
  folder: FolderView,
  { movedFrom, ...change }: Change,
  written: ReadonlySet<string>,
): Change {
  if (movedFrom === undefined) return change
  const isThere = written.has(movedFrom) || (folder.has(movedFrom) && inventory.has(movedFrom))
  return isThere ? { ...change, movedFrom } : change
}

/** The object is there again, or another one wants its file and nothing else is in that. */
function isWantedAgain({ desired, holdings, settings }: Member, change: Change): boolean {
  if (isFile(change.identity)) return desired.isWanted(change.path)
  if (desired.ofObject(objectOf(change)) !== undefined) return true
  return desired.isWanted(change.path) && settings.shared !== true && holdings.at(change.path) === undefined
}

function isInFolder({ holdings }: Member, folder: FolderView, change: Change): boolean {
  const reading = holdings.readingAt(change.path)
  if (reading !== undefined && !isFile(change.identity))
    return reading.documents?.some(({ key }) => key === objectOf(change)) === true
  return folder.has(change.path)
}

/**
 * Asks the cluster whether an object is gone. Where the operator may not ask, or the kind is not served just now, the file
 * stays until that can be told, and the others go on.
 * @throws PushFailure when there is no answer for now
 */
export async function isGone(member: Member, identity: ObjectIdentity): Promise<boolean> {
  // Of a file that holds no object nothing can be asked.
  if (isFile(identity)) return true
  try {
    if (await member.port.isGone(identity)) return true
    if (!(await member.port.isServed(identity))) member.leftovers.postpone(identity)
  } catch (error) {
    if (!(error instanceof PushFailure) || error.reason !== 'Forbidden') throw error
    member.leftovers.refused(identity, error)
  }
  return false
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
  const { held, settings, inventory } = member
  const { prune, isLeaving = false, confirmDeletion: confirmation } = settings
  for (const [id, change] of held.entries()) {
    // Who leaves wants nothing, whatever its objects say.
    if (!isLeaving && (isWantedAgain(member, change) || prune === 'Never')) held.forget(id)
  }
  // What comes and goes within this push is in nobody's folder yet.
  const isGuarded = (change: Change): boolean => change.oid === null && isInFolder(member, folder, change)
  const fresh = batches.flatMap(({ changes }) => changes.filter(isGuarded))
  const deletes = new Map([...held.entries(), ...fresh.map((change) => [idOf(change), change] as const)])
  const paths = [...deletes.values()].map((change) => shownIn(member, change))
  const token = deletionToken(paths, inventory.confirmed)
  const isConfirmed = paths.length > 0 && confirmation === token
  const before = isLeaving ? files : Math.max(files, member.desired.size + paths.length)
  const now = member.clock.now()
  const refused = held.guard.refuses(paths, before, now, { token, confirmation })
  // What was refused once waits for its confirmation, also when the folder grows meanwhile.
  if (refused || (held.size > 0 && !isConfirmed)) {
    held.refuse(deletes, { token, count: paths.length, recent: held.guard.recent(now) })
    const kept = batches.map((batch) => ({ ...batch, changes: batch.changes.filter((change) => !isGuarded(change)) }))
    return { batches: kept, deleted: [], confirmed: undefined }
  }
  held.release()
  const waiting = await stillGone(member, fresh)
  const released = waiting.length === 0 ? [] : [{ author: settings.author, changes: waiting, time: now }]
  const deleted = [...fresh, ...waiting].map(idOf)
  return { batches: [...batches, ...released], deleted, confirmed: isConfirmed ? token : undefined }
}

const idOf = (change: Change): string => documentId(change.path, objectOf(change))

/** What a deletion is called in a confirmation: its file, and the object as well where others are in it. */
function shownIn({ holdings }: Member, change: Change): string {
  const documents = holdings.readingAt(change.path)?.documents ?? []
  return documents.length > 1 ? idOf(change) : change.path
}

/** Deletions that were held, without those that cannot be proved any more: it may be long since they were. */
async function stillGone(member: Member, fresh: readonly Change[]): Promise<Change[]> {
  const asked = new Set(fresh.map(idOf))
  const gone: Change[] = []
  for (const [id, change] of member.held.entries()) {
    if (asked.has(id)) continue
    if (await isGone(member, change.identity)) gone.push(change)
    else {
      member.held.forget(id)
      member.requireCompare('relist')
    }
  }
  return gone
}
