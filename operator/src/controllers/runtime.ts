import PQueue from 'p-queue'
import type { GitSyncStatus } from '../api/gitsync.ts'
import type { GitSync } from '../api/parse.ts'
import { isKubeError } from '../kube/errors.ts'
import { groupKindKey, identityKey, parseApiVersion } from '../objects/object.ts'
import type { GroupKind, KubernetesObject } from '../objects/object.ts'
import { attribute } from '../plan/attribution.ts'
import type { Attribution } from '../plan/attribution.ts'
import { nameAuthor, nameUser } from '../plan/authors/naming.ts'
import type { Naming } from '../plan/authors/naming.ts'
import { AUTHOR_SOURCES } from '../plan/authors/source.ts'
import type { AuthorSource } from '../plan/authors/source.ts'
import type { DesiredFile } from '../plan/desired-files.ts'
import type { Exclusions } from '../plan/exclusions.ts'
import type { Inventory } from '../plan/inventory.ts'
import type { Connection } from '../push/stage.ts'
import { PushFailure } from '../push/failure.ts'
import { contentId, Member } from '../push/member.ts'
import type { Made } from '../push/member.ts'
import type { SigningKey } from '../push/signing.ts'
import type { ClusterPort, MemberSettings, RenderedFile } from '../push/member-settings.ts'
import type { PullRequestStatus } from '../push/review/review-settings.ts'
import type { PathRule } from '../render/path-rule.ts'
import { renderObject } from '../render/render.ts'
import type { Protection } from '../render/secrets/protection.ts'
import { ProtectionError } from '../render/secrets/protection-error.ts'
import type { RenderOptions } from '../render/render.ts'
import { NoPathError } from '../render/template-error.ts'
import type { Span } from '../trace/tracer.ts'
import { deletionProof } from './deletion-proof.ts'
import { nameOf } from './environment.ts'
import type { Environment } from './environment.ts'
import { Holding } from './holding.ts'
import type { InventoryStore } from './inventory-store.ts'
import { Source } from './source.ts'
import type { SourceHandler, SourceRule } from './source.ts'
import { askedBy, handledBefore } from './requests.ts'
import type { Asked } from './requests.ts'
import type { Problem } from './step.ts'

/** One kind that a GitSync may read. */
export interface Reading {
  readonly resource: Source['resource']
  readonly rules: readonly SourceRule[]
  readonly exclusions: Exclusions
  /** Only `kind: "*"` stands for it: what the operator may not read is left out. */
  readonly isByWildcard: boolean
}

/** How objects become files. */
export interface Rendering {
  readonly pathOf: PathRule
  readonly options: Omit<RenderOptions, 'hasStatus'>
  /** Equal for equal renderings. */
  readonly id: string
}

/** How authors are found and named. */
export interface Authors {
  readonly sources: ReadonlySet<AuthorSource>
  readonly naming: Naming
}

/** All sources, and names as they come. */
export const EVERY_AUTHOR: Authors = { sources: new Set(AUTHOR_SOURCES), naming: {} }

const REREAD_AT_ONCE = 8

