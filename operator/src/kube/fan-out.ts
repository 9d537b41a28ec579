import type { KubernetesObject } from '../objects/object.ts'
import { compareVersions, isNotLater } from '../objects/resource-version.ts'
import type { WatchEvent } from './watch-event.ts'

/** `namespace/name`; `/name` for cluster-scoped objects. */
export type ObjectKey = string

/** What a complete list found. */
export interface Sync {
  /** Every object there is. */
  readonly present: ReadonlySet<ObjectKey>
  /** Objects that this subscriber was told of and that are no more; nobody saw them deleted, so nothing is known of how. */
  readonly vanished: ReadonlySet<ObjectKey>
}

export interface ObjectHandler {
  /** An object as it is now. `initial` until this subscriber's first `onSynced`, then `live`, also for what a new list finds changed. */
  onObject(object: KubernetesObject, phase: 'initial' | 'live'): void
  /** The object was seen deleted; this is its last state. */
  onDelete(object: KubernetesObject): void
  /** Everything there is has been told; after each complete list. Vanished objects get no `onDelete`. */
  onSynced(sync: Sync): void
}

export type ObjectEvent = Extract<WatchEvent, { object: KubernetesObject }>

/** One subscriber. */
export interface Member {
  readonly handler: ObjectHandler
  /** The only namespace it is told of; undefined for all that the stream has. */
  readonly namespace: string | undefined
  /** Takes part in the shared stream; false until a list includes it or its own list is complete. */
  following: boolean
  synced: boolean
  /** Its own view, key to resourceVersion, while it differs from the shared one. */
  known: Map<ObjectKey, string> | undefined
  /** Its own list was of this version; what the stream brings up to there is old. */
  aheadTo: string | undefined
  /** Its own list under way. */
  join:
    | {
        readonly present: Set<ObjectKey>
        readonly buffer: ObjectEvent[]
        readonly since: string | undefined
        overflow: boolean
      }
    | undefined
}

/** How a subscriber joins. */
export interface Attachment {
  /** The only namespace to tell it of. Default: all. */
  readonly namespace?: string | undefined
  /** What it was told by another stream of the same kind, key to resourceVersion: only the difference is told. */
  readonly known?: ReadonlyMap<ObjectKey, string>
  /** Whether it was told of a complete list before. Default false. */
  readonly synced?: boolean
}

export interface FanOutOptions {
  /** Live events kept for one subscriber while its own list runs; past it the list starts again. */
  readonly maxBuffered: number
  /** What a handler threw; the others are served all the same. */
  readonly onHandlerError?: ((error: unknown) => void) | undefined
}

/** Deletions remembered to tell a repeated older event from an object made anew. */
const MAX_TOMBSTONES = 1024

function keyOf({ metadata: { namespace = '', name } }: KubernetesObject): ObjectKey {
  return `${namespace}/${name}`
}

const namespaceOf = (key: ObjectKey): string => key.slice(0, key.indexOf('/'))

/**
 * Hands one stream of lists and events to many subscribers. Keeps each object's resourceVersion and nothing else of it, and so
 * knows which events are repeats and which objects a new list lacks. A subscriber that comes late has a list of its own
 * (`beginJoin`, `joined`, `endJoin`), during which live events wait.
 */
export class FanOut {
  readonly members = new Set<Member>()
  /** Version to which the shared view is complete; undefined before the first list. */
  position: string | undefined
  readonly #options: FanOutOptions
  readonly #versions = new Map<ObjectKey, string>()
  readonly #tombstones = new Map<ObjectKey, string>()
  #present: Set<ObjectKey> | undefined

  constructor(options: FanOutOptions) {
    this.#options = options
  }

  /** Whether a shared list has begun and is not complete. */
  get listing(): boolean {
    return this.#present !== undefined
  }

  /** Objects in the shared view. */
  get size(): number {
    return this.#versions.size
  }

  attach(handler: ObjectHandler, { namespace, known, synced = false }: Attachment = {}): Member {
    const member: Member = {
      handler,
      namespace,
      // A list that has not given anything yet can still be had whole, but it may be older than what is known.
      following: known === undefined && this.#present?.size === 0,
      synced,
      known: new Map(known),
      aheadTo: undefined,
      join: undefined,
    }
    this.members.add(member)
    return member
  }

