import type { ReflectorPool } from '../../kube/reflector-pool.ts'
import type { ReflectorState, Subscription, Sync } from '../../kube/reflector.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { seenOf } from '../../plan/attribution.ts'
import { CONFIGMAPS } from '../known-resources.ts'
import type { Written } from './feed.ts'

export interface ConfigMapListener {
  onObject(written: Written): void
  onDelete(object: KubernetesObject): void
  onSynced(sync: Sync): void
  onState(state: ReflectorState): void
}

interface Group {
  /** By the name that they listen to; undefined for all of them. */
  readonly listeners: Map<string | undefined, Set<ConfigMapListener>>
  /** What was known of each ConfigMap that somebody listens to: who adds a label has changed one that was there. */
  readonly seen: Map<string, Written['before']>
  subscription: Subscription | undefined
  state: ReflectorState | undefined
  isSynced: boolean
}

/**
 * Tells any number of listeners of the ConfigMaps of one namespace. Those that come together share a list, and only one list is read at a
 * time: who comes meanwhile is gathered for the next.
 */
export class ConfigMapWatch {
  readonly #pool: ReflectorPool
  readonly #namespace: string
  readonly #groups = new Set<Group>()
  #gathering = emptyGroup()
  #isDue = false

  constructor(pool: ReflectorPool, namespace: string) {
    this.#pool = pool
    this.#namespace = namespace
  }

  /**
   * Tells of the ConfigMap of this name, or of all.
   * @returns ends that
   */
  follow(name: string | undefined, listener: ConfigMapListener): () => void {
    const group = this.#gathering
    const listeners = group.listeners.get(name) ?? new Set()
    group.listeners.set(name, listeners.add(listener))
    this.#openSoon()
    const { state } = this.#reading ?? {}
    if (state !== undefined) listener.onState(state)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && group.listeners.get(name) === listeners) group.listeners.delete(name)
      if (group.listeners.size > 0 || group === this.#gathering) return
      group.subscription?.close()
      this.#groups.delete(group)
      this.#openSoon()
    }
  }

  /** The group whose list is being read. */
  get #reading(): Group | undefined {
    return this.#groups.values().find(({ isSynced }) => !isSynced)
  }

  /** What comes in the same moment comes together. */
  #openSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      if (this.#gathering.listeners.size > 0 && this.#reading === undefined) this.#open()
    })
  }

  #open(): void {
    const group = this.#gathering
    this.#gathering = emptyGroup()
    this.#groups.add(group)
    group.subscription = this.#pool.subscribe(CONFIGMAPS, this.#namespace, {
      onObject: (object) => {
        const { name } = object.metadata
        const listeners = listenersOf(group, name)
        if (listeners.length === 0) return
        const written = { object, before: group.seen.get(name) ?? {} }
        group.seen.set(name, seenOf(object))
        for (const listener of listeners) listener.onObject(written)
      },
      onDelete(object) {
        const { name } = object.metadata
        group.seen.delete(name)
        for (const listener of listenersOf(group, name)) listener.onDelete(object)
      },
      onSynced: (sync) => {
        for (const key of sync.vanished) group.seen.delete(key.slice(key.indexOf('/') + 1))
        group.isSynced = true
        for (const listener of everyListener(group)) listener.onSynced(sync)
        this.#openSoon()
      },
      onState: (state) => {
        group.state = state
        // Those that wait for their turn wait for the same reason.
        const waiting = group.isSynced ? [] : everyListener(this.#gathering)
        for (const listener of [...everyListener(group), ...waiting]) listener.onState(state)
      },
    })
  }
}

const emptyGroup = (): Group => ({
  listeners: new Map(),
  seen: new Map(),
  subscription: undefined,
  state: undefined,
  isSynced: false,
})

const listenersOf = ({ listeners }: Group, name: string): readonly ConfigMapListener[] => [
  ...(listeners.get(name) ?? []),
  ...(listeners.get(undefined) ?? []),
]

const everyListener = ({ listeners }: Group): readonly ConfigMapListener[] =>
  [...listeners.values()].flatMap((some) => [...some])
