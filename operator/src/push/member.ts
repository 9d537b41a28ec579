import { blobId } from '@gitsync/protocol'
import type { Signer } from '@gitsync/protocol'
import { identityKey } from '../objects/object.ts'
import type { ObjectIdentity } from '../objects/object.ts'
import { DesiredFiles } from '../plan/desired-files.ts'
import type { RemoteFile } from '../plan/compare.ts'
import { Holdings } from '../plan/holdings.ts'
import type { Placing } from '../plan/desired-files.ts'
import type { Inventory } from '../plan/inventory.ts'
import { ChangeWindow } from '../plan/window.ts'
import type { Change } from '../plan/window.ts'
import type { Clock } from '../time/clock.ts'
import { DriftRecord } from './drift-record.ts'
import type { PushFailure } from './failure.ts'
import { HeldDeletions } from './held-deletions.ts'
import { Leftovers } from './leftovers.ts'
import type { ClusterPort, MemberSettings } from './member-settings.ts'
import type { MemberStatus } from './member-status.ts'
import { ObjectChanges } from './object-changes.ts'
import { Outbox } from './outbox.ts'
import { Schedule } from './schedule.ts'
import type { CompareReason } from './schedule.ts'
import { Spool } from './spool.ts'
import { Standing } from './standing.ts'
import type { StandingBefore } from './standing.ts'
import type { SpoolBudget } from './spool.ts'

/**
 * One GitSync as the writer of its branch sees it: what it wants in its folder, what changed and is not in Git yet, and
 * how the last attempt went. Needs no memory across restarts: it begins with a comparison.
 */
