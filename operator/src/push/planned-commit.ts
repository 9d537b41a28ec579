import { isFile } from '../plan/file-identity.ts'
import { documentId } from '../plan/holdings.ts'
import type { Batch, Change, Seen } from '../plan/window.ts'
import type { ObjectEdit } from '../render/edit/file.ts'
import { commitMessage } from './commit-message.ts'
import type { Composer } from './composer.ts'
import { objectOf } from './member.ts'
import type { Member } from './member.ts'
import type { Settlement } from './outbox.ts'

export interface PlannedCommit {
  readonly author: Batch['author']
  /** As in {@link Batch}. */
  readonly owner?: Batch['owner']
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
  /** Objects written to files that hold several: see `documentId`. */
  readonly shared: readonly string[]
  /** Something was not written because its file cannot be read: somebody may have mended it meanwhile. */
  readonly blocked: boolean
  /** The request of a person that this plan carries out. */
  readonly request: string | undefined
}

/** What a comparison had to read, by content id. */
export type Contents = Map<string, Uint8Array>

/** What is left of it: what does not fit is left to a comparison, and one change always fits. */
export interface Room {
  bytes: number
  isUsed: boolean
}

/** The commit of a batch; undefined where nothing of it can be written. */
export function toCommit(
  member: Member,
  batch: Batch,
  { contents, composer, room }: { readonly contents: Contents; readonly composer: Composer; readonly room?: Room },
): PlannedCommit | undefined {
  const edits = new Map<string, { readonly change: Change; readonly edit: ObjectEdit }[]>()
  const writes: { path: string; bytes: Uint8Array }[] = []
  const deletes: string[] = []
  const changes: Change[] = []
  for (const change of batch.changes) {
    const { oid, path } = change
    if (isFile(change.identity)) {
      composer.remove(path)
      deletes.push(path)
      changes.push(change)
      continue
    }
    const content = oid === null ? null : (contents.get(oid) ?? member.spool.get(oid))
    // A content that did not fit the spool is left to the comparison that was asked for then.
    if (content === undefined) continue
    if (content !== null && room !== undefined) {
      if (room.isUsed && content.length > room.bytes) {
        member.requireCompare('spool')
        continue
      }
      room.isUsed = true
      room.bytes -= content.length
    }
    for (const former of formerPaths(member, change)) {
      composer.remove(former)
      deletes.push(former)
    }
    const key = objectOf(change)
    const edit = { key, content, isWhole: member.desired.ofObject(key)?.isWhole === true }
    if (content === null && !composer.holds(path, edit.key)) continue
    const known = edits.get(path)
    if (known === undefined) edits.set(path, [{ change, edit }])
    else known.push({ change, edit })
  }
  for (const [path, all] of edits) {
    const bytes = composer.apply(
      path,
      all.map(({ edit }) => edit),
    )
    // What cannot be read stays as it is, and the status says so.
    if (bytes === undefined) continue
    changes.push(...all.map(({ change }) => change))
    if (bytes === null) deletes.push(path)
    else writes.push({ path, bytes })
  }
  if (changes.length === 0) return undefined
  const message = commitMessage(member, batch, changes)
  const seen = changes.flatMap((change) => change.seen ?? [])
  const { author, owner, time } = batch
  return { author, ...(owner === undefined ? {} : { owner }), time, message, writes, deletes, seen }
}

/**
 * Where the object's file goes from. With a branch for each author that is said again in each change: who changes the object last
 * proposes all of its move, and the branch of who began it nothing more.
 */
function formerPaths({ desired, inventory, settings }: Member, change: Change): string[] {
  const { path, movedFrom } = change
  const places = settings.review?.authorBranches === undefined ? [] : inventory.placesOf(objectOf(change))
  const former = new Set([...(movedFrom === undefined ? [] : [movedFrom]), ...places])
  // Of the object itself it may be a later place.
  const isAnothers = (each: string): boolean => desired.objectsAt(each).some(({ key }) => key !== objectOf(change))
  const stays = (each: string): boolean => (each === movedFrom ? isAnothers(each) : desired.isWanted(each))
  return [...former].filter((each) => each !== path && !stays(each))
}

/** A commit that changes no object: what it writes is put into it. */
export const ownCommit = ({ settings, clock }: Member, message: string): PlannedCommit => ({
  author: settings.author,
  time: clock.now(),
  message,
  writes: [],
  deletes: [],
  seen: [],
})

/** What the files are like afterwards. */
export function outcomeOf(
  { desired }: Member,
  { written, blocked }: Composer,
  batches: readonly Batch[],
): Pick<PushPlan, 'written' | 'shared' | 'blocked'> {
  const own = new Set(batches.flatMap(({ changes }) => changes.filter(({ oid }) => oid !== null).map(objectOf)))
  // This GitSync's objects in files that hold several.
  const shared = [...written].flatMap(([path, file]) => {
    const keys = (file?.reading.documents ?? []).map(({ key }) => key)
    if (keys.length < 2) return []
    const ours = keys.filter((key) => key !== null && (own.has(key) || desired.ofObject(key)?.path === path))
    return ours.map((key) => documentId(path, key ?? ''))
  })
  return { written, shared, blocked }
}
