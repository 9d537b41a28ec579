import type { ResourceSelector } from '../api/gitsync.ts'
import type { ApiResource } from '../kube/discovery.ts'
import type { ReflectorPool } from '../kube/reflector-pool.ts'
import type { ReflectorState, Subscription, Sync } from '../kube/reflector.ts'
import { identityKey } from '../objects/object.ts'
import type { KubernetesObject, ObjectIdentity } from '../objects/object.ts'
import { clusterNoise, isExcluded, isLastWrittenBy } from '../plan/exclusions.ts'
import type { Exclusions } from '../plan/exclusions.ts'
import { selects } from '../plan/selection.ts'
import { isWithheld } from '../plan/withheld-secrets.ts'
import { isSecretKind } from './known-resources.ts'

/** Where and what of one kind: several entries of `spec.resources` may name the same kind. */
export interface SourceRule {
  readonly selector: ResourceSelector
  /** Undefined for cluster-scoped kinds, and for all namespaces, as an export without a GitSync may want them. */
  readonly namespaces: ReadonlySet<string> | undefined
}

export interface SourceHandler {
  /** A selected object as it is now. */
  selected(object: KubernetesObject, source: Source): void
  /** An object that is not, or no longer, selected, or that is left to whoever wrote it last. */
  unselected(key: string, source: Source): void
  /** @param object its last state */
  deleted(key: string, object: KubernetesObject, source: Source): void
  /** An object that was left alone is gone: whether its file goes too is for a comparison to say. */
  goneUnwritten(): void
  /** Everything selected has been told; objects of this kind that are not named are not there any more. */
  synced(source: Source, present: ReadonlySet<string>): void
  /** After the first time: what has changed meanwhile has been told. */
  relisted(source: Source): void
  stateChanged(): void
}

/** A watch may be away for so long before it is a problem, in milliseconds: most come back after one try. */
export const STALE_MS = 60_000

/** One part of the cluster that is watched. */
interface Part {
  subscription?: Subscription
  /** Which rules hold there. */
  readonly rules: string
  state?: ReflectorState
  /** Since when it has not been `Watching`, whatever phases came in between; milliseconds since the epoch. */
  awaySince?: number | undefined
  /** What the API server refused it with, until it is `Watching` again. */
  refusal?: string | undefined
  /** Selected objects. */
  readonly present: Set<string>
  /** Objects that would be selected, but were last written by somebody whose writes are not recorded. */
  readonly leftAlone: Set<string>
}

const NO_EXCLUSIONS: Exclusions = { defaultExclusions: false }

/** What a GitSync reads of one kind, for as long as it may. */
export class Source {
  readonly resource: ApiResource
  readonly #handler: SourceHandler
  readonly #exclusions: Exclusions
  #rules: readonly SourceRule[]
  /** By namespace; undefined for the whole cluster. */
  readonly #parts = new Map<string | undefined, Part>()
  /** Those of which not everything has been told yet: asked for with each change, and there may be thousands of parts. */
  readonly #unsynced = new Set<Part>()

  constructor(
    resource: ApiResource,
    rules: readonly SourceRule[],
    handler: SourceHandler,
    exclusions: Exclusions = NO_EXCLUSIONS,
  ) {
    this.resource = resource
    this.#rules = rules
    this.#handler = handler
    this.#exclusions = exclusions
  }

