import type { GitSync } from '../api/parse.ts'
import { identityKey } from '../objects/object.ts'
import type { GroupKind, KubernetesObject, ObjectIdentity } from '../objects/object.ts'
import type { SeenBefore } from '../plan/attribution.ts'
import type { Inventory } from '../plan/inventory.ts'
import { Member } from '../push/member.ts'
import type { MemberSettings } from '../push/member-settings.ts'
import type { SigningKey } from '../push/signing.ts'
import type { Connection } from '../push/connection.ts'
import type { Protection } from '../render/secrets/protection.ts'
import type { Authors } from './authorship.ts'
import { clusterPort } from './cluster-port.ts'
import { nameOf } from './environment.ts'
import type { Environment } from './environment.ts'
import { Feeds } from './feeds/feeds.ts'
import type { FeedsHandler } from './feeds/feeds-handler.ts'
import { stablePath } from './feeds/stable-path.ts'
import { followedIn } from './grafana/followed-dashboard.ts'
import { grafanaPort } from './grafana/grafana-port.ts'
import { Histories } from './grafana/histories.ts'
import type { HistoryState } from './grafana/dashboard-history.ts'
import { Intake } from './intake.ts'
import type { InventoryStore } from './inventory-store.ts'
import { dashboardOf, isDashboardKind } from './known-resources.ts'
import { requestsBefore } from './pull-requests.ts'
import { syncOf } from './render-dashboard.ts'
import { Renderer } from './renderer.ts'
import type { Rendering, Unrendered } from './renderer.ts'
import { askedBy, handledBefore } from './requests.ts'
import type { Asked } from './requests.ts'
import { SourceSet } from './source-set.ts'
import type { Reading } from './source-set.ts'
import type { Source, SourceHandler } from './source.ts'

/** A GitSync at work: hands what its sources tell to its member of the branch. */
export class Runtime {
  readonly uid: string
  /** Repository, branch and folder: a GitSync that moves begins anew. */
  readonly place: string
  readonly member: Member
  /** Dashboards whose text is elsewhere. */
  readonly feeds: Feeds
  readonly #histories: Histories
  connection: Connection | undefined
  /** What people have asked for that was taken on. */
  accepted: Asked
  signing: SigningKey | undefined
  readonly #environment: Environment
  readonly #name: string
  readonly #sources: SourceSet
  readonly #renderer: Renderer
  readonly #intake: Intake
  /** Everything that the spec selects is being read. */
  #isWhole = false