  /** A subscriber that was told by another stream what this one knows as well; see {@link FanOut.agrees}. */
  adopt(handler: ObjectHandler, namespace: string | undefined, other: FanOut): Member {
    // The other may have told of what came and went again, which this stream has still to bring.
    const aheadTo = other.position !== undefined && this.#isBefore(other.position) ? other.position : undefined
    const member: Member = {
      handler,
      namespace,
      following: true,
      synced: true,
      known: aheadTo === undefined ? undefined : new Map(this.#viewOf(namespace)),
      aheadTo,
      join: undefined,
    }
    this.members.add(member)
    return member
  }

  #isBefore(version: string): boolean {
    return this.position !== undefined && (compareVersions(this.position, version) ?? 0) < 0
  }

  /** Whether a subscriber was told everything that the stream knows, and nothing else. */
  isSettled({ following, synced, known, join }: Member): boolean {
    return following && synced && known === undefined && join === undefined && !this.listing
  }

  /** What a subscriber was told, key to resourceVersion. */
  told({ known, namespace }: Member): ReadonlyMap<ObjectKey, string> {
    return new Map(known ?? this.#viewOf(namespace))
  }

  /** Whether two streams of one kind know the same of a namespace: a subscriber may change from one to the other. */
  agrees(other: FanOut, namespace: string): boolean {
    if (this.listing || other.listing || this.position === undefined || other.position === undefined) return false
    const [mine, theirs] = [this.#viewOf(namespace), other.#viewOf(namespace)]
    return mine.size === theirs.size && [...mine].every(([key, version]) => theirs.get(key) === version)
  }

  #viewOf(namespace: string | undefined): ReadonlyMap<ObjectKey, string> {
    if (namespace === undefined) return this.#versions
    return new Map([...this.#versions].filter(([key]) => namespaceOf(key) === namespace))
  }

  detach(member: Member): void {
    this.members.delete(member)
  }

  /** Subscribers that need a list of their own. */
  waiting(): Member[] {
    return [...this.members].filter(({ following, join }) => !following && join === undefined)
  }

  /** A list of everything begins, or begins anew: every subscriber takes part. */
  beginList(): void {
    this.#present = new Set()
    for (const member of this.members) {
      member.join = undefined
      member.aheadTo = undefined
      member.following = true
    }
  }

  /** One object of the list, or an event that came before a streaming list was complete. */
  listed(event: ObjectEvent): void {
    const { object, version } = event
    const key = keyOf(object)
    const shared = this.#versions.get(key)
    if (event.type === 'DELETED') this.#versions.delete(key)
    else this.#versions.set(key, version)
    if (event.type === 'DELETED') this.#present?.delete(key)
    else this.#present?.add(key)
    for (const member of this.members) {
      if (!member.following || !concerns(member, object)) continue
      const before = member.known === undefined ? shared : member.known.get(key)
      if (event.type === 'DELETED') {
        member.known?.delete(key)
        if (before !== undefined) this.#tell(member, (handler) => handler.onDelete(object))
      } else {
        member.known?.set(key, version)
        if (before !== version) this.#tell(member, (handler) => handler.onObject(object, phaseOf(member)))
      }
    }
  }

  /** The list was complete and of this version. */
  endList(version: string): void {
    const present = this.#present ?? new Set()
    this.#present = undefined
    this.#tombstones.clear()
    this.position = version
    const vanished = missing(this.#versions, present)
    for (const key of vanished) this.#versions.delete(key)
    const [presentIn, vanishedIn] = [byNamespace(present), byNamespace(vanished)]
    for (const member of this.members) {
      if (!member.following) continue
      const there = presentIn(member.namespace)
      const own = member.known === undefined ? vanishedIn(member.namespace) : missing(member.known, there)
      member.known = undefined
      member.synced = true
      this.#tell(member, (handler) => handler.onSynced({ present: there, vanished: own }))
    }
  }

  live(event: ObjectEvent): void {
    if (!this.#accept(event)) return
    // Who is ahead of the stream must not forget it before this event was compared with what it knows.
    this.#moveTo(event.version)
    for (const member of this.members) {
      if (!concerns(member, event.object)) continue
      if (member.join !== undefined) this.#buffer(member.join, event)
      else if (member.following) this.#deliver(member, event)
    }
    this.#caughtUp()
  }

  /** The stream has reached this version. */
  advance(version: string): void {
    this.#moveTo(version)
    this.#caughtUp()
  }

  #moveTo(version: string): void {
    if (this.position === undefined || !isNotLater(version, this.position)) this.position = version
  }

  /** The subscriber's own list begins, or begins anew. */
  beginJoin(member: Member): void {
    member.join = { present: new Set(), buffer: [], since: this.position, overflow: false }
  }

  joined(member: Member, object: KubernetesObject, version: string): void {
    if (!concerns(member, object)) return
    const key = keyOf(object)
    const before = member.known?.get(key)
    member.known?.set(key, version)
    member.join?.present.add(key)
    if (before !== version) this.#tell(member, (handler) => handler.onObject(object, phaseOf(member)))
  }

  /** @returns false when the list has to be repeated: too much happened meanwhile, or it is older than the stream */
  endJoin(member: Member, version: string): boolean {
    const { join, known } = member
    if (join === undefined || known === undefined) return false
    member.join = undefined
    if (join.overflow || (join.since !== undefined && (compareVersions(version, join.since) ?? 0) < 0)) return false
    const vanished = missing(known, join.present)
    for (const key of vanished) known.delete(key)
    member.following = true
    member.synced = true
    member.aheadTo = version
    this.#tell(member, (handler) => handler.onSynced({ present: join.present, vanished }))
    for (const event of join.buffer) this.#deliver(member, event)
    this.#caughtUp()
    return true
  }

  abandonJoin(member: Member): void {
    member.join = undefined
  }

  /** Forgets everything but the subscribers. */
  reset(): void {
    this.#versions.clear()
    this.#tombstones.clear()
    this.#present = undefined
    this.position = undefined
  }

  /** Brings the shared view up to date. @returns false for a repeat of something older */
  #accept({ type, object, version }: ObjectEvent): boolean {
    const key = keyOf(object)
    const known = this.#versions.get(key)
    if (type === 'DELETED') {
      // Its version is the deletion's, or with some servers the last one the object had.
      if (known === undefined || (compareVersions(version, known) ?? 0) < 0) return false
      this.#versions.delete(key)
      this.#tombstones.set(key, version)
      for (const oldest of this.#tombstones.keys()) {
        if (this.#tombstones.size <= MAX_TOMBSTONES) break
        this.#tombstones.delete(oldest)
      }
      return true
    }
    const last = known ?? this.#tombstones.get(key)
    if (last !== undefined && isNotLater(version, last)) return false
    this.#tombstones.delete(key)
    this.#versions.set(key, version)
    return true
  }

  #buffer(join: NonNullable<Member['join']>, event: ObjectEvent): void {
    if (join.buffer.length < this.#options.maxBuffered) join.buffer.push(event)
    else {
      join.overflow = true
      join.buffer.length = 0
    }
  }

  #deliver(member: Member, { type, object, version }: ObjectEvent): void {
    const { known, aheadTo } = member
    const key = keyOf(object)
    if (type === 'DELETED') {
      if (known !== undefined) {
        const own = known.get(key)
        if (own === undefined || (compareVersions(version, own) ?? 0) < 0) return
        known.delete(key)
      }
      return this.#tell(member, (handler) => handler.onDelete(object))
    }
    if (known !== undefined) {
      const last = known.get(key) ?? aheadTo
      if (last !== undefined && isNotLater(version, last)) return
      known.set(key, version)
    }
    this.#tell(member, (handler) => handler.onObject(object, phaseOf(member)))
  }

  /** A subscriber whose own list the stream has passed shares the common view from here on. */
  #caughtUp(): void {
    for (const member of this.members) {
      if (member.aheadTo === undefined || this.position === undefined) continue
      if ((compareVersions(this.position, member.aheadTo) ?? 0) < 0) continue
      member.aheadTo = undefined
      member.known = undefined
    }
  }

  #tell(member: Member, call: (handler: ObjectHandler) => void): void {
    if (!this.members.has(member)) return
    try {
      call(member.handler)
    } catch (error) {
      this.#options.onHandlerError?.(error)
    }
  }
}

function phaseOf({ synced }: Member): 'initial' | 'live' {
  return synced ? 'live' : 'initial'
}

const concerns = ({ namespace }: Member, { metadata }: KubernetesObject): boolean =>
  namespace === undefined || namespace === metadata.namespace

const NOTHING: ReadonlySet<ObjectKey> = new Set()

/** Divides keys by namespace, when somebody asks for one. */
function byNamespace(keys: ReadonlySet<ObjectKey>): (namespace: string | undefined) => ReadonlySet<ObjectKey> {
  let divided: Map<string, Set<ObjectKey>> | undefined
  return (namespace) => {
    if (namespace === undefined) return keys
    if (divided === undefined) {
      divided = new Map()
      for (const key of keys) {
        const own = divided.get(namespaceOf(key))
        if (own === undefined) divided.set(namespaceOf(key), new Set([key]))
        else own.add(key)
      }
    }
    return divided.get(namespace) ?? NOTHING
  }
}

function missing(view: ReadonlyMap<ObjectKey, string>, present: ReadonlySet<ObjectKey>): Set<ObjectKey> {
  const gone = new Set<ObjectKey>()
  for (const key of view.keys()) if (!present.has(key)) gone.add(key)
  return gone
}