/** A GitSync at work: reads what it may, renders it, and hands it to its member of the branch. */
export class Runtime {
  readonly uid: string
  /** Repository, branch and folder: a GitSync that moves begins anew. */
  readonly place: string
  readonly member: Member
  connection: Connection | undefined
  /** What people have asked for that was taken on. */
  accepted: Asked
  signing: SigningKey | undefined
  authors: Authors = EVERY_AUTHOR
  readonly #environment: Environment
  readonly #name: string
  readonly #sources = new Map<string, Source>()
  /** Sources that only `kind: "*"` stands for. */
  readonly #byWildcard = new Set<string>()
  /** Undefined until it reads. */
  #rendering: Rendering | undefined
  #reading = false
  /** Everything that the spec selects is being read. */
  #isWhole = false
  /** Objects that could not be made a file, and why. */
  readonly #unrenderable = new Map<string, { readonly problem: Problem; readonly source: Source }>()
  /** Undefined while nothing is sensitive; a Secret cannot be rendered then. */
  #protection: Protection | undefined
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
    const { clock, budget, writers, report } = environment
    const { records, auditGraceMs } = environment
    const holding = auditGraceMs === undefined ? undefined : new Holding({ clock, graceMs: auditGraceMs })
    this.#holding = holding
    this.#endListening = holding === undefined ? () => undefined : records.listen(() => holding.look())
    const last = gitsync.status?.lastCommit
    // Of another place it says nothing.
    const isSame = started.inventory.size > 0 && (gitsync.status?.branch ?? started.branch) === started.branch
    const observedCommit = isSame ? gitsync.status?.observedCommit : undefined
    this.member = new Member({
      name: this.#name,
      settings: started.settings,
      inventory: started.inventory,
      port: this.#port(started.store),
      budget,
      clock,
      ...(observedCommit === undefined ? {} : { observedCommit }),
      pullRequest: requestOf(gitsync.status?.pullRequest),
      ...(last === undefined ? {} : { lastCommit: { sha: last.sha, time: Date.parse(last.time ?? '') || 0 } }),
      onWork: () => writers.kick(this.#name),
      onReport: () => report(this.#name),
    })
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
    const isSame = rendering.id === this.#rendering?.id && protection?.id === this.#protection?.id
    this.#protection = protection
    this.#rendering = rendering
    const wanted = new Map(readings.map((reading) => [sourceKey(reading), reading]))
    this.#byWildcard.clear()
    for (const [key, { isByWildcard }] of wanted) if (isByWildcard) this.#byWildcard.add(key)
    const isOther =
      !isSame ||
      wanted.size !== this.#sources.size ||
      [...wanted].some(([key, reading]) => this.#sources.get(key)?.keeps(reading.rules, this.#scopes(reading)) !== true)
    if (isOther) this.#holding?.flush()
    for (const [key, source] of this.#sources) {
      if (isSame && wanted.has(key)) continue
      source.close()
      this.#sources.delete(key)
      for (const [object, { source: from }] of this.#unrenderable)
        if (from === source) this.#unrenderable.delete(object)
    }
    this.#reading = true
    const { pool } = this.#environment
    for (const [key, reading] of wanted) this.#sources.get(key)?.update(pool, reading.rules, this.#scopes(reading))
    this.#dropUncovered()
    for (const [key, reading] of wanted) {
      if (this.#sources.has(key)) continue
      const source = new Source(reading.resource, reading.rules, this.#handler, reading.exclusions)
      this.#sources.set(key, source)
      source.open(pool, this.#scopes(reading))
    }
    this.member.judgeAgain()
    if (isOther) this.#environment.writers.kick(this.#name)
  }

  /** Stops reading and writing. What is not in Git yet is found again by comparison. */
  close(): void {
    for (const source of this.#sources.values()) source.close()
    this.#sources.clear()
    this.#endListening()
    this.#holding?.close()
    this.#environment.writers.detach(this.#name)
    this.#environment.repositories.release(this.connection)
    this.member.close()
  }

  /** The version in which a kind is read; undefined when it is not. */
  versionOf(kind: GroupKind): string | undefined {
    const wanted = groupKindKey(kind)
    return this.#sources.values().find(({ resource }) => groupKindKey(resource) === wanted)?.resource.version
  }

  /** Kinds that only `kind: "*"` stands for and that the operator may not read, or cannot. */
  leftOut(): { readonly forbidden: readonly string[]; readonly failing: readonly string[] } {
    const own = [...this.#sources].flatMap(([key, source]) => (this.#byWildcard.has(key) ? [source] : []))
    const forbidden = own.filter(({ refusal }) => refusal !== undefined)
    const failing = own.filter(({ refusal, failing }) => refusal === undefined && failing !== undefined)
    const names = (sources: readonly Source[]): string[] => sources.map(({ resource }) => groupKindKey(resource))
    return { forbidden: names(forbidden), failing: names(failing) }
  }

  /** Kinds that cannot be listed for now, and why. */
  unreadable(): { readonly kind: string; readonly why: string; readonly isForbidden: boolean }[] {
    const unreadable: { kind: string; why: string; isForbidden: boolean }[] = []
    for (const [key, source] of this.#sources) {
      const { refusal } = source
      if (this.#byWildcard.has(key) && (refusal !== undefined || source.failing !== undefined)) continue
      const why = refusal ?? source.failing?.lastError?.message ?? source.stale(this.#environment.clock.now())
      const isForbidden = refusal !== undefined
      if (why !== undefined) unreadable.push({ kind: groupKindKey(source.resource), why, isForbidden })
    }
    return unreadable
  }

  /** Objects that could not be made a file, and why. */
  *unrenderable(): Iterable<readonly [key: string, why: Problem]> {
    for (const [key, { problem }] of this.#unrenderable) yield [key, problem]
  }

  /** Everything that can be read has been read. */
  get listed(): boolean {
    return this.#reading && this.#sources.values().every((source) => source.synced || source.failing !== undefined)
  }

  readonly #handler: SourceHandler = {
    selected: (object, source) => {
      const key = identityKey(source.identityOf(object))
      const isKnown = (): boolean => {
        const { source: from } = this.#attribute(object, key)
        return from !== undefined && from !== 'FieldManager'
      }
      this.#whenKnown(key, isKnown, () => this.#selected(object, source))
    },
    unselected: (key) =>
      this.#whenKnown(
        key,
        () => true,
        () => {
          this.#unrenderable.delete(key)
          this.member.dropped(key)
        },
      ),
    deleted: (key, object) => {
      const isKnown = (): boolean =>
        this.#environment.records.deleter(object.metadata, this.authors.sources) !== undefined
      this.#whenKnown(key, isKnown, () => this.#deleted(key, object))
    },
    goneUnwritten: () => this.member.requireCompare('relist'),
    synced: (source, present) => {
      this.#holding?.flush()
      for (const key of this.member.desired.keys()) {
        const identity = this.member.desired.ofObject(key)?.identity
        if (identity !== undefined && source.covers(identity) && !present.has(key)) this.member.dropped(key)
      }
      this.member.listedMore()
    },
    stateChanged: () => {
      this.member.judgeAgain()
      this.#environment.report(this.#name)
      this.#environment.writers.kick(this.#name)
    },
  }

  /** Audit events come later than what they are about. What the first list tells is news to nobody. */
  #whenKnown(key: string, isKnown: () => boolean, run: () => void): void {
    if (this.#holding === undefined || !this.listed || !this.authors.sources.has('Audit')) run()
    else this.#holding.offer(key, { isKnown, run })
  }

  #deleted(key: string, object: KubernetesObject): void {
    this.#unrenderable.delete(key)
    const edit = this.#startEdit(key)
    this.member.deleted(key, { ...this.#deleter(object), span: edit?.context })
    edit?.end()
  }

  #selected(object: KubernetesObject, source: Source): void {
    const key = identityKey(source.identityOf(object))
    const edit = this.#startEdit(key)
    const { tracer } = this.#environment
    const rendering = edit && tracer.start('render', { parent: edit.context })
    let rendered: RenderedFile
    try {
      rendered = this.#render(object, source)
    } catch (error) {
      edit?.fail('unrenderable')
      // Its file, if there is one, stays as it is; the others go on.
      this.#notRenderable(key, source, error)
      return
    } finally {
      rendering?.end()
      edit?.end()
    }
    if (this.#unrenderable.delete(key)) this.#environment.report(this.#name)
    const { file, bytes } = rendered
    const attribution = this.#attribute(object, file.key)
    const { resourceVersion: version } = object.metadata
    this.member.set({ ...file, newest: attribution.newest, version }, bytes, {
      ...this.#maker(attribution, version),
      span: edit?.context,
    })
  }

  #attribute(object: KubernetesObject, key: string): Attribution {
    const { trustedAccounts: trusted, records, clock } = this.#environment
    const { sources } = this.authors
    const audited = records.writer(object.metadata)
    const before = this.member.desired.ofObject(key) ?? {}
    return attribute(object, before, { sources, trusted, justNow: justNow(clock.now()), audited })
  }

  #maker(attribution: Attribution, version: string | undefined): Made {
    const named = nameAuthor(attribution, this.authors.naming)
    const time = Date.parse(attribution.time ?? '')
    return {
      author: named?.person,
      time: time > 0 ? time : undefined,
      origin: { by: named?.by, via: attribution.manager, version },
    }
  }

  /** Objects do not say who deleted them: admission or audit do, where they are asked. */
  #deleter({ metadata }: KubernetesObject): Made {
    const user = this.#environment.records.deleter(metadata, this.authors.sources)
    const { person, by } = user === undefined ? {} : nameUser(user, this.authors.naming)
    return { author: person, origin: { by: by ?? 'unknown (deleted)', version: metadata.resourceVersion } }
  }

  /** An object that cannot be rendered keeps its file as it is, and stops no other. */
  #tryRender(object: KubernetesObject, source: Source, key: string): RenderedFile | undefined {
    try {
      return this.#render(object, source)
    } catch (error) {
      this.#notRenderable(key, source, error)
      return undefined
    }
  }

  #notRenderable(key: string, source: Source, error: unknown): void {
    let problem: Problem = { reason: 'InternalError', message: String(error) }
    if (error instanceof ProtectionError) problem = { reason: error.code, message: error.message }
    if (error instanceof NoPathError) problem = { reason: 'InvalidTemplate', message: error.message }
    this.#unrenderable.set(key, { problem, source })
    this.#environment.report(this.#name)
  }

  /** Undefined while nothing is traced, and for what is not news: the objects of the first list. */
  #startEdit(key: string): Span | undefined {
    const { tracer } = this.#environment
    if (!tracer.isEnabled || !this.listed) return undefined
    return tracer.start('edit', { attributes: { 'gitsync.member': this.#name, 'gitsync.object': key } })
  }

  #render(object: KubernetesObject, source: Source): RenderedFile {
    const { resource } = source
    const identity = source.identityOf(object)
    const { version } = parseApiVersion(object.apiVersion)
    if (this.#rendering === undefined) throw new TypeError('nothing is rendered before it is read')
    const { pathOf, options } = this.#rendering
    const path = pathOf(object, { ...identity, version, resource: resource.plural })
    const { bytes, replaceWhole } = renderObject(object, {
      ...options,
      hasStatus: resource.hasStatus,
      protection: this.#protection,
    })
    const file = { key: identityKey(identity), identity, path, oid: contentId(bytes) }
    return { file: replaceWhole ? { ...file, isWhole: true } : file, bytes }
  }

  /** The namespaces that some rule wants; the pool knows how to watch them best. */
  #scopes({ resource, rules }: Reading): readonly (string | undefined)[] {
    const { namespaces } = this.#environment
    if (!resource.namespaced) return [undefined]
    if (namespaces === undefined && rules.some((rule) => rule.namespaces === undefined)) return [undefined]
    const wanted = new Set(rules.flatMap((rule) => [...(rule.namespaces ?? namespaces ?? [])]))
    return namespaces === undefined ? [...wanted] : namespaces.filter((namespace) => wanted.has(namespace))
  }

  #dropUncovered(): void {
    const sources = [...this.#sources.values()]
    for (const key of this.member.desired.keys()) {
      const identity = this.member.desired.ofObject(key)?.identity
      if (identity !== undefined && !sources.some((source) => source.covers(identity))) this.member.dropped(key)
    }
  }

  #port(store: InventoryStore): ClusterPort {
    const { client, discovery, clock } = this.#environment
    return {
      listed: () => this.listed,
      knows: (identity) => this.#sources.values().some((source) => source.knows(identity)),
      leavesAlone: (identity) => this.#sources.values().some((source) => source.leavesAlone(identity)),
      complete: () => this.#isWhole && this.#sources.values().every((source) => source.current),
      ...deletionProof(client, discovery, clock),
      reread: (files) => this.#reread(files),
      saveInventory: async (inventory) => {
        try {
          await store.save(inventory)
        } catch (error) {
          throw new PushFailure(reasonOf(error), `cannot record the paths of ${this.#name}: ${String(error)}`, {
            cause: error,
          })
        }
      },
    }
  }

  async #reread(files: readonly DesiredFile[]): Promise<ReadonlyMap<string, RenderedFile>> {
    const queue = new PQueue({ concurrency: REREAD_AT_ONCE })
    const found = new Map<string, RenderedFile>()
    await queue.addAll(
      files.map((file) => async () => {
        const source = this.#sources.values().find((candidate) => candidate.covers(file.identity))
        if (source === undefined) return
        try {
          const object = await this.#environment.client.get(
            source.resource,
            file.identity.namespace,
            file.identity.name,
          )
          if (!source.selects(object)) return
          const rendered = this.#tryRender(object, source, file.key)
          if (rendered !== undefined) found.set(file.key, rendered)
        } catch (error) {
          if (isKubeError(error, 'NotFound')) return
          throw new PushFailure(reasonOf(error), `cannot read ${file.key} again: ${String(error)}`, {
            cause: error,
          })
        }
      }),
    )
    return found
  }
}

/** What the status says of a request; a state that nobody knows was written by somebody else. */
function requestOf(request: GitSyncStatus['pullRequest']): PullRequestStatus | undefined {
  const { state } = request ?? {}
  if (request === undefined || (state !== 'Open' && state !== 'Merged' && state !== 'Closed')) return undefined
  return { ...request, state }
}

function reasonOf(error: unknown): 'Forbidden' | 'ClusterUnavailable' {
  return isKubeError(error, 'Forbidden') ? 'Forbidden' : 'ClusterUnavailable'
}

/** Times in an object's record have whole seconds, and clocks differ. */
const JUST_NOW_MS = 3_000

function justNow(now: number): string {
  return `${new Date(now - JUST_NOW_MS).toISOString().slice(0, 19)}Z`
}

/** The same source may read other namespaces, but not by other selectors. */
function sourceKey({ resource, rules, exclusions }: Reading): string {
  const selectors = rules.map(({ selector }) => selector)
  return JSON.stringify([resource.group, resource.version, resource.plural, selectors, exclusions])
}
