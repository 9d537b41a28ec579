import { isGitError } from '@gitsync/protocol'
import type { Snapshot } from '@gitsync/protocol'
import { repositoryAddress } from '../plan/repository-address.ts'
import { backoffMs } from '../time/backoff.ts'
import type { Clock } from '../time/clock.ts'
import { NO_TRACER } from '../trace/tracer.ts'
import type { Tracer } from '../trace/tracer.ts'
import { PushFailure, toFailure } from './failure.ts'
import type { KnownBranch } from './known-branch.ts'
import type { Member } from './member.ts'
import type { PushObserver } from './observer.ts'
import { attemptPush } from './push-attempt.ts'
import type { PushAttempt, PushedCommits, Reviewing } from './push-attempt.ts'
import type { Review } from './review/review.ts'
import type { Attached, Connection } from './connection.ts'
import type { Tips } from './tips.ts'

export interface GroupPushOptions {
  /** Short name. */
  readonly branch: string
  readonly clock: Clock
  readonly random: () => number
  readonly mayPush: () => boolean
  readonly onPush?: (pushed: PushedCommits) => void
  readonly observer?: PushObserver
  readonly tips: Tips
  readonly review?: Review | undefined
  /** Default: nothing is traced. */
  readonly tracer?: Tracer
  readonly known: KnownBranch
  /** Everybody who writes the branch, by name. */
  readonly members: ReadonlyMap<string, Attached>
}

/** A lost race is run again at once this often; after that with backoff. */
const MAX_RACES = 8

/** Between tries to bring a request in step that the host refuses. */
const REVIEW_BACKOFF = { baseMs: 1_000, maxMs: 60_000 }

/** Brings the changes of several members into Git with one push, over the connection that they share. */
export class GroupPush {
  readonly #options: GroupPushOptions
  /** Times in a row that a request could not be brought in step. */
  #unsettled = 0

  constructor(options: GroupPushOptions) {
    this.#options = options
  }

