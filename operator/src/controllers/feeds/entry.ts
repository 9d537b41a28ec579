import type { DashboardSpec } from '../../api/dashboard.ts'
import { identityKey } from '../../objects/object.ts'
import type { KubernetesObject, ObjectIdentity } from '../../objects/object.ts'
import type { SeenBefore } from '../../plan/attribution.ts'
import type { RenderedFile } from '../../push/member-settings.ts'
import type { Made } from '../../push/object-changes.ts'
import { dashboardIdentity, dashboardOf } from '../known-resources.ts'
import { isHistory, isWritten } from './feed.ts'
import type { By, FedDashboard, FedText, Feed, FeedHandler } from './feed.ts'
import type { FeedsHandler } from './feeds-handler.ts'
import type { FeedSurroundings, Opening } from './opening.ts'

/** A Dashboard as it was taken in. */
export interface TakenIn {
  readonly name: string
  readonly spec: DashboardSpec
  readonly opening: Opening
  readonly uid: string | undefined
  readonly generation: number | undefined
  /** Milliseconds since the epoch. */
  readonly createdAt: number | undefined
}

/** What entries of one GitSync have in common. */
export interface EntryContext {
  readonly surroundings: FeedSurroundings
  readonly handler: FeedsHandler
  /** Makes a file of what was told; undefined where that cannot be, and somebody knows why. */
  readonly render: (identity: ObjectIdentity, dashboard: FedText, spec: DashboardSpec) => RenderedFile | undefined
  /** Whether a file is one of that Dashboard now: another entry may have come in place of this. */
  readonly holds: (dashboard: string, file: string) => boolean
  /** Nobody need wait for it any more. @returns whether a first comparison has */
  readonly settle: (entry: Entry) => boolean
}

/** One Dashboard whose text is elsewhere, and what its feed has told since its spec is what it is. */
export class Entry {
  readonly taken: TakenIn
  /** Identity key of the Dashboard. */
  readonly key: string
  /** Of the Dashboard. */
  seen: SeenBefore
  /** Identity keys of its files, with the source's own keys. */
  readonly files: Map<string, string>
  readonly #context: EntryContext
  /** Who changed the Dashboard so that it reads this; undefined where that is old. */
  #by: Made | undefined
  #feed: Feed | undefined
  #isSynced = false
  /** What was told in this look, by the source's keys. */
  readonly #told = new Set<string>()
  /** Versions that files were made of last, by the source's keys; also before the Dashboard was changed. */
  readonly #versions: Map<string, string>

  /** @param how.before what it was before, where it was something of this kind */
  constructor(
    taken: TakenIn,
    how: { readonly seen: SeenBefore; readonly by: Made | undefined; readonly before: Entry | undefined },
    context: EntryContext,
  ) {
    this.taken = taken
    this.key = identityKey(dashboardIdentity(context.surroundings.namespace, taken.name))
    this.seen = how.seen
    this.files = how.before?.files ?? new Map()
    this.#by = how.by
    this.#versions = how.before === undefined ? new Map() : how.before.#versions
    this.#context = context
  }

  get isSynced(): boolean {
    return this.#isSynced
  }

  /** Undefined while it may not be read. */
  get feed(): Feed | undefined {
    return this.#feed
  }

  open(): void {
    if (this.#feed !== undefined) return
    const feed = this.taken.opening.make(this.#context.surroundings, this.taken.createdAt)
    this.#feed = feed
    feed.open(this.#handlerOf(feed))
  }

  close(): void {
    this.#context.settle(this)
    this.#feed?.close()
    this.#feed = undefined
  }

  /** Its account may not read: what is in Git stays. */
  refuse(): void {
    this.close()
    this.#isSynced = false
    this.#told.clear()
    this.#versions.clear()
    for (const file of this.files.keys()) this.drop(file, undefined)
  }

  /** A file that the Dashboard does not stand for any more. @param by undefined where nobody saw why */
  drop(file: string, by: Made | undefined): void {
    const { handler, holds } = this.#context
    const { name } = this.taken
    this.files.delete(file)
    if (by === undefined) handler.dropped(file)
    else handler.deleted(file, { by }, () => !holds(name, file))
  }

  #handlerOf(feed: Feed): FeedHandler {
    // What it tells when it is closed is nobody's business.
    const whileOpen =
      <A extends unknown[]>(then: (...args: A) => void) =>
      (...args: A): void => {
        if (this.#feed === feed) then(...args)
      }
    const { handler } = this.#context
    return {
      told: whileOpen((dashboard, by) => this.#take(dashboard, by)),
      gone: whileOpen((key, how) => this.#lose(key, how)),
      vanished: whileOpen((key) => {
        this.#told.delete(key)
        this.#versions.delete(key)
        this.drop(this.#fileOf(key), undefined)
      }),
      synced: whileOpen(() => this.#synced()),
      looked: whileOpen(() => {
        for (const file of this.files.keys()) handler.looked(file)
      }),
      stateChanged: whileOpen(() => {
        // What cannot be read for now keeps nobody else waiting.
        if (feed.problem !== undefined) this.#context.settle(this)
        handler.stateChanged()
      }),
    }
  }

  #take(dashboard: FedDashboard, by: By): void {
    const { handler, holds, render } = this.#context
    const { name, spec } = this.taken
    const { key, version } = dashboard
    const identity = this.#identityOf(key)
    const file = identityKey(identity)
    this.#told.add(key)
    this.files.set(file, key)
    if (isHistory(dashboard)) {
      const made = this.#isSynced || this.#by === undefined ? (isWritten(by) ? {} : by) : this.#by
      handler.followed(identity, dashboard, { spec, made })
      return
    }
    // In the first look at what the Dashboard says now it is the Dashboard that was changed, where the source was not.
    const isAsBefore = (this.#versions.get(key) ?? version) === version
    const feed = this.#feed
    handler.written(file, this.#isSynced || !isAsBefore ? by : (this.#by ?? by), () => {
      if (this.#feed !== feed || !holds(name, file)) return undefined
      this.#versions.set(key, version)
      return render(identity, dashboard, spec)
    })
  }

  #lose(key: string, how: { readonly deleted: KubernetesObject } | { readonly by: By }): void {
    const { handler, holds } = this.#context
    const file = this.#fileOf(key)
    this.#told.delete(key)
    this.#versions.delete(key)
    this.files.delete(file)
    handler.deleted(file, how, () => !holds(this.taken.name, file))
  }

  #synced(): void {
    const { handler, settle } = this.#context
    const { name, opening } = this.taken
    if (!this.#isSynced)
      for (const [file, key] of this.files) {
        if (this.#told.has(key)) continue
        this.#versions.delete(key)
        // What a Dashboard stands for alone is missing, and not gone.
        const isSeen = key !== '' && opening.host === undefined
        this.drop(file, isSeen ? this.#by : undefined)
      }
    const isAwaited = settle(this)
    this.#isSynced = true
    this.#by = undefined
    handler.synced({ isAwaited, covers: (identity) => dashboardOf(identity)?.name === name })
  }

  #identityOf(key: string): ObjectIdentity {
    const { name } = this.taken
    return dashboardIdentity(this.#context.surroundings.namespace, key === '' ? name : `${name}/${key}`)
  }

  #fileOf(key: string): string {
    return identityKey(this.#identityOf(key))
  }
}
