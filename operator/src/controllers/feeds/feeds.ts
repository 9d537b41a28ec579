import { dashboardSpec } from '../../api/parse.ts'
import { hasMoreThanDashboards, standsForMany } from '../../api/dashboard.ts'
import type { DashboardSpec } from '../../api/dashboard.ts'
import type { ApiResource } from '../../kube/discovery.ts'
import { isKubeError } from '../../kube/errors.ts'
import { identityKey } from '../../objects/object.ts'
import type { KubernetesObject, ObjectIdentity } from '../../objects/object.ts'
import type { SeenBefore } from '../../plan/attribution.ts'
import type { RenderedFile } from '../../push/member-settings.ts'
import type { Made } from '../../push/object-changes.ts'
import { clusterFailure } from '../cluster-failure.ts'
import { isAskable } from '../deletion-proof.ts'
import type { Environment } from '../environment.ts'
import { DASHBOARDS, dashboardIdentity, dashboardOf } from '../known-resources.ts'
import { syncOf } from '../render-dashboard.ts'
import type { GrafanaPort } from '../grafana/grafana-port.ts'
import type { Problem } from '../step.ts'
import { isHistory, isWritten } from './feed.ts'
import type { By, FedHistory, FedText, Feed, FeedHandler } from './feed.ts'
import { ConfigMapWatch } from './config-map-watch.ts'
import { openingOf } from './opening.ts'
import type { FeedSurroundings, Opening } from './opening.ts'

/** What becomes of what feeds tell. */
export interface FeedsHandler {
  /** @param render makes the file when it is known who wrote it; undefined where none can be made */
  written(key: string, by: By, render: () => RenderedFile | undefined): void
  /** One whose history is to be followed from here on, or in another way. */
  followed(
    identity: ObjectIdentity,
    dashboard: FedHistory,
    how: { readonly spec: DashboardSpec; readonly made: Made },
  ): void
  /** It may have new versions. */
  looked(key: string): void
  deleted(key: string, how: { readonly deleted: KubernetesObject } | { readonly by: By }, isStill: () => boolean): void
  dropped(key: string): void
  /** Everything that a Dashboard stands for has been told. @param how.isAwaited a first comparison has waited for it */
  synced(how: { readonly isAwaited: boolean; readonly covers: (identity: ObjectIdentity) => boolean }): void
  stateChanged(): void
  /** It has to be found out whether something may be read. */
  asksForAccess(): void
}

export interface FeedsOptions {
  readonly environment: Pick<Environment, 'pool' | 'client' | 'clock' | 'proof'>
  /** namespace/name of the GitSync. */
  readonly gitsync: string
  /** Undefined where no Grafana is asked. */
  readonly grafanas?: GrafanaPort | undefined
  /** Whom a commit names for a login of another system. */
  readonly nameLogin: FeedSurroundings['nameLogin']
  /** Makes a file of what was told; undefined where that cannot be, and somebody knows why. */
  readonly render: (identity: ObjectIdentity, dashboard: FedText, spec: DashboardSpec) => RenderedFile | undefined
  readonly handler: FeedsHandler
}

/** How it stands with a Dashboard whose source is elsewhere. */
export interface FeedState {
  /** resourceVersion of the Dashboard that was taken in last. */
  readonly version: string | undefined
  /** Whether it stands for many files. */
  readonly isMany: boolean
  /** What its files are. */
  readonly noun: 'dashboard' | 'file'
  /** Everything it stands for has been told. */
  readonly isSynced: boolean
  readonly problem: Problem | undefined
  /** Keys of the identities of its files, with the source's keys; of those too that cannot be made. */
  readonly files: ReadonlyMap<string, string>
}

interface Entry {
  readonly name: string
  /** Identity key of the Dashboard. */
  readonly key: string
  readonly spec: DashboardSpec
  readonly opening: Opening
  readonly uid: string | undefined
  readonly generation: number | undefined
  /** Of the Dashboard, milliseconds since the epoch. */
  readonly createdAt: number | undefined
  /** Of the Dashboard. */
  seen: SeenBefore
  feed: Feed | undefined
  /** Who changed the Dashboard so that it reads this; undefined where that is old. */
  by: Made | undefined
  isSynced: boolean
  /** What was told in this look, by the source's keys. */
  readonly told: Set<string>
  /** Versions that files were made of last, by the source's keys; also before the Dashboard was changed. */
  readonly taken: Map<string, string>
}