  /** One push for all; when the server refuses it, one for each, so that one tenant cannot block another. Failures are told to their members. */
  async run(all: readonly Attached[]): Promise<void> {
    // Who fails by itself leaves the group: what happens to the others is not its business, nor its words theirs.
    const group = new Set(all)
    const [first] = all
    if (first === undefined) return
    const { branch, clock, observer, known, tracer = NO_TRACER } = this.#options
    const host = hostOf(first)
    const started = clock.now()
    const span = tracer.start('push', {
      attributes: { 'server.address': host, 'gitsync.branch': branch, 'gitsync.members': all.length },
    })
    let result: 'pushed' | 'unchanged' | 'failed' = 'failed'
    try {
      result = (await tracer.within(span, () => this.#push(group, first.connection))) ? 'pushed' : 'unchanged'
    } catch (error) {
      span.fail(toFailure(error).reason)
      // For a branch that is begun anew everybody has come along: alone nobody is then.
      if (all.length > 1 && group.size > 1 && isGitError(error, 'Rejected', 'LimitExceeded')) {
        for (const one of group) await this.run([one])
        return
      }
      known.doubt()
      const failure = toFailure(error)
      for (const attached of group) this.fail(attached, failure)
    } finally {
      span.set({ 'gitsync.result': result })
      span.end()
      observer?.attempted?.({ host, result, seconds: (clock.now() - started) / 1000 })
    }
  }

  fail(attached: Attached, failure: PushFailure): void {
    const { member, connection } = attached
    const { members, observer, random } = this.#options
    const now = members.get(member.name)
    // It was told to go on with other credentials meanwhile: what was answered to the old ones says nothing of those.
    if (now?.member === member && now.connection !== connection) return
    member.fail(failure, random)
    observer?.failed?.({ host: hostOf(attached), member: member.name, failure })
  }

  /** @returns whether the branch has new commits */
  async #push(group: Set<Attached>, connection: Connection, races = 0): Promise<boolean> {
    const { known, observer, review } = this.#options
    const before = membersOf(group)
    const isLook = known.needsLook(before)
    const since = known.lookSince(before)
    const isRequested = before.some(({ request }) => request !== undefined)
    if (isLook) await known.look(before, connection)
    const reviewing = review && this.#reviewing(review, connection, { isLook, isRequested, since })
    if (reviewing !== undefined) {
      known.set(await reviewing.review.prepare(reviewing.round()))
      // Whether a no to one of several still stands shows when everything is compared, as for a branch that is begun anew.
      const isGathered = known.snapshot?.tip === null || (isLook && known.isComposed && this.#isRefused())
      if (isGathered) this.#gather(group, connection)
    }
    const attempt = this.#attempt(connection, reviewing)
    for (let race = races; ; race++) {
      let isPushed: boolean | undefined
      try {
        isPushed = await attemptPush(group, attempt)
        if (reviewing !== undefined) await this.#settleReview(reviewing, group)
        return isPushed
      } catch (error) {
        if (race < MAX_RACES && review?.mayRepeat(error) === true) continue
        // Of several some may have got what was sent to them.
        if (known.isComposed && reviewing !== undefined && isPushed === undefined && isGitError(error, 'Rejected'))
          await this.#settleReview(reviewing, group)
        if (!isGitError(error, 'StaleRef') || race >= MAX_RACES) throw error
        observer?.raced?.(repositoryAddress(connection.repository.url).host)
        if (known.isComposed) {
          known.doubt()
          return await this.#push(group, connection, races + 1)
        }
        await known.moveTo(String(error.details.actual), membersOf(group), connection)
      }
    }
  }

  #attempt({ repository }: Connection, reviewing: Reviewing | undefined): PushAttempt {
    const { known, members, onPush, tracer = NO_TRACER } = this.#options
    return {
      known,
      repository,
      tracer,
      reviewing,
      isAttached: ({ member }) => members.get(member.name)?.member === member,
      fail: (attached, failure) => this.fail(attached, failure),
      confirm: () => this.#confirm(),
      onPush,
    }
  }

  #reviewing(
    review: Review,
    connection: Connection,
    { since, ...asked }: { readonly isLook: boolean; readonly isRequested: boolean; readonly since: number },
  ): Reviewing {
    const { known, members, tips } = this.#options
    return {
      review,
      round: () => ({
        ...asked,
        connection,
        tipOf: (branch) => tips.look(connection, branch, since),
        repository: connection.repository,
        head: known.snapshot as Snapshot,
        members: membersOf(members.values()),
        confirm: () => this.#confirm(),
      }),
    }
  }

  #isRefused(): boolean {
    return membersOf(this.#options.members.values()).some(({ standing }) => standing.isRefused)
  }

  /** A branch that is begun anew has to have everything that anybody wants in it. */
  #gather(group: Set<Attached>, { key }: Connection): void {
    for (const attached of this.#options.members.values()) {
      if (attached.connection.key !== key) continue
      attached.member.requireCompare('drift')
      group.add(attached)
    }
  }

  async #settleReview({ review, round }: Reviewing, group: ReadonlySet<Attached>): Promise<void> {
    try {
      // The next one begins at the base.
      if (await review.settle(round())) this.#options.known.forget()
      this.#unsettled = 0
    } catch (error) {
      // The push has happened; what was to follow is tried again.
      for (const { member } of group) member.requireLook()
      throw isGitError(error, 'StaleRef') ? error : this.#unsettledFailure(error)
    }
  }

  /** The push before it went well each time: to the members each is the first failure. */
  #unsettledFailure(error: unknown): PushFailure {
    const failure = toFailure(error)
    const { reason, message, waitMs = 0 } = failure
    const wait = backoffMs(++this.#unsettled, REVIEW_BACKOFF, this.#options.random)
    return new PushFailure(reason, message, { waitMs: Math.max(waitMs, wait), cause: failure })
  }

  #confirm(): void {
    if (this.#options.mayPush()) return
    throw new PushFailure(
      'ClusterUnavailable',
      "nothing is pushed before the API server confirms this operator's lease",
    )
  }
}

export const hostOf = ({ connection }: Attached): string => repositoryAddress(connection.repository.url).host

const membersOf = (attached: Iterable<Attached>): Member[] => [...attached].map(({ member }) => member)
