import type { KubeObject } from './object.ts'
import { keyOf } from './object.ts'

/** One version of one object, with its encodings made once and shared by all readers. */
export class Stored {
  readonly key: string
  readonly version: number
  readonly object: KubeObject
  /** Memoised encodings by any name the readers agree on. */
  readonly encodings = new Map<string, string>()

  constructor(key: string, version: number, object: KubeObject) {
    this.key = key
    this.version = version
    this.object = object
  }
}

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

export interface Change {
  readonly storage: string
  readonly type: ChangeType
  readonly version: number
  /** The state after the change; for DELETED the last state, carrying the version of the deletion. */
  readonly current: Stored
  readonly previous?: Stored
}

type Listener = (change: Change) => void

interface Collection {
  readonly items: Map<string, Stored>
  readonly listeners: Set<Listener>
  history: Change[]
  /** Version of the newest change that is no longer in `history`. */
  forgotten: number
  changed: number
  sorted?: readonly Stored[]
}

/** Objects by collection, one version counter for all, and a bounded history for watches and paged lists. */
export class Store {
  readonly #collections = new Map<string, Collection>()
  readonly #listeners = new Set<Listener>()
  readonly #historyLimit: number
  #version = 1
  #forgotten = 0

  /** @param historyLimit changes remembered per collection */
  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit
  }

  /** Version of the newest change of all. */
  get version(): number {
    return this.#version
  }

  get(storage: string, key: string): Stored | undefined {
    return this.#collections.get(storage)?.items.get(key)
  }

  /** Everything in a collection, sorted by key. */
  all(storage: string): readonly Stored[] {
    const collection = this.#collections.get(storage)
    if (collection === undefined) return []
    collection.sorted ??= [...collection.items.values()].sort(byKey)
    return collection.sorted
  }

  /** The collection as it was at a version; undefined when history no longer reaches back so far. */
  allAt(storage: string, version: number): readonly Stored[] | undefined {
    const collection = this.#collections.get(storage)
    if (collection === undefined) return []
    if (version < collection.forgotten) return undefined
    if (version >= collection.changed) return this.all(storage)
    const items = new Map(collection.items)
    for (let index = collection.history.length - 1; index >= 0; index--) {
      const change = collection.history[index]
      if (change === undefined || change.version <= version) break
      if (change.previous === undefined) items.delete(change.current.key)
      else items.set(change.current.key, change.previous)
    }
    return [...items.values()].sort(byKey)
  }

  /** Changes after a version, oldest first; undefined when some of them are forgotten. */
  changesAfter(storage: string, version: number): readonly Change[] | undefined {
    const collection = this.#collection(storage)
    if (version < collection.forgotten) return undefined
    const first = collection.history.findLastIndex((change) => change.version <= version) + 1
    return collection.history.slice(first)
  }

  /** Stores a new object or a new state of one; sets metadata.resourceVersion on it. */
  put(storage: string, object: KubeObject): Stored {
    const collection = this.#collection(storage)
    const { namespace, name } = object.metadata
    const version = ++this.#version
    object.metadata.resourceVersion = String(version)
    const current = new Stored(keyOf(namespace, name), version, object)
    const previous = collection.items.get(current.key)
    collection.items.set(current.key, current)
    if (previous === undefined) this.#record(storage, { storage, type: 'ADDED', version, current })
    else this.#record(storage, { storage, type: 'MODIFIED', version, current, previous })
    return current
  }

  /** Removes an object; its last state gets the version of the removal. */
  remove(storage: string, key: string): Stored | undefined {
    const collection = this.#collection(storage)
    const previous = collection.items.get(key)
    if (previous === undefined) return undefined
    collection.items.delete(key)
    const version = ++this.#version
    const { object } = previous
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
    const current = new Stored(key, version, last)
    this.#record(storage, { storage, type: 'DELETED', version, current, previous })
    return current
  }

  /** Forgets all history: older watches and continue tokens are expired from now on. */
  forget(): void {
    this.#forgotten = ++this.#version
    for (const collection of this.#collections.values()) {
      collection.history = []
      collection.forgotten = this.#forgotten
    }
  }

  /** Calls back for each later change of one collection, or of all; returns the function that stops it. */
  listen(listener: Listener, storage?: string): () => void {
    const listeners = storage === undefined ? this.#listeners : this.#collection(storage).listeners
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  #collection(storage: string): Collection {
    let collection = this.#collections.get(storage)
    if (collection === undefined) {
      collection = { items: new Map(), listeners: new Set(), history: [], forgotten: this.#forgotten, changed: 0 }
      this.#collections.set(storage, collection)
    }
    return collection
  }

  #record(storage: string, change: Change): void {
    const collection = this.#collection(storage)
    collection.changed = change.version
    delete collection.sorted
    collection.history.push(change)
    if (collection.history.length > this.#historyLimit * 1.25) {
      const dropped = collection.history.splice(0, collection.history.length - this.#historyLimit)
      collection.forgotten = dropped.at(-1)?.version ?? collection.forgotten
    }
    for (const listener of collection.listeners) listener(change)
    for (const listener of this.#listeners) listener(change)
  }
}

function byKey(a: Stored, b: Stored): number {
  if (a.key === b.key) return 0
  return a.key < b.key ? -1 : 1
}
