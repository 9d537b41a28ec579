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
