import { samePerson } from './person.ts'
import type { Person } from './person.ts'
import { identityKey } from '../objects/object.ts'
import type { ObjectIdentity } from '../objects/object.ts'
import type { SpanContext } from '../trace/tracer.ts'

/** What is known of the edits in a change. */
export interface Seen {
  /** When the first of them was seen, milliseconds since the epoch. */
  readonly at: number
  /** Their spans, the newest of them when there are many. */
  readonly spans: readonly SpanContext[]
}

/** What the trailers of a commit may say of a change. */
export interface Origin {
  /** User name, or a pseudonym; absent where nobody is known. */
  readonly by?: string | undefined
  /** Field manager. */
  readonly via?: string | undefined
  /** resourceVersion of the object with this change. */
  readonly version?: string | undefined
}

/** What its source says of one state of an object, which is a commit of its own for that. */
export interface Told {
  /** Of the commit, as somebody has written it; default: the template. */
  readonly message?: string
  /** Lines at the end of it. */
  readonly trailers: readonly string[]
}

/** What became of one object in its file. */
export interface Change {
  /** Below the GitSync's folder. */
  readonly path: string
  readonly identity: ObjectIdentity
  readonly action: 'Create' | 'Update' | 'Delete'
  /** Content id; null where the file goes. */
  readonly oid: string | null
  /** Where the file was before; it goes from there. */
  readonly movedFrom?: string
  readonly author: Person
  /** Milliseconds since the epoch: becomes the date of the commit. */
  readonly time: number
  /** Absent where a comparison found it. */
  readonly seen?: Seen
  /** Absent where nothing is known. */
  readonly origin?: Origin | undefined
  /** Makes it a commit of its own, which is neither joined with others nor left out. */
  readonly told?: Told | undefined
}

/** Changes that become one commit. */
export interface Batch {
  readonly author: Person
  /** By object; the last change of each. */
  readonly changes: readonly Change[]
  /** Of the last change, milliseconds since the epoch. */
  readonly time: number
  /** Given by a person for this commit, instead of the template. */
  readonly message?: string
  /** Lines at the end of the message, beside those that are asked for. */
  readonly trailers?: readonly string[]
  /** Why the folder was compared; absent where the changes were seen one by one. */
  readonly compared?: string
  /** Where each author has a branch: whose it is, see `branchPart`. Default: that of `author`. */
  readonly owner?: string
}

const KEYS = new WeakMap<Batch, ReadonlySet<string>>()

/** Keys of the objects that a batch changes: asked for each of thousands while it waits. */
export function objectsIn(batch: Batch): ReadonlySet<string> {
  const known = KEYS.get(batch) ?? new Set(batch.changes.map(({ identity }) => identityKey(identity)))
  KEYS.set(batch, known)
  return known
}

export interface WindowOptions {
  /** Milliseconds of silence after which the window closes. */
  readonly silence: number
  /** Milliseconds after its first change at which it closes at the latest. */
  readonly maxLatency: number
}

/**
 * Collects changes until a silence, the maximum latency, or an object whose author changes: nobody signs another's edit.
 * A window with several authors gives one commit for each.
 */
export class ChangeWindow {
  #options: WindowOptions
  #open = new Map<string, Change>()
  #openedAt = 0
  #lastAt = 0
  #sealed: Batch[] = []

  constructor(options: WindowOptions) {
    this.#options = options
  }

  set options(options: WindowOptions) {
    this.#options = options
  }

  /** Changes not yet taken. */
  get size(): number {
    return this.#open.size + this.#sealed.reduce((sum, { changes }) => sum + changes.length, 0)
  }

  /** Content ids of the changes not yet taken. */
  *oids(): Generator<string> {
    for (const { oid } of this.changes()) if (oid !== null) yield oid
  }

  /** The changes not yet taken. */
  *changes(): Generator<Change> {
    for (const { changes } of this.#sealed) yield* changes
    yield* this.#open.values()
  }

  add(change: Change, now: number): void {
    if (change.told !== undefined) {
      this.seal()
      const { author, time, told } = change
      this.#sealed.push({ author, changes: [change], time, ...told })
      return
    }
    const key = identityKey(change.identity)
    const before = this.#open.get(key)
    const isAnothers = before !== undefined && !samePerson(before.author, change.author)
    if (isAnothers) this.seal()
    if (this.#open.size === 0) this.#openedAt = now
    this.#lastAt = now
    // Back to "created" what was created, changed and never committed.
    const created = before?.action === 'Create' && change.action === 'Update'
    this.#open.delete(key)
    // Where it was when it was written last.
    const movedFrom = (isAnothers ? undefined : before?.movedFrom) ?? change.movedFrom
    this.#open.set(key, {
      ...change,
      ...(movedFrom === undefined ? {} : change.oid === null ? { path: movedFrom } : { movedFrom }),
      ...(created ? { action: 'Create' } : {}),
      ...(before?.seen === undefined ? {} : { seen: together(before.seen, change.seen) }),
    })
  }

  /** Whether a change of an object is not yet taken. */
  has(key: string): boolean {
    return this.#open.has(key) || this.#sealed.some((batch) => objectsIn(batch).has(key))
  }

  /** When something is to be taken, in the caller's clock; undefined while there is nothing. */
  dueAt(): number | undefined {
    if (this.#sealed.length > 0) return 0
    if (this.#open.size === 0) return undefined
    return Math.min(this.#lastAt + this.#options.silence, this.#openedAt + this.#options.maxLatency)
  }

  /** Closes the open window now. */
  seal(message?: string): void {
    const byAuthor = new Map<string, Change[]>()
    for (const change of this.#open.values()) {
      const key = JSON.stringify([change.author.name, change.author.email])
      const list = byAuthor.get(key)
      if (list === undefined) byAuthor.set(key, [change])
      else list.push(change)
    }
    const batches = [...byAuthor.values()].map((changes): Batch => {
      const [{ author }] = changes as [Change, ...Change[]]
      const time = changes.reduce((latest, change) => Math.max(latest, change.time), 0)
      return { author, changes, time, ...(message === undefined ? {} : { message }) }
    })
    this.#sealed.push(...batches.sort((a, b) => a.time - b.time))
    this.#open = new Map()
  }

  /**
   * Takes what is sealed, and the open window if it is due, in their order.
   * @param fits asked of each until it says no; the rest stays. Default: all do
   */
  take(now: number, fits: (batch: Batch) => boolean = () => true): Batch[] {
    const due = this.dueAt()
    if (due === undefined || due > now) return []
    if (
      this.#open.size > 0 &&
      Math.min(this.#lastAt + this.#options.silence, this.#openedAt + this.#options.maxLatency) <= now
    ) {
      this.seal()
    }
    const end = this.#sealed.findIndex((batch) => !fits(batch))
    return this.#sealed.splice(0, end < 0 ? this.#sealed.length : end)
  }

  /** Forgets what is to be written, which a comparison finds again, and keeps what it may not: what was seen deleted, and states that were told. */
  forgetContents(): void {
    this.seal()
    const isKept = ({ oid, told }: Change): boolean => oid === null || told !== undefined
    const kept = this.#sealed.map((batch) => ({ ...batch, changes: batch.changes.filter(isKept) }))
    this.#sealed = kept.filter(({ changes }) => changes.length > 0)
  }
}

/** Spans remembered for one change. */
const MAX_SPANS = 32

function together(before: Seen, now: Seen | undefined): Seen {
  return { at: before.at, spans: [...before.spans, ...(now?.spans ?? [])].slice(-MAX_SPANS) }
}