export class Member {
  /** namespace/name */
  readonly name: string
  readonly desired: DesiredFiles
  readonly window: ChangeWindow
  readonly spool: Spool
  readonly port: ClusterPort
  readonly clock: Clock
  readonly inventory: Inventory
  /** Taken from the window, not acknowledged by the remote. */
  readonly outbox = new Outbox()
  /** Deletions that wait for a confirmation. */
  readonly held = new HeldDeletions()
  /** Files that no object wants. */
  readonly leftovers = new Leftovers()
  /** What others have done to the folder. */
  readonly drift = new DriftRecord()
  /** How it stands with the branch. */
  readonly standing: Standing
  /** What the cluster tells of its objects. */
  readonly objects: ObjectChanges
  /** What files hold that are not just as they are printed. */
  readonly holdings = new Holdings((path) => this.#opaqueAt(path))
  /** By key of the object, as the last comparison has found them: files that do not say themselves whose they are. */
  opaque: ReadonlyMap<string, RemoteFile> = new Map()
  /** Files that cannot be read where objects are wanted. */
  unreadable: MemberStatus['unreadable'] = []
  /** Folders inside its own that others have claimed; undefined until its folder has been looked through, and was not somebody else's. */
  otherClaims: readonly string[] | undefined
  /** Signs every commit; undefined: they are not signed. */
  signer: Signer | undefined

  readonly #schedule: Schedule
  #settings: MemberSettings
  #folder: string | null | undefined
  #hasLeft = false
  readonly #onWork: () => void

  constructor(
    options: StandingBefore & {
      readonly name: string
      readonly settings: MemberSettings
      readonly port: ClusterPort
      readonly inventory: Inventory
      readonly budget: SpoolBudget
      readonly clock: Clock
      /** Called when there may be something to write. */
      readonly onWork: () => void
      /** Called when an attempt ended, or something is in the way. */
      readonly onReport: () => void
    },
  ) {
    this.name = options.name
    this.#settings = options.settings
    this.desired = new DesiredFiles(placingOf(options.settings))
    this.port = options.port
    this.inventory = options.inventory
    this.spool = new Spool(options.budget)
    this.clock = options.clock
    this.window = new ChangeWindow(options.settings.window)
    const reason = options.inventory.size > 0 ? 'restart' : 'first-export'
    this.#schedule = new Schedule(options.clock, options.settings.interval, reason)
    this.standing = new Standing(options, options.onReport)
    this.#onWork = options.onWork
    this.objects = new ObjectChanges(this, this.#schedule, options)
  }

  /** Id of the folder's tree when this member last wrote or compared it. */
  get folder(): string | null | undefined {
    return this.#folder
  }

  /** With `settings.isLeaving`: nothing of it is left in the folder. */
  get hasLeft(): boolean {
    return this.#hasLeft
  }

  /** The folder has been compared with everything that is wanted. */
  get isCompared(): boolean {
    return this.#schedule.reached && this.port.listed()
  }

  /** An object is not in Git yet as it was seen to be. */
  isPending(key: string): boolean {
    return this.outbox.has(key) || this.window.has(key)
  }

  /** Something is not written yet that was seen to change, held deletions aside. */
  get hasPending(): boolean {
    return this.window.size > 0 || !this.outbox.isEmpty
  }

  get settings(): MemberSettings {
    return this.#settings
  }

  /** New settings are tried at once, whatever went wrong before. */
  set settings(settings: MemberSettings) {
    const before = this.#settings
    this.#settings = settings
    // Files that were left over may go now.
    const isOther =
      before.prune !== settings.prune ||
      before.onDrift !== settings.onDrift ||
      before.kustomization !== settings.kustomization
    if (isOther || settings.isLeaving === true) this.requireCompare('requested')
    if (JSON.stringify([before.content, before.shared]) !== JSON.stringify([settings.content, settings.shared])) {
      this.desired.placing = placingOf(settings)
      this.holdings.forget()
      this.requireCompare('requested')
    }
    this.window.options = settings.window
    this.#schedule.interval = settings.interval
    this.unblock()
  }

  unblock(): void {
    this.#schedule.unblock()
    this.#onWork()
  }

  /** What a person has asked for and has not got yet. */
  get request(): string | undefined {
    return this.#schedule.request
  }

  /**
   * A person wants what has changed so far to be written now.
   * @param request reported as handled when it is in Git
   * @param options.message of the commit
   * @param options.compare the whole folder, at the branch as it is now
   */
  save(request: string, options: { readonly message?: string | undefined; readonly compare: boolean }): void {
    this.#schedule.request = request
    this.window.seal(options.message)
    if (options.compare) {
      this.#schedule.requireLook()
      this.requireCompare('requested')
    }
    this.unblock()
  }

  get compareReason(): CompareReason | undefined {
    return this.#schedule.compareReason
  }

  /** Asks for a comparison of the whole folder; the first reason counts. */
  requireCompare(reason: CompareReason): void {
    this.#schedule.requireCompare(reason)
    this.#onWork()
  }

  /** Bytes of contents that one push may have: trees and commits travel with them. */
  get pushRoom(): number {
    const { maxPushBytes } = this.#settings
    return maxPushBytes === undefined ? Number.POSITIVE_INFINITY : Math.floor(maxPushBytes / 2)
  }

  /** When the writer has to come back, milliseconds since the epoch; undefined while there is nothing to wait for. */
  dueAt(): number | undefined {
    return this.#schedule.dueAt({
      listed: this.port.listed(),
      windowDueAt: this.window.dueAt(),
      hasTaken: !this.outbox.isEmpty || this.held.isReleased(this.#settings.confirmDeletion),
    })
  }

  /** Whether the branch has to be looked at before anything is believed. */
  wantsLook(): boolean {
    return this.#schedule.wantsLook()
  }

  /** When a look at the branch must have begun to count for this member, milliseconds since the epoch. */
  get lookSince(): number {
    // What failed is tried again on what is there now.
    return this.standing.failure === undefined ? this.#schedule.lookSince : Number.POSITIVE_INFINITY
  }

  /** The branch is to be looked at before anything is believed. */
  requireLook(): void {
    this.#schedule.requireLook()
    this.#onWork()
  }

  /** The branch was looked at for another member, and this one's folder is as it was. */
  looked(): void {
    if (!this.wantsLook() && this.standing.failure === undefined) this.#schedule.looked()
  }

  /** Called when a comparison is made from here on: changes are collected again. */
  beginComparison(): void {
    this.#schedule.beginComparison()
  }

  acknowledge(done: {
    readonly commit?: { readonly sha: string; readonly time: number } | undefined
    readonly tip: string | null
    readonly folder: string | null | undefined
    readonly compared: boolean
    readonly blocked: boolean
    readonly request: string | undefined
    /** Files of foreign edits that were written over. */
    readonly overwritten: number
    readonly hasLeft: boolean
  }): void {
    this.#hasLeft = done.hasLeft
    if (done.compared) this.drift.compared(done.overwritten, this.clock.now())
    this.outbox.clear()
    this.#folder = done.folder
    this.#schedule.done({ ...done, committed: done.commit !== undefined })
    if (done.blocked) this.#schedule.requireLook()
    this.spool.keepOnly(new Set(this.window.oids()))
    if (done.commit !== undefined) this.standing.committed(done.commit)
    this.standing.reached(done.tip, { isReviewed: this.#settings.review !== undefined })
  }

  fail(failure: PushFailure, random: () => number): void {
    this.#schedule.failed(failure.waitMs, random)
    this.standing.failed(failure)
  }

  /** Forgets contents: whoever closes a member gives its room back. */
  close(): void {
    this.spool.keepOnly(new Set())
  }

  /** Whose file is, or was, at a path where nobody looks into it. */
  #opaqueAt(path: string): ObjectIdentity | undefined {
    const wanted = this.desired.at(path)
    if (wanted === undefined) return this.inventory.ownerOf(path)
    return wanted.isOpaque === true ? wanted.identity : undefined
  }

  #pendingSince(): number | undefined {
    const changes = [...this.outbox.changes, ...this.window.changes()]
    const first = changes.reduce(
      (oldest, { seen }) => Math.min(oldest, seen?.at ?? Number.POSITIVE_INFINITY),
      this.#schedule.compareSince ?? Number.POSITIVE_INFINITY,
    )
    return Number.isFinite(first) ? first : undefined
  }

  get status(): MemberStatus {
    const pending = this.window.size + this.outbox.changes.length + this.held.size
    const pendingSince = this.#pendingSince()
    const { reached, handledRequest, blockedUntil } = this.#schedule
    return {
      files: this.desired.size,
      pending,
      ...(pendingSince === undefined ? {} : { pendingSince }),
      orphans: this.leftovers.orphans,
      unreadable: this.unreadable,
      healthy: reached && this.standing.isWell && this.port.listed(),
      ...(handledRequest === undefined ? {} : { handledRequest }),
      ...this.standing.describe(blockedUntil),
      massDeletion: this.held.refusal,
      unprovable: this.leftovers.unprovable,
      drift: this.drift.last,
      driftedAt: this.drift.foundAt,
    }
  }
}

function placingOf({ content, shared = false }: MemberSettings): Placing {
  return { shared, stays: content?.inPlace !== false }
}

/** The object of a change. */
export const objectOf = (change: Change): string => identityKey(change.identity)

/** Content id of a rendered file. */
export const contentId = (bytes: Uint8Array): string => blobId(bytes)
