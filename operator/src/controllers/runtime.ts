import type { GitSyncStatus } from '../api/gitsync.ts'
import type { GitSync } from '../api/parse.ts'
import { identityKey } from '../objects/object.ts'
import type { GroupKind, KubernetesObject, ObjectIdentity } from '../objects/object.ts'
import type { SeenBefore } from '../plan/attribution.ts'
import type { Inventory } from '../plan/inventory.ts'
import { Member } from '../push/member.ts'
import type { MemberSettings } from '../push/member-settings.ts'
import type { PullRequestStatus } from '../push/review/review-settings.ts'
import type { SigningKey } from '../push/signing.ts'
import type { Connection } from '../push/stage.ts'
import type { Protection } from '../render/secrets/protection.ts'
import type { Span } from '../trace/tracer.ts'
import { Authorship } from './authorship.ts'
import type { Authors } from './authorship.ts'
import { clusterPort } from './cluster-port.ts'
import { nameOf } from './environment.ts'
import type { Environment } from './environment.ts'
import { Holding } from './holding.ts'
import type { Held } from './holding.ts'
import type { InventoryStore } from './inventory-store.ts'
import { Renderer } from './renderer.ts'
import type { Rendering } from './renderer.ts'
import { askedBy, handledBefore } from './requests.ts'
import type { Asked } from './requests.ts'
import { SourceSet } from './source-set.ts'
import type { Reading } from './source-set.ts'
import type { Source, SourceHandler } from './source.ts'
import type { Problem } from './step.ts'

/** A GitSync at work: hands what its sources tell, rendered and with its author, to its member of the branch. */
export class Runtime {
  readonly uid: string
  /** Repository, branch and folder: a GitSync that moves begins anew. */
  readonly place: string
  readonly member: Member
  connection: Connection | undefined
  /** What people have asked for that was taken on. */
  accepted: Asked
  signing: SigningKey | undefined
  readonly #environment: Environment
  readonly #name: string
  readonly #sources: SourceSet
  readonly #renderer: Renderer
  readonly #authorship: Authorship
  /** Everything that the spec selects is being read. */
  #isWhole = false
  readonly #holding: Holding | undefined
  readonly #endListening: () => void

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
    const { records, late } = environment
    const holding = late.audit || late.deletions ? new Holding({ clock, graceMs: late.graceMs }) : undefined
    this.#holding = holding
    this.#endListening = holding === undefined ? () => undefined : records.listen(() => holding.look())
    this.#authorship = new Authorship(environment)
    this.#renderer = new Renderer(() => report(this.#name))
    this.#sources = new SourceSet({ pool, namespaces, handler: this.#handler })
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
        renderer: this.#renderer,
        store: started.store,
        isWhole: () => this.#isWhole,
      }),
      budget,
      clock,
      ...(observedCommit === undefined ? {} : { observedCommit }),
      pullRequest: requestOf(gitsync.status?.pullRequest),
      ...(last === undefined ? {} : { lastCommit: { sha: last.sha, time: Date.parse(last.time ?? '') || 0 } }),
      onWork: () => writers.kick(this.#name),
      onReport: () => report(this.#name),
    })
  }

  /** How authors are found and named from now on. */
  set authors(authors: Authors) {
    this.#authorship.authors = authors
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
    if (isOther) this.#holding?.flush()
    for (const source of this.#sources.retain(isSame ? readings : [])) this.#renderer.forgetAll(source)
    this.#drop((identity) => this.#sources.of(identity) === undefined)
    this.#sources.open(readings)
    this.member.judgeAgain()
    if (isOther) this.#environment.writers.kick(this.#name)
  }

  /** Stops reading and writing. What is not in Git yet is found again by comparison. */
  close(): void {
    this.#sources.close()
    this.#endListening()
    this.#holding?.close()
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
  unrenderable(): Iterable<readonly [key: string, why: Problem]> {
    return this.#renderer.problems()
  }

  /** Everything that can be read has been read. */
  get listed(): boolean {
    return this.#sources.listed
  }

  readonly #handler: SourceHandler = {
    selected: (object, source) => {
      const key = identityKey(source.identityOf(object))
      this.#whenKnown(key, {
        isKnown: () => this.#authorship.knowsWriter(object, this.#seenBefore(key)),
        run: () => this.#selected(key, object, source),
      })
    },
    unselected: (key) => {
      const run = (): void => {
        this.#renderer.forget(key)
        this.member.dropped(key)
      }
      this.#whenKnown(key, { isKnown: () => true, run })
    },
    deleted: (key, object) =>
      this.#whenKnown(key, {
        isKnown: () => this.#authorship.knowsDeleter(object),
        run: () => this.#deleted(key, object),
      }),
    goneUnwritten: () => this.member.requireCompare('relist'),
    synced: (source, present) => {
      this.#holding?.flush()
      this.#drop((identity, key) => source.covers(identity) && !present.has(key))
      this.member.listedMore()
    },
    relisted: (source) => this.member.listedAnew((identity) => source.covers(identity)),
    stateChanged: () => {
      this.member.judgeAgain()
      this.#environment.report(this.#name)
      this.#environment.writers.kick(this.#name)
    },
  }

  /** Some tell later than it happens. What the first list tells is news to nobody. */
  #whenKnown(key: string, held: Held): void {
    if (this.#holding === undefined || !this.listed) held.run()
    else this.#holding.offer(key, held)
  }

  #selected(key: string, object: KubernetesObject, source: Source): void {
    const edit = this.#startEdit(key)
    const { tracer } = this.#environment
    const rendering = edit && tracer.start('render', { parent: edit.context })
    const rendered = this.#renderer.render(object, source)
    if (rendered === undefined) edit?.fail('unrenderable')
    rendering?.end()
    edit?.end()
    if (rendered === undefined) return
    const { file, bytes } = rendered
    const attribution = this.#authorship.ofState(object, this.#seenBefore(key))
    const { resourceVersion: version } = object.metadata
    this.member.set({ ...file, newest: attribution.newest, version }, bytes, {
      ...this.#authorship.madeBy(attribution, version),
      span: edit?.context,
    })
  }

  #deleted(key: string, object: KubernetesObject): void {
    this.#renderer.forget(key)
    const edit = this.#startEdit(key)
    this.member.deleted(key, { ...this.#authorship.deletedBy(object), span: edit?.context })
    edit?.end()
  }

  #seenBefore(key: string): SeenBefore {
    return this.member.desired.ofObject(key) ?? {}
  }

  #drop(isGone: (identity: ObjectIdentity, key: string) => boolean): void {
    const { desired } = this.member
    for (const key of desired.keys()) {
      const identity = desired.ofObject(key)?.identity
      if (identity !== undefined && isGone(identity, key)) this.member.dropped(key)
    }
  }

  /** Undefined while nothing is traced, and for what is not news: the objects of the first list. */
  #startEdit(key: string): Span | undefined {
    const { tracer } = this.#environment
    if (!tracer.isEnabled || !this.listed) return undefined
    return tracer.start('edit', { attributes: { 'gitsync.member': this.#name, 'gitsync.object': key } })
  }
}

/** What the status says of a request; a state that nobody knows was written by somebody else. */
function requestOf(request: GitSyncStatus['pullRequest']): PullRequestStatus | undefined {
  const { state } = request ?? {}
  if (request === undefined || (state !== 'Open' && state !== 'Merged' && state !== 'Closed')) return undefined
  return { ...request, state }
}
