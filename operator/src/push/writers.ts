import PQueue from 'p-queue'
import type { Clock } from '../time/clock.ts'
import { isAuthorBranch } from '../plan/author-branch.ts'
import { branchOfKey } from '../plan/overlap.ts'
import { repositoryAddress } from '../plan/repository-address.ts'
import { BranchWriter } from './branch-writer.ts'
import type { PushedCommits } from './push-attempt.ts'
import type { Connection } from './connection.ts'
import type { Member } from './member.ts'
import type { PushObserver } from './observer.ts'
import { Tips } from './tips.ts'
import { byPush } from './review/by-push/by-push.ts'
import type { ReviewChange } from './review/host-request.ts'
import { inBranches } from './review/in-branches.ts'
import type { Tracer } from '../trace/tracer.ts'

export interface WritersOptions {
  readonly clock: Clock
  readonly random: () => number
  /** Branches written at the same time. Default 32. */
  readonly concurrency?: number
  /** Whether this process may write to Git now; asked before each push. Default always. */
  readonly mayPush?: () => boolean
  readonly onPush?: (pushed: PushedCommits) => void
  readonly observer?: PushObserver
  /** Told when a request for a review is opened, merged or closed. */
  readonly onReview?: ((change: ReviewChange) => void) | undefined
  /** Default: nothing is traced. */
  readonly tracer?: Tracer
}

/** Branches of one host written at the same time, if its GitProvider says nothing: a host that is slow keeps no other waiting. */
const PER_HOST = 4

/** One writer for each branch that has members. */
export class Writers {
  readonly #options: WritersOptions
  readonly #queue: PQueue
  readonly #tips: Tips
  readonly #hosts = new Map<string, PQueue>()
  readonly #writers = new Map<string, BranchWriter>()
  /** Member → key of its branch. */
  readonly #places = new Map<string, string>()
  /** Key of a branch under review → key of its base. */
  readonly #bases = new Map<string, string>()

  constructor(options: WritersOptions) {
    this.#options = options
    this.#tips = new Tips(options.clock)
    this.#queue = new PQueue({ concurrency: options.concurrency ?? 32 })
  }

  /**
   * Puts a member to work on a branch; takes it off another one that it was on.
   * @param key equal for equal branches of equal repositories
   * @param baseKey the same of the branch that it is to be merged into
   */
  attach(key: string, branch: string, member: Member, connection: Connection, baseKey?: string): void {
    const { review } = member.settings
    const pushed = review && byPush(connection.repository.url, review)
    // Another way to a request is another head, even where its name is the same.
    const place = pushed === undefined ? key : `${key} ${pushed.name}`
    if (this.#places.get(member.name) !== place) this.detach(member.name)
    this.#places.set(member.name, place)
    let writer = this.#writers.get(place)
    if (writer === undefined) {
      const { clock, random, mayPush, onPush, observer, onReview, tracer } = this.#options
      const { host } = repositoryAddress(connection.repository.url)
      const { budget } = connection
      const schedule = (work: () => Promise<void>): Promise<void> =>
        this.#schedule(host, Math.max(PER_HOST, budget?.limits.concurrency ?? 0), work)
      const base = review?.base
      if (baseKey !== undefined) this.#bases.set(place, baseKey)
      const reviewed = { branch, clock, onChange: onReview }
      writer = new BranchWriter({
        branch,
        base,
        ...(base === undefined ? {} : (pushed ?? inBranches(branch, base)).open(reviewed)),
        clock,
        random,
        schedule,
        tips: this.#tips,
        ...(mayPush === undefined ? {} : { mayPush }),
        ...(onPush === undefined ? {} : { onPush }),
        ...(observer === undefined ? {} : { observer }),
        ...(tracer === undefined ? {} : { tracer }),
      })
      this.#writers.set(place, writer)
    }
    writer.attach(member, connection)
  }

  async #schedule(host: string, concurrency: number, work: () => Promise<void>): Promise<void> {
    const queue = this.#hosts.get(host) ?? new PQueue({ concurrency })
    this.#hosts.set(host, queue)
    queue.concurrency = concurrency
    await queue.add(() => this.#queue.add(work))
    if (queue.size === 0 && queue.pending === 0) this.#hosts.delete(host)
  }

  detach(member: string): void {
    const key = this.#places.get(member)
    if (key === undefined) return
    this.#places.delete(member)
    const writer = this.#writers.get(key)
    writer?.detach(member)
    if (writer?.size !== 0) return
    this.#writers.delete(key)
    this.#bases.delete(key)
  }

  /** A member has changed: there may be something to write. */
  kick(member: string): void {
    this.#writers.get(this.#places.get(member) ?? '')?.kick(member)
  }

  /**
   * Looks at a branch at once: somebody says that there was a push.
   * @param key as for {@link Writers.attach}
   * @param tip where the branch is said to be now; nothing is done when that is known
   */
  lookAt(key: string, tip: string | undefined): void {
    this.#writers.get(key)?.lookNow(tip)
    const branch = branchOfKey(key)
    for (const [place, writer] of this.#writers) if (isAuthorBranch(place, key)) writer.lookNow(tip, branch)
    // What is to be merged into it has to be looked at as well.
    for (const [other, base] of this.#bases) if (base === key) this.#writers.get(other)?.lookNow(undefined)
  }

  /** A host that did not answer does so again: whoever waits because of that need not any more. */
  recovered(host: string): void {
    for (const writer of this.#writers.values()) writer.recovered(host)
  }

  /** Looks for work in all branches: to be called when `mayPush` says yes again. */
  resume(): void {
    for (const writer of this.#writers.values()) writer.kick()
  }

  /** @param flush whether to push what is pending first */
  async stop(flush: boolean): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.stop(flush)))
  }
}
