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

/** What became of one object in its file. */
export interface Change {
  /** Below the GitSync's folder. */
  readonly path: string
  readonly identity: ObjectIdentity
  readonly action: 'Create' | 'Update' | 'Delete'
  /** Content id; null where the file goes. */
  readonly oid: string | null
  readonly author: Person
  /** Milliseconds since the epoch: becomes the date of the commit. */
  readonly time: number
  /** Absent where a comparison found it. */
  readonly seen?: Seen
  /** Absent where nothing is known. */
  readonly origin?: Origin | undefined
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
  /** Why the folder was compared; absent where the changes were seen one by one. */
  readonly compared?: string
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
    const key = identityKey(change.identity)
    const before = this.#open.get(key)
    if (before !== undefined && !samePerson(before.author, change.author)) this.seal()
    if (this.#open.size === 0) this.#openedAt = now
    this.#lastAt = now
    // Back to "created" what was created, changed and never committed.
    const created = before?.action === 'Create' && change.action === 'Update'
    this.#open.delete(key)
    this.#open.set(key, {
      ...change,
      ...(created ? { action: 'Create' } : {}),
      ...(before?.seen === undefined ? {} : { seen: together(before.seen, change.seen) }),
    })
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

  /** Takes everything that is sealed, and the open window if it is due. */
  take(now: number): Batch[] {
    const due = this.dueAt()
    if (due === undefined || due > now) return []
    if (
      this.#open.size > 0 &&
      Math.min(this.#lastAt + this.#options.silence, this.#openedAt + this.#options.maxLatency) <= now
    ) {
      this.seal()
    }
    const taken = this.#sealed
    this.#sealed = []
    return taken
  }

  /** Forgets what is to be written, which a comparison finds again, and keeps what was seen deleted, which it may not. */
  forgetContents(): void {
    this.seal()
    const kept = this.#sealed.map((batch) => ({ ...batch, changes: batch.changes.filter(({ oid }) => oid === null) }))
    this.#sealed = kept.filter(({ changes }) => changes.length > 0)
  }
}

/** Spans remembered for one change. */
const MAX_SPANS = 32

function together(before: Seen, now: Seen | undefined): Seen {
  return { at: before.at, spans: [...before.spans, ...(now?.spans ?? [])].slice(-MAX_SPANS) }
}