  constructor(
    environment: Environment,
    gitsync: GitSync,
    started: {
      readonly place: string
      /** Branch that is pushed to. */
      readonly branch: string
      readonly settings: MemberSettings
      readonly inventory: Inventory
      readonly store: InventoryStore
    },
  ) {
    this.place = started.place
    this.uid = gitsync.metadata.uid ?? ''
    this.#environment = environment
    this.#name = nameOf(gitsync)
    this.accepted = handledBefore(askedBy(gitsync.metadata.annotations), gitsync.status?.lastHandledRequest)
    const { clock, budget, writers, report, pool, namespaces } = environment
    this.#intake = new Intake({
      environment,
      name: this.#name,
      member: () => this.member,
      isListed: () => this.listed,
    })
    this.#renderer = new Renderer(this.#name, () => report(this.#name))
    this.#sources = new SourceSet({ pool, namespaces, handler: this.#handler })
    const grafanas = grafanaPort(environment, this.#name)
    this.feeds = new Feeds({
      environment,
      gitsync: this.#name,
      grafanas,
      nameLogin: (login) => this.#intake.byLogin(login),
      handler: this.#fed,
      render: (identity, dashboard, spec) =>
        this.#renderer.renderFed(identity, dashboard, {
          spec,
          placed: (wanted, suffixed) => stablePath(this.member, identity, { wanted, suffixed }),
        }),
    })
    this.#histories = new Histories({
      grafanas,
      member: () => this.member,
      connection: () => this.connection,
      branches: [started.branch, started.settings.review?.base ?? started.branch],
      nameLogin: (login) => this.#intake.byLogin(login),
      report: () => report(this.#name),
    })
    const last = gitsync.status?.lastCommit
    // Of another place it says nothing.
    const isSame = started.inventory.size > 0 && (gitsync.status?.branch ?? started.branch) === started.branch
    const observedCommit = isSame ? gitsync.status?.observedCommit : undefined
    this.member = new Member({
      name: this.#name,
      settings: started.settings,
      inventory: started.inventory,
      port: clusterPort({
        environment,
        name: this.#name,
        sources: this.#sources,
        feeds: this.feeds,
        histories: this.#histories,
        renderer: this.#renderer,
        store: started.store,
        isWhole: () => this.#isWhole,
      }),
      budget,
      clock,
      ...(observedCommit === undefined ? {} : { observedCommit }),
      pullRequests: requestsBefore(gitsync.status, started.branch),
      ...(last === undefined ? {} : { lastCommit: { sha: last.sha, time: Date.parse(last.time ?? '') || 0 } }),
      onWork: () => writers.kick(this.#name),
      onReport: () => {
        report(this.#name)
        this.#histories.look()
      },
    })
  }

  /** How authors are found and named from now on. */
  set authors(authors: Authors) {
    this.#intake.authors = authors
  }

  /**
   * Reads these kinds from now on and no others. Files of kinds that are no longer read stay in Git.
   * @param how.isWhole nothing that the spec selects is left out
   */
  read(
    readings: readonly Reading[],
    rendering: Rendering,
    { isWhole, protection }: { readonly isWhole: boolean; readonly protection: Protection | undefined },
  ): void {
    this.#isWhole = isWhole
    const isSame = this.#renderer.use(rendering, protection)
    const isOther = !isSame || !this.#sources.reads(readings)
    if (isOther) this.#intake.flush()
    for (const source of this.#sources.retain(isSame ? readings : [])) {
      this.#renderer.forgetAll(source)
      if (isDashboardKind(source.resource)) this.feeds.clear()
    }
    if (isOther) {
      this.#histories.endAll((identity) => this.#sources.of(identity) === undefined)
      this.#drop((identity) => this.#sources.of(identity) === undefined)
    }
    this.#sources.open(readings)
    this.member.objects.judgeAgain()
    if (isOther) this.#environment.writers.kick(this.#name)
  }

  /** Stops reading and writing. What is not in Git yet is found again by comparison. */
  close(): void {
    this.#sources.close()
    this.feeds.clear()
    this.#histories.close()
    this.#intake.close()
    this.#environment.writers.detach(this.#name)
    this.#environment.repositories.release(this.connection)
    this.member.close()
  }

  /** The version in which a kind is read; undefined when it is not. */
  versionOf(kind: GroupKind): string | undefined {
    return this.#sources.versionOf(kind)
  }

  /** Kinds that only `kind: "*"` stands for and that the operator may not read, or cannot. */
  leftOut(): ReturnType<SourceSet['leftOut']> {
    return this.#sources.leftOut()
  }

  /** Kinds that cannot be listed for now, and why. */
  unreadable(): ReturnType<SourceSet['unreadable']> {
    return this.#sources.unreadable(this.#environment.clock.now())
  }

  /** Objects that could not be made a file, and why. */
  unrenderable(): Iterable<readonly [key: string, why: Unrendered]> {
    return this.#renderer.problems()
  }

  /** Why an object could not be made a file; undefined for one that could, and for one that is not selected. */
  problemOf(key: string): Unrendered | undefined {
    return this.#renderer.problemOf(key)
  }

  /** How it stands with a Dashboard whose history is followed; undefined for any other. */
  historyOf(key: string): HistoryState | undefined {
    return this.#histories.stateOf(key)
  }

  /** Hosts of the Grafanas that it follows. */
  grafanaHosts(): readonly string[] {
    return [...this.feeds.hosts(), ...this.#histories.hosts()]
  }

  /** Whatever is asked from time to time is asked now. */
  askNow(): void {
    this.feeds.lookNow()
    this.#histories.askNow()
  }

  /** Everything that can be read has been read. */
  get listed(): boolean {
    return this.#sources.listed && this.feeds.listed
  }

  readonly #handler: SourceHandler = {
    selected: (object, source) => {
      const key = identityKey(source.identityOf(object))
      this.#intake.whenKnown(key, {
        isKnown: () => this.#intake.knowsWriter({ object, before: this.#seenBefore(key) }),
        run: () => this.#selected(key, object, source),
      })
    },
    unselected: (key, source) => {
      const run = (): void => {
        this.#renderer.forget(key)
        this.member.objects.dropped(key)
        if (isDashboardKind(source.resource)) this.feeds.end(key, undefined)
        this.#histories.end(key)
      }
      this.#intake.whenKnown(key, { isKnown: () => true, run })
    },
    deleted: (key, object, source) =>
      this.#intake.whenKnown(key, {
        isKnown: () => this.#intake.knowsDeleter(object),
        run: () => {
          // It may have a file all the same, of a time when one could be made of it.
          if (this.#renderer.problemOf(key) !== undefined || this.feeds.seenBefore(key) !== undefined)
            this.member.requireCompare('relist')
          this.#deleted(key, object)
          if (isDashboardKind(source.resource)) this.feeds.end(key, object)
        },
      }),
    goneUnwritten: () => this.member.requireCompare('relist'),
    synced: (source, present) => {
      this.#intake.flush()
      this.#drop((identity) => source.covers(identity) && !present.has(identityKey(dashboardOf(identity) ?? identity)))
      this.member.objects.listedMore()
    },
    relisted: (source) => this.member.objects.listedAnew((identity) => source.covers(identity)),
    stateChanged: () => this.#stateChanged(),
  }

  readonly #fed: FeedsHandler = {
    written: (key, by, render) =>
      this.#intake.whenKnown(key, {
        isKnown: () => this.#intake.knowsWriter(by),
        run: () => this.#intake.written(key, render, () => this.#intake.madeBy(by)),
      }),
    followed: (identity, dashboard, how) => {
      const placed = (wanted: string, suffixed: string): string =>
        stablePath(this.member, identity, { wanted, suffixed })
      const followed = followedIn(dashboard, { ...how, placed })
      if (followed !== undefined) this.#histories.follow(identity, followed)
    },
    looked: (key) => this.#histories.askNow(key),
    deleted: (key, how, isStill) =>
      this.#intake.whenKnown(key, {
        isKnown: () => {
          if ('deleted' in how) return this.#intake.knowsDeleter(how.deleted)
          return this.#intake.knowsWriter(how.by)
        },
        run: () => {
          if (!isStill()) return
          if ('deleted' in how) return this.#deleted(key, how.deleted)
          this.#renderer.forget(key)
          this.#histories.end(key)
          this.member.objects.deleted(key, this.#intake.madeBy(how.by))
        },
      }),
    dropped: (key) => {
      this.#renderer.forget(key)
      this.#histories.end(key)
      this.member.objects.dropped(key)
    },
    synced: ({ isAwaited, covers }) => {
      if (isAwaited) this.member.objects.listedMore()
      else this.member.objects.listedAnew(covers)
      this.#stateChanged()
    },
    stateChanged: () => this.#stateChanged(),
    asksForAccess: () => this.#environment.enqueue(this.#name),
  }

  #stateChanged(): void {
    this.member.objects.judgeAgain()
    this.#environment.report(this.#name)
    this.#environment.writers.kick(this.#name)
  }

  #selected(key: string, object: KubernetesObject, source: Source): void {
    const { made, ...seen } = this.#intake.stateOf(object, this.#seenBefore(key))
    if (isDashboardKind(source.resource) && syncOf(object) === this.#name) {
      // What the first list tells is news to nobody.
      const isNews = this.listed
      const isFed = this.feeds.take(object, { seen, made: isNews ? made : undefined, isAwaited: !isNews })
      if (isFed) return this.#histories.end(key)
      if (this.#histories.take(object, source.identityOf(object), made)) return this.#renderer.forget(key)
    }
    this.#intake.written(
      key,
      () => this.#renderer.render(object, source),
      () => made,
      seen,
    )
  }

  #deleted(key: string, object: KubernetesObject): void {
    this.#renderer.forget(key)
    this.#histories.end(key)
    this.#intake.deleted(key, object)
  }

  #seenBefore(key: string): SeenBefore {
    return this.feeds.seenBefore(key) ?? this.member.desired.ofObject(key) ?? {}
  }

  #drop(isGone: (identity: ObjectIdentity, key: string) => boolean): void {
    const { desired } = this.member
    for (const key of desired.keys()) {
      const identity = desired.ofObject(key)?.identity
      if (identity !== undefined && isGone(identity, key)) this.member.objects.dropped(key)
    }
  }
}
