import type { ResourceSelector } from '../api/gitsync.ts'
import type { ApiResource } from '../kube/discovery.ts'
import type { ReflectorPool } from '../kube/reflector-pool.ts'
import type { ReflectorState, Subscription, Sync } from '../kube/reflector.ts'
import { identityKey } from '../objects/object.ts'
import type { KubernetesObject, ObjectIdentity } from '../objects/object.ts'
import { selects } from '../plan/selection.ts'
import { isWithheld } from '../plan/withheld-secrets.ts'
import { isSecretKind } from './known-resources.ts'

/** Where and what of one kind: several entries of `spec.resources` may name the same kind. */
export interface SourceRule {
  readonly selector: ResourceSelector
  /** Undefined for cluster-scoped kinds, and for all namespaces. */
  readonly namespaces: ReadonlySet<string> | undefined
}

export interface SourceHandler {
  /** A selected object as it is now. */
  selected(object: KubernetesObject, source: Source): void
  /** An object that is not, or no longer, selected. */
  unselected(key: string): void
  /** @param object its last state */
  deleted(key: string, object: KubernetesObject): void
  /** Everything selected has been told; objects of this kind that are not named are not there any more. */
  synced(source: Source, present: ReadonlySet<string>): void
  stateChanged(): void
}

/** A watch may be away for so long before it is a problem, in milliseconds: most come back after one try. */
const STALE_MS = 60_000

/** One part of the cluster that is watched. */
interface Watch {
  state?: ReflectorState
  synced: boolean
  /** Since when it has not been `Watching`, whatever phases came in between; milliseconds since the epoch. */
  awaySince?: number | undefined
  /** What the API server refused it with, until it is `Watching` again. */
  refusal?: string | undefined
}

/** What a GitSync reads of one kind, for as long as it may. */
export class Source {
  readonly resource: ApiResource
  readonly rules: readonly SourceRule[]
  readonly #handler: SourceHandler
  readonly #subscriptions: Subscription[] = []
  readonly #states = new Map<number, Watch>()
  /** Selected objects, by the part of the cluster that they were read from. */
  readonly #present = new Map<number, Set<string>>()

  constructor(resource: ApiResource, rules: readonly SourceRule[], handler: SourceHandler) {
    this.resource = resource
    this.rules = rules
    this.#handler = handler
  }

  /** @param scopes namespaces to watch; undefined watches the whole cluster */
  open(pool: ReflectorPool, scopes: readonly (string | undefined)[]): void {
    for (const index of scopes.keys()) {
      this.#states.set(index, { synced: false })
      this.#present.set(index, new Set())
    }
    for (const [index, scope] of scopes.entries()) {
      const subscription = pool.subscribe(this.resource, scope, {
        onObject: (object) => this.#object(index, object),
        onDelete: (object) => this.#deleted(index, object),
        onSynced: (sync) => this.#synced(index, sync),
        onState: (state) => this.#state(index, state),
      })
      this.#subscriptions.push(subscription)
    }
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.close()
  }

  /** Every object has been told at least once. */
  get synced(): boolean {
    return [...this.#states.values()].every(({ synced }) => synced)
  }

  /** What is known is current: absence means something. */
  get current(): boolean {
    return [...this.#states.values()].every(({ synced, state }) => synced && state?.phase === 'Watching')
  }

  /** It will not come to an end by waiting. */
  get failing(): ReflectorState | undefined {
    for (const { state, synced } of this.#states.values()) {
      if (!synced && state !== undefined && state.lastError !== undefined && state.phase !== 'Watching') return state
    }
    return undefined
  }

  /** What the API server said to an operator that may not list or watch this; that does not pass by waiting. */
  get refusal(): string | undefined {
    return this.#states.values().find(({ refusal }) => refusal !== undefined)?.refusal
  }

  /**
   * Why changes have not come in for more than a minute, although everything was read once; undefined while they do.
   * @param now milliseconds since the epoch
   */
  stale(now: number): string | undefined {
    for (const { state, synced, awaySince } of this.#states.values()) {
      if (!synced || state === undefined || awaySince === undefined || now - awaySince <= STALE_MS) continue
      const why = state.lastError?.message ?? `the watch is in phase ${state.phase}`
      return `not watched since ${new Date(awaySince).toISOString()}: ${why}`
    }
    return undefined
  }

  covers(identity: ObjectIdentity): boolean {
    return (
      identity.kind === this.resource.kind &&
      identity.group === this.resource.group &&
      this.rules.some(({ namespaces }) => namespaces === undefined || namespaces.has(identity.namespace ?? ''))
    )
  }

  selects(object: KubernetesObject): boolean {
    const { namespace = '' } = object.metadata
    return this.rules.some(
      ({ selector, namespaces }) =>
        (namespaces === undefined || namespaces.has(namespace)) &&
        selects(selector, object) &&
        !(isSecretKind(this.resource) && (selector.kind !== 'Secret' || isWithheld(object, selector.names))),
    )
  }

  /** The same identity whatever version the API server was asked for. */
  identityOf({ metadata: { namespace, name } }: KubernetesObject): ObjectIdentity {
    const { group, kind } = this.resource
    return namespace === undefined ? { group, kind, name } : { group, kind, namespace, name }
  }

  #object(index: number, object: KubernetesObject): void {
    const key = identityKey(this.identityOf(object))
    if (this.selects(object)) {
      this.#present.get(index)?.add(key)
      this.#handler.selected(object, this)
    } else if (this.#present.get(index)?.delete(key) === true) this.#handler.unselected(key)
  }

  #deleted(index: number, object: KubernetesObject): void {
    const key = identityKey(this.identityOf(object))
    if (this.#present.get(index)?.delete(key) === true) this.#handler.deleted(key, object)
  }

  #synced(index: number, { vanished }: Sync): void {
    const present = this.#present.get(index)
    for (const key of vanished) {
      const slash = key.indexOf('/')
      const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)]
      const { group, kind } = this.resource
      const identity = namespace === '' ? { group, kind, name } : { group, kind, namespace, name }
      if (present?.delete(identityKey(identity)) === true) this.#handler.unselected(identityKey(identity))
    }
    const first = !this.synced
    const state = this.#states.get(index)
    if (state !== undefined) state.synced = true
    if (first && this.synced)
      this.#handler.synced(this, new Set([...this.#present.values()].flatMap((keys) => [...keys])))
  }

  #state(index: number, state: ReflectorState): void {
    const entry = this.#states.get(index)
    if (entry !== undefined) {
      entry.state = state
      if (state.phase === 'Forbidden') entry.refusal = state.lastError?.message ?? 'forbidden'
      else if (state.phase === 'Watching') entry.refusal = undefined
      entry.awaySince = state.phase === 'Watching' ? undefined : (entry.awaySince ?? state.since)
    }
    this.#handler.stateChanged()
  }
}
