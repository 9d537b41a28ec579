import type { FileReading } from '../plan/holdings.ts'
import { objectsIn } from '../plan/window.ts'
import type { Batch, Change } from '../plan/window.ts'

/** What has to be put down once a push has happened. */
export interface Settlement {
  /** Paths, and objects of files that hold several, that are nobody's any more. */
  readonly removed: readonly string[]
  /** Objects that the guard counts, with their paths: see `documentId`. */
  readonly deleted: readonly string[]
  /** What files hold afterwards that are not just as they are printed; undefined for those that are, and for none. */
  readonly written: ReadonlyMap<string, { readonly oid: string; readonly reading: FileReading } | undefined>
  /** The token with which a person has confirmed the deletions. */
  readonly confirmed: string | undefined
}

/** What a push would have made of a member's folder. */
export interface SentPush {
  /** Where the branch was before. */
  readonly tip: string | null
  /** Id of the folder's tree afterwards. */
  readonly folder: string | null | undefined
  readonly settlement: Settlement
  readonly commits: readonly string[]
  /** When each edit in them was seen, milliseconds since the epoch. */
  readonly seenAt: readonly number[]
  readonly time: number
}

/** Pushes of unknown outcome that are recognised later. */
const MAX_REMEMBERED = 8

interface Remembered extends SentPush {
  /** How many of the batches it held. */
  readonly batches: number
}

/** Changes on their way: taken from the window, not acknowledged by the remote. */
export class Outbox {
  #batches: readonly Batch[] = []
  #sent: readonly Remembered[] = []

  get batches(): readonly Batch[] {
    return this.#batches
  }

  get changes(): readonly Change[] {
    return this.#batches.flatMap(({ changes }) => changes)
  }

  /** Whether a change of an object is on its way. */
  has(key: string): boolean {
    return this.#batches.some((batch) => objectsIn(batch).has(key))
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0
  }

  /** Pushes of which nobody knows whether they happened. */
  get sent(): readonly SentPush[] {
    return this.#sent
  }

  add(batches: readonly Batch[]): void {
    this.#batches = [...this.#batches, ...batches]
  }

  /** Each change becomes another one, as when its object was moved in Git. */
  map(to: (change: Change) => Change): void {
    this.#batches = this.#batches.map((batch) => ({ ...batch, changes: batch.changes.map(to) }))
  }

  /** A push of all of it was sent, and nobody knows whether it happened. The same attempt made again needs no second entry. */
  remember(push: SentPush): void {
    const others = this.#sent.filter(({ tip, folder }) => tip !== push.tip || folder !== push.folder)
    this.#sent = [...others, { ...push, batches: this.#batches.length }].slice(-MAX_REMEMBERED)
  }

  /**
   * A push of unknown outcome has happened when the folder is as it would have left it: what it held is not sent again.
   * @param at the branch and the folder as they are now
   */
  recognise(at: { readonly tip: string | null; readonly folder: string | null | undefined }): SentPush | undefined {
    if (at.folder === undefined) return undefined
    const landed = this.#sent.find(({ tip, folder }) => folder === at.folder && tip !== at.tip)
    if (landed === undefined) return undefined
    this.#batches = this.#batches.slice(landed.batches)
    this.#sent = []
    return landed
  }

  /** Everything is in Git. */
  clear(): void {
    this.#batches = []
    this.#sent = []
  }
}
