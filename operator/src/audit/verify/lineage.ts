import type { CommitInfo } from '@gitsync/protocol'

interface Awaited {
  /** Some commit that an earlier tip reaches leads to it. */
  isOld: boolean
  /** The oldest of the commits that are based on it; of those that are not old. */
  child: Child | undefined
}

interface Child {
  readonly oid: string
  readonly time: number
}

/** Milliseconds since 1970. What no calendar holds is taken for 1970, as git does: who writes such a time has dated a commit back. */
export function committedAt({ committer }: CommitInfo): number {
  const time = committer.date.getTime()
  return Number.isNaN(time) ? 0 : time
}

/**
 * Which commits of a history, children before parents, an earlier tip reaches, and what they are the base of. Holds the
 * commits that are awaited, and no others.
 */
export class Lineage {
  readonly #earlierTip: string | undefined
  readonly #awaited = new Map<string, Awaited>()
  /** Of those awaited, which are not old. */
  #fresh = 0
  #hasBegun = false
  hasMet = false

  constructor(earlierTip: string | undefined) {
    this.#earlierTip = earlierTip
  }

  /** All that is to come is old. */
  get isDone(): boolean {
    return this.#hasBegun && this.#fresh === 0
  }

  pass(commit: CommitInfo): { readonly isOld: boolean; readonly child: Child | undefined } {
    const { oid, parents } = commit
    this.#hasBegun = true
    const awaited = this.#awaited.get(oid)
    this.#awaited.delete(oid)
    if (awaited?.isOld === false) this.#fresh--
    if (oid === this.#earlierTip) this.hasMet = true
    const isOld = oid === this.#earlierTip || awaited?.isOld === true
    const child = isOld ? undefined : { oid, time: committedAt(commit) }
    for (const parent of new Set(parents)) {
      const known = this.#awaited.get(parent)
      if (known === undefined) {
        this.#awaited.set(parent, { isOld, child })
        if (!isOld) this.#fresh++
        continue
      }
      if (isOld && !known.isOld) {
        known.isOld = true
        this.#fresh--
      }
      if (child !== undefined && child.time < (known.child?.time ?? Number.POSITIVE_INFINITY)) known.child = child
    }
    return { isOld, child: awaited?.child }
  }
}
