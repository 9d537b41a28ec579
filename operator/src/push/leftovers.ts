import { identityKey } from '../objects/object.ts'
import type { ObjectIdentity } from '../objects/object.ts'
import type { PushFailure } from './failure.ts'

/** Deletions that cannot be proved for lack of a permission of the operator's own. */
export interface Unprovable {
  readonly failure: PushFailure
  readonly count: number
}

/** What is known of files in the folder that no object wants any more: how many stay, and why. */
export class Leftovers {
  #orphans = 0
  #unjudged: ObjectIdentity[] = []
  /** Objects that were there when they were asked for, though nobody wanted their files. */
  #there = new Map<string, ObjectIdentity>()
  #unprovable: Unprovable | undefined

  /** Files of this member that have no object and stay. */
  get orphans(): number {
    return this.#orphans
  }

  /** As the last plan found out. */
  get unprovable(): Unprovable | undefined {
    return this.#unprovable
  }

  beginPlan(): void {
    this.#unprovable = undefined
  }

  /** Every file is judged anew. */
  beginJudging(): void {
    this.#unjudged = []
    this.#there.clear()
  }

  /** @param orphans how many stay */
  judged(orphans: number): void {
    this.#orphans = orphans
  }

  /** An object went whose file stays. */
  keep(): void {
    this.#orphans++
  }

  /** Nothing can be told of an object just now: its kind is not watched or not served, or something cannot be read. */
  postpone(identity: ObjectIdentity): void {
    this.#unjudged.push(identity)
  }

  /**
   * Asks whether an object is gone. One that is there is not selected, or a watch has yet to tell of it; and what comes and
   * goes while a watch is away is never told.
   */
  async asks(identity: ObjectIdentity, isGone: () => Promise<boolean>): Promise<boolean> {
    const key = identityKey(identity)
    // Before the question: a list that is read meanwhile may be newer than the answer.
    this.#there.set(key, identity)
    const gone = await isGone()
    if (gone) this.#there.delete(key)
    return gone
  }

  /** Whether there are objects that may have gone without anybody telling. */
  mayHaveGone(isListedAnew: (identity: ObjectIdentity) => boolean): boolean {
    return this.#there.values().some(isListedAnew)
  }

  /** Whether an object is gone may not be asked. */
  refused(identity: ObjectIdentity, failure: PushFailure): void {
    this.postpone(identity)
    this.#unprovable = { failure, count: (this.#unprovable?.count ?? 0) + 1 }
  }

  /** Whether there are objects of which more could be told now. */
  isWaitingFor(isKnown: (identity: ObjectIdentity) => boolean): boolean {
    return this.#unjudged.some(isKnown)
  }
}
