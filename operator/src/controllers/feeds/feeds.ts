import { dashboardSpec } from '../../api/parse.ts'
import { hasMoreThanDashboards, standsForMany } from '../../api/dashboard.ts'
import type { ApiResource } from '../../kube/discovery.ts'
import { isKubeError } from '../../kube/errors.ts'
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
import { ConfigMapWatch } from './config-map-watch.ts'
import { Entry } from './entry.ts'
import type { EntryContext } from './entry.ts'
import type { FeedsHandler } from './feeds-handler.ts'
import { openingOf } from './opening.ts'
import type { FeedSurroundings } from './opening.ts'

export interface FeedsOptions {
  readonly environment: Pick<Environment, 'pool' | 'client' | 'clock' | 'proof'>
  /** namespace/name of the GitSync. */
  readonly gitsync: string
  /** Undefined where no Grafana is asked. */
  readonly grafanas?: GrafanaPort | undefined
  /** Whom a commit names for a login of another system. */
  readonly nameLogin: FeedSurroundings['nameLogin']
  readonly render: EntryContext['render']
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

/** Dashboards of one GitSync whose text is elsewhere: one stands for one file, or for many. */
export class Feeds {
  readonly #options: FeedsOptions
  readonly #entries = new Map<string, Entry>()
  /** Whether the GitSync's account may read a kind; undefined while that is not known. */
  readonly #access = new Map<string, boolean>()
  /** Entries that a first comparison waits for: asked for with each change, and there may be thousands. */
  readonly #awaited = new Set<Entry>()
  readonly #surroundings: FeedSurroundings
  readonly #context: EntryContext

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
    this.#context = {
      surroundings: this.#surroundings,
      handler: options.handler,
      render: options.render,
      holds: (dashboard, file) => this.#entries.get(dashboard)?.files.has(file) === true,
      settle: (entry) => this.#awaited.delete(entry),
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
    for (const {
      taken: { opening },
    } of this.#entries.values())
      if (opening.reads !== undefined) needed.set(opening.reads.plural, opening.reads)
    return [...needed.values()]
  }

  /** What was found out. What may not be read any more is not, and its files stay. */
  allow({ plural }: ApiResource, isAllowed: boolean): void {
    if (this.#access.get(plural) === isAllowed) return
    this.#access.set(plural, isAllowed)
    for (const entry of this.#entries.values()) {
      if (entry.taken.opening.reads?.plural !== plural) continue
      if (isAllowed) entry.open()
      else entry.refuse()
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
    if (known !== undefined && generation !== undefined && isSame(known, object.metadata)) {
      known.seen = seen
      return true
    }
    const spec = dashboardSpec(object)
    const opening = spec && openingOf(spec, this.#surroundings)
    if (spec === undefined || opening === undefined) {
      if (known !== undefined) this.#leave(known, spec === undefined ? undefined : { by })
      return false
    }
    const createdAt = Date.parse(creationTimestamp) || undefined
    const taken = { name, spec, opening, uid, generation, createdAt }
    const entry = new Entry(taken, { seen, by, before: known }, this.#context)
    if (opening.host === undefined && (isAwaited || (known !== undefined && this.#awaited.has(known))))
      this.#awaited.add(entry)
    known?.close()
    this.#entries.set(name, entry)
    // A file of its own, or one for each of many: the others go before these come.
    if (standsForMany(spec.source)) entry.drop(entry.key, by)
    else {
      for (const [file, key] of entry.files) if (key !== '') entry.drop(file, by)
      // Also one that the Dashboard had while it held its text itself.
      entry.files.set(entry.key, '')
    }
    const { reads } = opening
    const isAllowed = reads === undefined || this.#access.get(reads.plural)
    if (isAllowed === true) entry.open()
    else if (isAllowed === false) entry.refuse()
    else this.#options.handler.asksForAccess()
    return true
  }

  /** A Dashboard went, or is no business of the GitSync any more. @param deleted its last state, where it was seen to go */
  end(key: string, deleted: KubernetesObject | undefined): void {
    const entry = this.#entryOf(key)
    if (entry === undefined) return
    entry.close()
    this.#entries.delete(entry.taken.name)
    for (const file of entry.files.keys()) {
      if (deleted === undefined) this.#options.handler.dropped(file)
      else this.#options.handler.deleted(file, { deleted }, () => true)
    }
  }

  /** Ends all of them, as if they had never been: what they have told is forgotten by others. */
  clear(): void {
    for (const entry of this.#entries.values()) entry.close()
    this.#entries.clear()
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
    return [...this.#entries.values()].flatMap(({ taken }) => taken.opening.host ?? [])
  }

  stateOf(name: string): FeedState | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    const { seen, isSynced, feed, files } = entry
    const { spec, opening } = entry.taken
    const { reads } = opening
    const isForbidden = reads !== undefined && this.#access.get(reads.plural) === false
    const problem: Problem | undefined = isForbidden ? forbidden(reads, this.#surroundings.namespace) : feed?.problem
    return {
      version: seen.version,
      isMany: standsForMany(spec.source),
      noun: hasMoreThanDashboards(spec.source) ? 'file' : 'dashboard',
      isSynced,
      problem,
      files,
    }
  }

  /** Reads the text of a file again; undefined where it is not there any more. */
  async reread(identity: ObjectIdentity): Promise<RenderedFile | undefined> {
    const [name, key] = partsOf(identity)
    const entry = this.#entries.get(name)
    const dashboard = await entry?.feed?.read(key)
    if (entry === undefined || dashboard === undefined) return undefined
    return this.#options.render(identity, dashboard, entry.taken.spec)
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
    const isTakenIn = entry !== undefined && isSame(entry, live.metadata)
    return isTakenIn && entry.feed !== undefined && (await entry.feed.isGone(key))
  }

  /** The Dashboard holds its text itself now, or nobody knows what it wants: then nobody has seen its files go. */
  #leave(entry: Entry, now: { readonly by: Made | undefined } | undefined): void {
    entry.close()
    this.#entries.delete(entry.taken.name)
    for (const [file, key] of entry.files) if (now === undefined || key !== '') entry.drop(file, now?.by)
  }

  /** By the identity key of the Dashboard: others of that name are in other namespaces, or of other kinds. */
  #entryOf(key: string): Entry | undefined {
    const entry = this.#entries.get(key.slice(key.lastIndexOf('/') + 1))
    return entry?.key === key ? entry : undefined
  }
}

/** Whether an entry is of the Dashboard as it is: of that object, with that spec. */
const isSame = ({ taken }: Entry, { uid, generation }: KubernetesObject['metadata']): boolean =>
  taken.uid === uid && taken.generation === generation

/** Name of the Dashboard, and the source's key; '' where the file is the Dashboard's own. */
function partsOf({ name }: ObjectIdentity): readonly [dashboard: string, key: string] {
  const slash = name.indexOf('/')
  return slash < 0 ? [name, ''] : [name.slice(0, slash), name.slice(slash + 1)]
}

function forbidden({ kind, plural, group }: ApiResource, namespace: string): Problem {
  const message = `the ServiceAccount of the GitSync may not list and watch ${kind} in namespace ${namespace} (resource ${plural}, group "${group}"); the files stay`
  return { reason: 'Forbidden', message }
}