/** Dashboards of one GitSync whose text is elsewhere: one stands for one file, or for many. */
export class Feeds {
  readonly #options: FeedsOptions
  readonly #entries = new Map<string, Entry>()
  /** Identity keys of the files of each Dashboard, with the source's own keys. */
  readonly #files = new Map<string, Map<string, string>>()
  /** Whether the GitSync's account may read a kind; undefined while that is not known. */
  readonly #access = new Map<string, boolean>()

  /** Entries that a first comparison waits for: asked for with each change, and there may be thousands. */
  readonly #awaited = new Set<Entry>()
  readonly #surroundings: FeedSurroundings

  constructor(options: FeedsOptions) {
    this.#options = options
    const { client, clock, pool } = options.environment
    const namespace = options.gitsync.slice(0, options.gitsync.indexOf('/'))
    this.#surroundings = {
      client,
      clock,
      namespace,
      configMaps: new ConfigMapWatch(pool, namespace),
      grafanas: options.grafanas,
      nameLogin: options.nameLogin,
    }
  }

  /** Everything has been told that a first comparison needs. */
  get listed(): boolean {
    return this.#awaited.size === 0
  }

  /** All that is known is current. */
  get current(): boolean {
    return this.#entries.values().every(({ feed, isSynced }) => isSynced && feed?.current === true)
  }

  /** Kinds that are to be read, if the GitSync's account may. */
  needs(): readonly ApiResource[] {
    const needed = new Map<string, ApiResource>()
    for (const { opening } of this.#entries.values())
      if (opening.reads !== undefined) needed.set(opening.reads.plural, opening.reads)
    return [...needed.values()]
  }

  /** What was found out. What may not be read any more is not, and its files stay. */
  allow({ plural }: ApiResource, isAllowed: boolean): void {
    if (this.#access.get(plural) === isAllowed) return
    this.#access.set(plural, isAllowed)
    for (const entry of this.#entries.values()) {
      if (entry.opening.reads?.plural !== plural) continue
      if (isAllowed) this.#open(entry)
      else this.#refuse(entry)
    }
    this.#options.handler.stateChanged()
  }

  /** Looks now where that is done only from time to time. */
  lookNow(): void {
    for (const { feed } of this.#entries.values()) feed?.lookNow?.()
  }

  /** What is known of a Dashboard's last state, by its identity key; undefined where its text was not elsewhere. */
  seenBefore(key: string): SeenBefore | undefined {
    return this.#entryOf(key)?.seen
  }

  /**
   * A Dashboard as it is now.
   * @param how.made undefined for what is not news. @param how.isAwaited a first comparison waits for it
   * @returns false where it holds its text itself, or its spec is not accepted
   */
  take(
    object: KubernetesObject,
    how: { readonly seen: SeenBefore; readonly made: Made | undefined; readonly isAwaited: boolean },
  ): boolean {
    const { seen, made: by, isAwaited } = how
    const { name, uid, generation, creationTimestamp = '' } = object.metadata
    const known = this.#entries.get(name)
    if (known !== undefined && known.uid === uid && known.generation === generation && generation !== undefined) {
      known.seen = seen
      return true
    }
    const spec = dashboardSpec(object)
    const opening = spec && openingOf(spec, this.#surroundings)
    if (spec === undefined || opening === undefined) {
      if (known !== undefined) this.#leave(known, spec === undefined ? undefined : { by })
      return false
    }
    const entry: Entry = {
      name,
      key: identityKey(dashboardIdentity(this.#surroundings.namespace, name)),
      spec,
      opening,
      uid,
      generation,
      createdAt: Date.parse(creationTimestamp) || undefined,
      seen,
      feed: undefined,
      by,
      isSynced: false,
      told: new Set(),
      taken: known?.taken ?? new Map(),
    }
    if (opening.host === undefined && (isAwaited || (known !== undefined && this.#awaited.has(known))))
      this.#awaited.add(entry)
    if (known !== undefined) this.#close(known)
    this.#entries.set(name, entry)
    // A file of its own, or one for each of many: the others go before these come.
    if (standsForMany(entry.spec.source)) this.#gone(name, entry.key, by)
    else {
      for (const [file, key] of this.#filesOf(name)) if (key !== '') this.#gone(name, file, by)
      // Also one that the Dashboard had while it held its text itself.
      this.#filesOf(name).set(entry.key, '')
    }
    const { reads } = opening
    const isAllowed = reads === undefined || this.#access.get(reads.plural)
    if (isAllowed === true) this.#open(entry)
    else if (isAllowed === false) this.#refuse(entry)
    else this.#options.handler.asksForAccess()
    return true
  }

  /** A Dashboard went, or is no business of the GitSync any more. @param deleted its last state, where it was seen to go */
  end(key: string, deleted: KubernetesObject | undefined): void {
    const entry = this.#entryOf(key)
    if (entry === undefined) return
    const { name } = entry
    this.#close(entry)
    this.#entries.delete(name)
    for (const file of this.#filesOf(name).keys()) {
      if (deleted === undefined) this.#options.handler.dropped(file)
      else this.#options.handler.deleted(file, { deleted }, () => true)
    }
    this.#files.delete(name)
  }

  /** Ends all of them, as if they had never been: what they have told is forgotten by others. */
  clear(): void {
    for (const entry of this.#entries.values()) this.#close(entry)
    this.#entries.clear()
    this.#files.clear()
  }

  /** Whether a file's text is elsewhere than in its Dashboard. */
  has(identity: ObjectIdentity): boolean {
    if (dashboardOf(identity) === undefined || identity.namespace !== this.#surroundings.namespace) return false
    const [name, key] = partsOf(identity)
    return key !== '' || this.#entries.has(name)
  }

  /** Whether it means something that a Dashboard's file is absent. */
  knows(identity: ObjectIdentity): boolean {
    const [name, key] = partsOf(identity)
    const entry = this.#entries.get(name)
    if (entry === undefined) return true
    const { isSynced, feed } = entry
    return isSynced && feed !== undefined && (feed.knows?.(key) ?? feed.current)
  }

  /** Hosts outside the cluster that it reads. */
  hosts(): string[] {
    return [...this.#entries.values()].flatMap(({ opening: { host } }) => host ?? [])
  }

  stateOf(name: string): FeedState | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    const { seen, opening, isSynced, feed } = entry
    const { reads } = opening
    const isForbidden = reads !== undefined && this.#access.get(reads.plural) === false
    const problem: Problem | undefined = isForbidden ? forbidden(reads, this.#surroundings.namespace) : feed?.problem
    return {
      version: seen.version,
      isMany: standsForMany(entry.spec.source),
      noun: hasMoreThanDashboards(entry.spec.source) ? 'file' : 'dashboard',
      isSynced,
      problem,
      files: this.#filesOf(name),
    }
  }

  /** Reads the text of a file again; undefined where it is not there any more. */
  async reread(identity: ObjectIdentity): Promise<RenderedFile | undefined> {
    const [name, key] = partsOf(identity)
    const entry = this.#entries.get(name)
    const dashboard = await entry?.feed?.read(key)
    if (entry === undefined || dashboard === undefined) return undefined
    return this.#options.render(identity, dashboard, entry.spec)
  }

  /**
   * Whether a file's dashboard is gone: its Dashboard, or that does not stand for it any more, or the source does not have it. Asked live.
   * @throws PushFailure
   */
  async isGone(identity: ObjectIdentity): Promise<boolean> {
    const { environment, gitsync } = this.#options
    const { namespace } = this.#surroundings
    const [name, key] = partsOf(identity)
    if (!isAskable(name)) return false
    let live: KubernetesObject
    try {
      live = await environment.client.get(DASHBOARDS, namespace, name)
    } catch (error) {
      if (isKubeError(error, 'NotServed')) return false
      // It may have gone with its kind.
      if (isKubeError(error, 'NotFound'))
        return await environment.proof.isGone(dashboardIdentity(identity.namespace, name))
      throw clusterFailure(`cannot read Dashboard ${namespace}/${name}`, error)
    }
    const spec = dashboardSpec(live)
    const opening = spec && openingOf(spec, this.#surroundings)
    if (spec === undefined || syncOf(live) !== gitsync) return false
    if (standsForMany(spec.source) !== (key !== '')) return true
    if (opening === undefined) return false
    const entry = this.#entries.get(name)
    const isTakenIn =
      entry !== undefined && entry.uid === live.metadata.uid && entry.generation === live.metadata.generation
    return isTakenIn && entry.feed !== undefined && (await entry.feed.isGone(key))
  }

  #open(entry: Entry): void {
    if (entry.feed !== undefined) return
    const { handler } = this.#options
    const { namespace } = this.#surroundings
    const feed = entry.opening.make(this.#surroundings, entry.createdAt)
    entry.feed = feed
    const isOpen = (): boolean => this.#entries.get(entry.name) === entry && entry.feed === feed
    const identityOf = (key: string): ObjectIdentity =>
      dashboardIdentity(namespace, key === '' ? entry.name : `${entry.name}/${key}`)
    const own: FeedHandler = {
      told: (dashboard, by) => {
        if (!isOpen()) return
        const identity = identityOf(dashboard.key)
        const file = identityKey(identity)
        entry.told.add(dashboard.key)
        this.#filesOf(entry.name).set(file, dashboard.key)
        if (isHistory(dashboard)) {
          const made = entry.isSynced || entry.by === undefined ? (isWritten(by) ? {} : by) : entry.by
          handler.followed(identity, dashboard, { spec: entry.spec, made })
          return
        }
        // In the first look at what the Dashboard says now it is the Dashboard that was changed, where the source was not.
        const { key, version } = dashboard
        const isAsBefore = (entry.taken.get(key) ?? version) === version
        handler.written(file, entry.isSynced || !isAsBefore ? by : (entry.by ?? by), () => {
          if (!isOpen() || !this.#has(entry.name, file)) return undefined
          entry.taken.set(key, version)
          return this.#options.render(identity, dashboard, entry.spec)
        })
      },
      gone: (key, how) => {
        if (!isOpen()) return
        const file = identityKey(identityOf(key))
        entry.told.delete(key)
        entry.taken.delete(key)
        this.#filesOf(entry.name).delete(file)
        handler.deleted(file, how, () => !this.#has(entry.name, file))
      },
      vanished: (key) => {
        if (!isOpen()) return
        entry.told.delete(key)
        entry.taken.delete(key)
        this.#gone(entry.name, identityKey(identityOf(key)), undefined)
      },
      synced: () => {
        if (!isOpen()) return
        if (!entry.isSynced)
          for (const [file, key] of this.#filesOf(entry.name)) {
            if (entry.told.has(key)) continue
            entry.taken.delete(key)
            // What a Dashboard stands for alone is missing, and not gone.
            const isSeen = key !== '' && entry.opening.host === undefined
            this.#gone(entry.name, file, isSeen ? entry.by : undefined)
          }
        const isAwaited = this.#awaited.delete(entry)
        entry.isSynced = true
        entry.by = undefined
        handler.synced({ isAwaited, covers: (identity) => dashboardOf(identity)?.name === entry.name })
      },
      looked: () => {
        if (isOpen()) for (const file of this.#filesOf(entry.name).keys()) handler.looked(file)
      },
      stateChanged: () => {
        if (!isOpen()) return
        // What cannot be read for now keeps nobody else waiting.
        if (feed.problem !== undefined) this.#awaited.delete(entry)
        handler.stateChanged()
      },
    }
    feed.open(own)
  }

  /** Its account may not read: what is in Git stays. */
  #refuse(entry: Entry): void {
    this.#close(entry)
    entry.isSynced = false
    entry.told.clear()
    entry.taken.clear()
    for (const file of this.#filesOf(entry.name).keys()) this.#gone(entry.name, file, undefined)
  }

  /** The Dashboard holds its text itself now, or nobody knows what it wants: then nobody has seen its files go. */
  #leave(entry: Entry, now: { readonly by: Made | undefined } | undefined): void {
    this.#close(entry)
    this.#entries.delete(entry.name)
    for (const [file, key] of this.#filesOf(entry.name)) {
      if (now !== undefined && key === '') continue
      this.#gone(entry.name, file, now?.by)
    }
    this.#files.delete(entry.name)
  }

  #close(entry: Entry): void {
    this.#awaited.delete(entry)
    entry.feed?.close()
    entry.feed = undefined
  }

  /** A file that a Dashboard does not stand for any more. @param by undefined where nobody saw why */
  #gone(name: string, file: string, by: Made | undefined): void {
    const { handler } = this.#options
    this.#files.get(name)?.delete(file)
    if (by === undefined) handler.dropped(file)
    else handler.deleted(file, { by }, () => !this.#has(name, file))
  }

  /** By the identity key of the Dashboard: others of that name are in other namespaces, or of other kinds. */
  #entryOf(key: string): Entry | undefined {
    const entry = this.#entries.get(key.slice(key.lastIndexOf('/') + 1))
    return entry?.key === key ? entry : undefined
  }

  #has(dashboard: string, file: string): boolean {
    return this.#files.get(dashboard)?.has(file) === true
  }

  #filesOf(name: string): Map<string, string> {
    const known = this.#files.get(name)
    if (known !== undefined) return known
    const files = new Map<string, string>()
    this.#files.set(name, files)
    return files
  }
}

/** Name of the Dashboard, and the source's key; '' where the file is the Dashboard's own. */
function partsOf({ name }: ObjectIdentity): readonly [dashboard: string, key: string] {
  const slash = name.indexOf('/')
  return slash < 0 ? [name, ''] : [name.slice(0, slash), name.slice(slash + 1)]
}

function forbidden({ kind, plural, group }: ApiResource, namespace: string): Problem {
  const message = `the ServiceAccount of the GitSync may not list and watch ${kind} in namespace ${namespace} (resource ${plural}, group "${group}"); the files stay`
  return { reason: 'Forbidden', message }
}