  /** @param scopes namespaces to watch; undefined watches the whole cluster */
  open(pool: ReflectorPool, scopes: readonly (string | undefined)[]): void {
    const added = scopes.filter((scope) => !this.#parts.has(scope))
    for (const scope of added) {
      const rules = rulesAt(this.#rules, scope)
      const part: Part = { rules, present: new Set(), leftAlone: new Set() }
      this.#parts.set(scope, part)
      this.#unsynced.add(part)
    }
    for (const scope of added) {
      const part = this.#parts.get(scope)
      if (part === undefined) continue
      part.subscription = pool.subscribe(this.resource, scope, {
        onObject: (object) => this.#object(part, object),
        onDelete: (object) => this.#deleted(part, object),
        onSynced: (sync) => this.#synced(part, sync),
        onState: (state) => this.#state(part, state),
      })
    }
  }

  /** Whether everything that is read now would still be read as it is. */
  keeps(rules: readonly SourceRule[], scopes: readonly (string | undefined)[]): boolean {
    const wanted = new Set(scopes)
    return [...this.#parts].every(([scope, part]) => wanted.has(scope) && rulesAt(rules, scope) === part.rules)
  }

  /** The same selectors for other namespaces: what stays is not read again. Of what goes nothing is told. */
  update(pool: ReflectorPool, rules: readonly SourceRule[], scopes: readonly (string | undefined)[]): void {
    this.#rules = rules
    const wanted = new Set(scopes)
    for (const [scope, part] of this.#parts) {
      if (wanted.has(scope) && rulesAt(rules, scope) === part.rules) continue
      part.subscription?.close()
      this.#parts.delete(scope)
      this.#unsynced.delete(part)
    }
    this.open(pool, scopes)
  }

  close(): void {
    for (const { subscription } of this.#parts.values()) subscription?.close()
  }

  /** Every object has been told at least once. */
  get synced(): boolean {
    return this.#unsynced.size === 0
  }

  /** All that is known is current. */
  get current(): boolean {
    return this.synced && this.#parts.values().every(({ state }) => state?.phase === 'Watching')
  }

  /** It will not come to an end by waiting. */
  get failing(): ReflectorState | undefined {
    for (const { state } of this.#unsynced) {
      if (state !== undefined && state.lastError !== undefined && state.phase !== 'Watching') return state
    }
    return undefined
  }

  /** What the API server said to an operator that may not list or watch this; that does not pass by waiting. */
  get refusal(): string | undefined {
    for (const { refusal } of this.#parts.values()) if (refusal !== undefined) return refusal
    return undefined
  }

  /**
   * Why changes have not come in for more than a minute, although everything was read once; undefined while they do.
   * @param now milliseconds since the epoch
   */
  stale(now: number): string | undefined {
    for (const part of this.#parts.values()) {
      const { state, awaySince } = part
      if (this.#unsynced.has(part) || state === undefined || awaySince === undefined || now - awaySince <= STALE_MS)
        continue
      const why = state.lastError?.message ?? `the watch is in phase ${state.phase}`
      return `not watched since ${new Date(awaySince).toISOString()}: ${why}`
    }
    return undefined
  }

  covers(identity: ObjectIdentity): boolean {
    return (
      identity.kind === this.resource.kind &&
      identity.group === this.resource.group &&
      this.#rules.some(({ namespaces }) => namespaces === undefined || namespaces.has(identity.namespace ?? ''))
    )
  }

  /** What is known of an object's part of the cluster is current: that it is absent means something. */
  knows(identity: ObjectIdentity): boolean {
    if (!this.covers(identity)) return false
    const part = this.#partOf(identity)
    return part !== undefined && !this.#unsynced.has(part) && part.state?.phase === 'Watching'
  }

  /** Whether an object's file is left as it is, since somebody wrote it last whose writes are not recorded. */
  leavesAlone(identity: ObjectIdentity): boolean {
    return this.covers(identity) && this.#partOf(identity)?.leftAlone.has(identityKey(identity)) === true
  }

  selects(object: KubernetesObject): boolean {
    return this.#isSelected(object) && !isLastWrittenBy(this.#exclusions, object)
  }

  #isSelected(object: KubernetesObject): boolean {
    if (isExcluded(this.#exclusions, this.resource, object)) return false
    const { namespace = '', name } = object.metadata
    const isNoise = this.#exclusions.defaultExclusions && clusterNoise(this.resource, object) !== undefined
    return this.#rules.some(
      ({ selector, namespaces }) =>
        (namespaces === undefined || namespaces.has(namespace)) &&
        selects(selector, object) &&
        (!isNoise || selector.names?.includes(name) === true) &&
        !(isSecretKind(this.resource) && (selector.kind !== 'Secret' || isWithheld(object, selector.names))),
    )
  }

  /** The same identity whatever version the API server was asked for. */
  identityOf({ metadata: { namespace, name } }: KubernetesObject): ObjectIdentity {
    const { group, kind } = this.resource
    return namespace === undefined ? { group, kind, name } : { group, kind, namespace, name }
  }

  #partOf({ namespace }: ObjectIdentity): Part | undefined {
    return this.#parts.get(namespace) ?? this.#parts.get(undefined)
  }

  #object({ present, leftAlone }: Part, object: KubernetesObject): void {
    const key = identityKey(this.identityOf(object))
    if (this.#isSelected(object)) {
      if (!isLastWrittenBy(this.#exclusions, object)) {
        leftAlone.delete(key)
        present.add(key)
        this.#handler.selected(object, this)
        return
      }
      leftAlone.add(key)
    } else leftAlone.delete(key)
    if (present.delete(key)) this.#handler.unselected(key, this)
  }

  #deleted({ present, leftAlone }: Part, object: KubernetesObject): void {
    const key = identityKey(this.identityOf(object))
    if (present.delete(key)) this.#handler.deleted(key, object, this)
    else if (leftAlone.delete(key)) this.#handler.goneUnwritten()
  }

  #synced(part: Part, { vanished }: Sync): void {
    for (const key of vanished) {
      const slash = key.indexOf('/')
      const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)]
      const { group, kind } = this.resource
      const identity = identityKey(namespace === '' ? { group, kind, name } : { group, kind, namespace, name })
      if (part.present.delete(identity)) this.#handler.unselected(identity, this)
      else if (part.leftAlone.delete(identity)) this.#handler.goneUnwritten()
    }
    if (!this.#unsynced.delete(part)) this.#handler.relisted(this)
    else if (this.synced) {
      const present = new Set<string>()
      for (const each of this.#parts.values()) for (const key of each.present) present.add(key)
      this.#handler.synced(this, present)
    }
  }

  #state(part: Part, state: ReflectorState): void {
    part.state = state
    if (state.phase === 'Forbidden') part.refusal = state.lastError?.message ?? 'forbidden'
    else if (state.phase === 'Watching') part.refusal = undefined
    part.awaySince = state.phase === 'Watching' ? undefined : (part.awaySince ?? state.since)
    this.#handler.stateChanged()
  }
}

/** Which of the rules hold in a namespace. */
function rulesAt(rules: readonly SourceRule[], scope: string | undefined): string {
  return rules
    .flatMap(({ namespaces }, index) =>
      namespaces === undefined || scope === undefined || namespaces.has(scope) ? [index] : [],
    )
    .join()
}
