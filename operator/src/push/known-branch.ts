import type { Repository, Snapshot } from '@gitsync/protocol'
import type { Clock } from '../time/clock.ts'
import { BranchHistory } from './branch-history.ts'
import { folderId, wantedTrees } from './folder-view.ts'
import type { Head } from './head.ts'
import type { Member } from './member.ts'
import type { PushObserver } from './observer.ts'
import type { Connection } from './connection.ts'

export interface KnownBranchOptions {
  readonly head: Head
  /** The branch that it is to be merged into, and that it begins at; short name. Default: what is written counts at once. */
  readonly base?: string | undefined
  readonly clock: Clock
  readonly observer?: PushObserver | undefined
  /** Everybody who writes it. */
  readonly members: () => readonly Member[]
}

/** A branch as it is known here: its tree is remembered between pushes, and with it whether that may be old. */
export class KnownBranch {
  readonly #options: KnownBranchOptions
  /** A head under review may be rebased, merged and removed by anybody: what counts is the base. */
  readonly #history: BranchHistory | undefined
  #snapshot: Snapshot | undefined
  /** The branch may have moved, or a push's outcome is unknown. */
  #isUncertain = true

  constructor(options: KnownBranchOptions) {
    this.#options = options
    this.#history = options.base === undefined ? new BranchHistory(options.clock, options.observer) : undefined
  }

  /** Undefined until it has been looked at. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot
  }

  /** See {@link Head.isComposed}. */
  get isComposed(): boolean {
    return this.#options.head.isComposed === true
  }

  /** Commit whose history leads to a path; null before any commit. */
  commitOf(path: string): string | null {
    const { head } = this.#options
    return head.commitOf === undefined ? (this.#snapshot?.commit ?? null) : head.commitOf(path)
  }

  /** @param branch short name: of several that are put together one */
  isAt(branch: string, tip: string | null): boolean {
    const { head } = this.#options
    return head.isAt === undefined ? this.#snapshot?.tip === tip : head.isAt(branch, tip)
  }

  /** Nothing about it is in doubt. */
  get isSure(): boolean {
    return this.#snapshot !== undefined && !this.#isUncertain
  }

  /** Requests that a push of these costs: one where everything is known, a look before that, and all that is read where nothing is. */
  expectedRequests(members: readonly Member[]): number {
    if (this.#snapshot === undefined) return 4
    return this.needsLook(members) ? 2 : 1
  }

  /** Whether it has to be looked at before these members are written. */
  needsLook(members: readonly Member[]): boolean {
    return this.#isUncertain || this.#options.head.isBlind || members.some((member) => member.wantsLook())
  }

  /** A look counts for these that began at this time or later; after a push of unknown outcome none of those before. */
  lookSince(members: readonly Member[]): number {
    if (this.#isUncertain) return Number.POSITIVE_INFINITY
    const looking = members.filter((member) => member.wantsLook())
    // Nobody asks for it but a push to where nothing is compared.
    if (looking.length === 0 && this.#options.head.isBlind) return Number.POSITIVE_INFINITY
    return Math.max(...looking.map((member) => member.lookSince))
  }

  /** Whatever happened, the next push looks before it believes anything. */
  doubt(): void {
    this.#isUncertain = true
  }

  /** There is none any more, and the next one begins anew. */
  forget(): void {
    this.#snapshot = undefined
    this.#isUncertain = true
  }

  /** It is like this now. */
  set(snapshot: Snapshot): void {
    this.#snapshot = snapshot
  }

  /** This process has pushed. */
  pushed(before: Snapshot, after: Snapshot): void {
    this.#snapshot = after
    this.#history?.moved(before.tip, after.tip)
  }

  /** Where is it now? Everybody whose folder was not as it is now is compared. */
  async look(members: readonly Member[], connection: Connection): Promise<void> {
    const { head } = this.#options
    const { repository } = connection
    const everybody = this.#options.members()
    const known = this.#snapshot
    const looking = { connection, since: this.lookSince(members), members: everybody }
    const tip = known === undefined ? undefined : await head.tip(looking)
    const isAnother = this.isComposed && tip !== known?.tip
    if (known === undefined || tip === null || tip === undefined || isAnother) {
      const depth = Math.max(...members.map(({ settings }) => depthOf(settings.path)))
      this.#snapshot = await head.read(looking, depth)
      await this.#history?.check(repository, this.#snapshot, everybody)
      for (const member of everybody) member.requireCompare('drift')
    } else if (tip !== known.tip) await this.moveTo(tip, members, connection)
    this.#isUncertain = false
    for (const member of members) if (member.wantsLook()) member.requireCompare('drift')
    for (const member of everybody) member.looked()
  }

  /** Somebody pushed. Folders that they changed are compared; in the others our changes just go on top. */
  async moveTo(tip: string, members: readonly Member[], connection: Connection): Promise<void> {
    const { repository } = connection
    const known = this.#snapshot
    if (known === undefined || tip === 'nothing') {
      this.forget()
      await this.look(members, connection)
      return
    }
    const { clock, observer } = this.#options
    const everybody = this.#options.members()
    const moved = await repository.advance(known, tip)
    const read = await repository.read(moved, { folders: everybody.map(({ settings }) => settings.path) })
    this.#snapshot = read
    await this.#history?.check(repository, read, everybody)
    for (const member of everybody) {
      const folder = folderId(read, member.settings.path)
      if (member.folder === undefined || folder === member.folder) continue
      member.requireCompare('drift')
      // It may be our own push, of which no answer came.
      if (member.outbox.sent.some((sent) => sent.folder === folder)) continue
      member.drift.found(clock.now())
      observer?.drifted?.(member.name)
    }
  }

  /** The branch with the folders that are to be compared read; they are remembered with it. */
  async readFolders(members: readonly Member[], repository: Repository): Promise<Snapshot> {
    let snapshot = this.#snapshot as Snapshot
    for (const member of members) {
      if (member.compareReason === undefined) continue
      const folders = [member.settings.path]
      snapshot = await repository.read(snapshot, { folders, recursive: true, seeds: wantedTrees(member) })
    }
    this.#snapshot = snapshot
    return snapshot
  }
}

const depthOf = (path: string): number => (path === '.' ? 0 : path.split('/').length)
