import type { ObjectIdentity } from '../objects/object.ts'
import type { DesiredFile } from '../plan/desired-files.ts'
import { documentId } from '../plan/holdings.ts'
import type { Person } from '../plan/person.ts'
import type { Change, Origin, Told } from '../plan/window.ts'
import type { SpanContext } from '../trace/tracer.ts'
import type { Member } from './member.ts'
import type { Schedule } from './schedule.ts'

/** Who made an object what it is, and when. */
export interface Made {
  readonly author?: Person | undefined
  /** Milliseconds since the epoch. */
  readonly time?: number | undefined
  /** Of the edit. */
  readonly span?: SpanContext | undefined
  readonly origin?: Origin | undefined
  /** See {@link Change.told}. */
  readonly told?: Told | undefined
}

/** States that were told, and wait to be written, beyond which no more are taken: others want room, too. */
const MAX_TOLD = { changes: 500, bytes: 8 << 20 }

/** Changes that wait beyond this, as while a host is down for long, are written as one comparison instead. */
const MAX_WAITING = 20_000

/** What the cluster tells of a member's objects: what is wanted from then on, and what has to be written for it. */
export class ObjectChanges {
  readonly #member: Member
  readonly #schedule: Schedule
  readonly #onWork: () => void
  readonly #onReport: () => void

  /** @param told.onWork called when there may be something to write. @param told.onReport when something is in the way */
  constructor(
    member: Member,
    schedule: Schedule,
    { onWork, onReport }: { readonly onWork: () => void; readonly onReport: () => void },
  ) {
    this.#member = member
    this.#schedule = schedule
    this.#onWork = onWork
    this.#onReport = onReport
  }

  /** An object as it is now. */
  set(file: DesiredFile, bytes: Uint8Array, made: Made): void {
    const { desired, held, settings } = this.#member
    const before = desired.ofObject(file.key)
    const isEdit = before !== undefined
    const isOurs = before?.isOpaque === true && settings.prune !== 'Never' && desired.isWritable(file.key)
    const changed = desired.set(file)
    const now = desired.ofObject(file.key) ?? file
    held.forget(documentId(now.path, now.key))
    const movedFrom = isOurs && before.path !== now.path ? before.path : undefined
    for (const path of changed) {
      if (path === now.path) this.#written(now, bytes, { ...made, isEdit, movedFrom })
      else this.#freed(path)
    }
  }

  /** Whether one more state that is told may be taken: whoever has many waits until some are in Git. */
  get hasRoom(): boolean {
    const { window, outbox, spool } = this.#member
    const waiting = window.size + outbox.changes.length
    return waiting === 0 || (waiting < MAX_TOLD.changes && spool.bytes < MAX_TOLD.bytes)
  }

  /**
   * One of the states that an object has gone through, in their order: none is left out, and each is a commit.
   * @returns false where it was not taken, since there is no room for now, or others want the path: a comparison would write it as nobody's
   */
  tell(file: DesiredFile, bytes: Uint8Array, made: Made & { readonly told: Told }): boolean {
    if (!this.hasRoom || this.othersAt(file).length > 0 || !this.#member.spool.put(file.oid, bytes)) return false
    this.set(file, bytes, made)
    return true
  }

  /** Keys of other objects that want the path of a file. */
  othersAt({ path, key: own }: Pick<DesiredFile, 'path' | 'key'>): readonly string[] {
    return this.#member.desired
      .objectsAt(path)
      .map(({ key }) => key)
      .filter((key) => key !== own)
  }

  /** What is in Git is what the object wants: nothing is to be written for it. */
  hold(file: DesiredFile): void {
    this.#member.desired.set(file)
  }

  /** The object was seen deleted. */
  deleted(key: string, made: Made = {}): void {
    const { desired, leftovers, settings } = this.#member
    const file = desired.ofObject(key)
    if (file === undefined) return
    const isWritten = desired.isWritable(key)
    desired.delete(key)
    if (!isWritten) this.#freed(file.path)
    else if (settings.prune === 'Never') {
      leftovers.keep()
      this.#onReport()
    } else this.#changed({ ...this.#change(file, { ...made, time: undefined }), action: 'Delete', oid: null }, true)
  }

  /** The object is no longer selected, or not there any more without having been seen deleted: its file is judged by a comparison. */
  dropped(key: string): void {
    const { desired, holdings } = this.#member
    const file = desired.ofObject(key)
    if (file !== undefined && file.isOpaque !== true) holdings.learn(file.oid, { documents: [file] })
    if (desired.delete(key).length > 0) this.#member.requireCompare('relist')
  }

  /** A kind has been read completely: the folder is as wanted only when it has been compared with that too. */
  listedMore(): void {
    this.#schedule.reached = false
    this.#member.requireCompare('relist')
  }

  /** What is known of the cluster, or what may be asked of it, may have become more: left-over files are judged that could not be. */
  judgeAgain(): void {
    const { leftovers, port, settings } = this.#member
    const isMirror = settings.prune === 'Always' && port.complete()
    if (leftovers.isWaitingFor((identity) => isMirror || port.knows(identity))) this.#member.requireCompare('relist')
  }

  /** What a watch had missed has been listed: files stay no longer for the sake of objects that were there for a moment. */
  listedAnew(covers: (identity: ObjectIdentity) => boolean): void {
    if (this.#member.leftovers.mayHaveGone(covers)) this.#member.requireCompare('relist')
  }

  /** A path that several objects wanted belongs to one again. */
  #freed(path: string): void {
    if (this.#member.desired.isWanted(path)) this.#member.requireCompare('conflict')
  }

  #written(
    file: DesiredFile,
    bytes: Uint8Array,
    { isEdit, movedFrom, ...made }: Made & { readonly isEdit: boolean; readonly movedFrom: string | undefined },
  ): void {
    const { desired, spool } = this.#member
    // Two objects want the path: what is in Git stays as it is.
    if (!desired.isWritable(file.key)) {
      this.#onReport()
      return
    }
    if (!spool.put(file.oid, bytes)) this.#member.requireCompare('spool')
    const action = movedFrom !== undefined || this.#isKnown(file) ? 'Update' : 'Create'
    const change = { ...this.#change(file, made), action, oid: file.oid } as const
    this.#changed(movedFrom === undefined ? change : { ...change, movedFrom }, isEdit)
  }

  #change({ path, identity }: DesiredFile, { author, time, span, origin, told }: Made): Omit<Change, 'action' | 'oid'> {
    const { clock, settings } = this.#member
    const now = clock.now()
    return {
      path,
      identity,
      author: author ?? settings.author,
      time: time ?? now,
      seen: { at: now, spans: span === undefined ? [] : [span] },
      origin,
      ...(told === undefined ? {} : { told }),
    }
  }

  #isKnown({ path, key }: DesiredFile): boolean {
    const { desired, inventory, settings } = this.#member
    const isShared = settings.shared === true && desired.at(path) === undefined
    return inventory.has(isShared ? documentId(path, key) : path)
  }

  #changed(change: Change, isEdit: boolean): void {
    const { clock, spool, window } = this.#member
    // The first comparison finds everything that happened before it, but not who edited since, nor that a deletion was seen.
    if (this.#schedule.compared || isEdit || change.told !== undefined) window.add(change, clock.now())
    if (window.size > MAX_WAITING) {
      window.forgetContents()
      spool.keepOnly(new Set(window.oids()))
      this.#member.requireCompare('spool')
    }
    this.#onWork()
  }
}
