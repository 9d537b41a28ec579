import { isGitError } from '@gitsync/protocol'
import type { Change, Edit, PushOutcome, Snapshot } from '@gitsync/protocol'
import { stateOf } from '../../../plan/request-section.ts'
import type { Clock } from '../../../time/clock.ts'
import { PushFailure } from '../../failure.ts'
import type { Staged } from '../../stage.ts'
import { BaseBranch } from '../base-branch.ts'
import { forgetGone } from '../forget-gone.ts'
import { HostRequest } from '../host-request.ts'
import type { HostRequestOptions } from '../host-request.ts'
import { proposalOf, stagedState } from '../proposal.ts'
import { foldersId, readFolders } from '../read-folders.ts'
import type { Outgoing, Review } from '../review.ts'
import type { ReviewRound } from '../review-round.ts'
import type { Dialect, SeenRequest } from './dialect.ts'
import { commitProposal } from './proposal-commit.ts'
import type { Proposal, ProposalCommit } from './proposal-commit.ts'
import type { PushedHead } from './pushed-head.ts'
import { changesWithin, holds } from './stage-on-base.ts'

export interface PushedReviewOptions extends HostRequestOptions {
  readonly clock: Clock
  readonly dialect: Dialect
  readonly head: PushedHead
}

/**
 * Keeps one request in step that is made by pushes alone: it is one commit on the base, made anew with each change. What
 * became of it is what the base holds.
 */
export class PushedReview implements Review {
  readonly #options: PushedReviewOptions
  readonly #base: BaseBranch
  readonly #request: HostRequest
  /** Of the commit with this id, against the one below it. */
  #changes: { readonly oid: string; readonly changes: readonly Change[] } | undefined
  /** The members' folders at the commit with this id. */
  #fork: { readonly oid: string; readonly folders: string } | undefined
  /** What is being sent. */
  #sending: ProposalCommit | undefined
  /** In this round somebody's no has been heard. */
  #isHeard = false

  constructor(options: PushedReviewOptions) {
    this.#options = options
    this.#base = new BaseBranch()
    this.#request = new HostRequest(options)
  }

  stop(): void {
    this.#sending = undefined
  }

  /**
   * Looks where the base is. What the base holds is no head any more; where the base has changed a folder of the head, the
   * head is made anew on it.
   */
  async prepare(round: ReviewRound): Promise<Snapshot> {
    this.#isHeard = false
    await this.#base.look(round)
    const { head, members } = round
    const { seen } = this.#options.head
    if (head.tip === null || seen === undefined) {
      if (seen !== undefined && seen.state !== 'Open') this.#ended(round, seen.state)
      return this.#begin(round)
    }
    const changes = await this.#changesOf(round, seen)
    if (holds(await readFolders(round.repository, this.#base.snapshot, members), changes)) {
      this.#ended(round, 'Merged')
      return this.#begin(round)
    }
    if (await this.#isOnBase(round, seen)) return head
    const renewed = await this.#propose(round, { changes, staged: [], after: head })
    for (const member of members) member.requireCompare('drift')
    return renewed
  }

  /** It may not come into being while people have closed a request for the very same changes, as far as that shows in Git. */
  async admits(round: ReviewRound, staged: readonly Staged[]): Promise<boolean> {
    const { seen } = this.#options.head
    if (seen?.state !== 'Closed' || round.isRequested) return true
    const changes = await this.#changesOf(round, seen)
    if (stateOf(changes.map(({ path, oid = null }) => ({ path, oid }))) !== stagedState(staged)) return true
    this.#isHeard = true
    const { number, url, state } = seen
    this.#request.tellStatus(round, { number, url, state, isRefused: true }, 'somebody closed it')
    return false
  }

  /** The one commit that stands for the commits that were staged. */
  async outgoing(round: ReviewRound, edit: Edit, staged: readonly Staged[]): Promise<Outgoing> {
    const { head } = round
    const { seen } = this.#options.head
    const { snapshot } = await edit.push({ dryRun: true })
    const after = snapshot.at({ shown: head.shown })
    const isOpen = head.tip !== null && seen !== undefined
    const changes = isOpen ? await this.#changesOf(round, seen) : []
    const { edit: whole, pushOptions, commit } = await this.#prepared(round, { changes, staged, after })
    return { pushes: [{ edit: whole, pushOptions, verify: false }], whole, sentAs: () => [commit.oid] }
  }

  sent(round: ReviewRound, outcome: PushOutcome): Snapshot {
    const { dialect, head } = this.#options
    const sending = this.#sending
    this.#sending = undefined
    if (outcome.status !== 'pushed' || sending === undefined) return outcome.snapshot
    const answer = dialect.answer(outcome)
    if (answer === undefined) {
      throw new PushFailure(
        'PullRequestRefused',
        `${round.head.ref} was taken, and the answer names no request: check spec.type of the GitProvider that lists the host, or set push.pullRequest.via to API`,
      )
    }
    const { commit, isNothing } = sending
    const last = this.#request.status(round)
    const request = { url: last?.number === answer.number ? last.url : undefined, ...defined(answer) }
    head.took({ number: answer.number, url: request.url, state: 'Open', commit })
    const [title = ''] = commit.message.split('\n')
    const isSame = last?.number === answer.number && last.state === 'Open'
    if (isNothing) {
      this.#request.tellStatus(round, { ...request, state: 'Closed' }, WHY_NOTHING)
      return this.#begin(round)
    }
    this.#request.tellStatus(round, { ...request, state: 'Open', title }, isSame ? '' : WHY_OPENED)
    const { oid, parents } = commit
    return outcome.snapshot.at({ ref: head.ref, tip: oid, commit: oid, parents })
  }

  mayRepeat(error: unknown): boolean {
    return isGitError(error, 'Rejected') && this.#options.dialect.outgrows(error.message)
  }

  isInBase(path: string, oid: string | null): boolean {
    return this.#base.has(path, oid)
  }

  committed(): void {
    // Who made the changes stands in the commit.
  }

  /** Says that nothing is proposed any more, where that is so. */
  async settle(round: ReviewRound): Promise<boolean> {
    const { head, members } = round
    if (!members.every((member) => member.isCompared)) return false
    let isOver = false
    if (head.tip === null) {
      const last = this.#request.status(round)
      // Nothing is proposed any more that somebody could have said no to.
      if (last?.isRefused === true && !this.#isHeard) this.#request.tellStatus(round, { ...last, isRefused: undefined })
    } else if (
      (await proposalOf(round, this.#base.snapshot)).length === 0 &&
      !members.some((member) => member.hasPending)
    ) {
      await this.#propose(round, { changes: [], staged: [], after: this.#base.snapshot })
      forgetGone(round, [this.#base.snapshot])
      isOver = true
    }
    for (const member of members) member.standing.reviewed()
    return isOver
  }

  /** The head where there is none. */
  #begin({ head }: ReviewRound): Snapshot {
    return this.#base.snapshot.at({ ref: head.ref, tip: null })
  }

  #ended(round: ReviewRound, state: 'Merged' | 'Closed'): void {
    const last = this.#request.status(round)
    if (last === undefined || last.state !== 'Open') return
    if (state === 'Merged') forgetGone(round, [this.#base.snapshot])
    this.#request.tellStatus(round, { ...last, state }, state === 'Merged' ? WHY_MERGED : 'somebody closed it')
  }

  /** Whether the base has the members' folders as they were when the head was made. */
  async #isOnBase({ repository, members }: ReviewRound, { commit }: SeenRequest): Promise<boolean> {
    const [oid = ''] = commit.parents
    const base = this.#base.snapshot
    if (oid === base.commit) return true
    if (this.#fork?.oid !== oid) {
      const folders = members.map(({ settings }) => settings.path)
      const fork = await repository.read(await repository.snapshotAt(oid), { folders })
      this.#fork = { oid, folders: foldersId(fork, members) }
    }
    return this.#fork.folders === foldersId(base, members)
  }

  async #changesOf({ repository, members }: ReviewRound, { commit }: SeenRequest): Promise<readonly Change[]> {
    const { oid, parents } = commit
    if (this.#changes?.oid !== oid) this.#changes = { oid, changes: await repository.compare(parents[0] ?? '', oid) }
    return changesWithin(this.#changes.changes, members)
  }

  async #propose(round: ReviewRound, proposal: Pick<Proposal, 'changes' | 'staged' | 'after'>): Promise<Snapshot> {
    const { edit, pushOptions } = await this.#prepared(round, proposal)
    try {
      round.confirm()
      return this.sent(round, await edit.push({ pushOptions, verify: false }))
    } finally {
      await edit.close()
    }
  }

  async #prepared(
    round: ReviewRound,
    proposal: Pick<Proposal, 'changes' | 'staged' | 'after'>,
  ): Promise<ProposalCommit> {
    const { branch, clock, dialect, head } = this.#options
    const open = head.seen?.state === 'Open' ? head.seen : undefined
    const base = this.#base.snapshot
    this.#sending = await commitProposal(round, { ...proposal, branch, dialect, base, open, time: clock.now() })
    return this.#sending
  }
}

const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T

const WHY_OPENED = 'the cluster differs from the base'
const WHY_MERGED = 'the base has what it proposed'
const WHY_NOTHING = 'nothing is left to review; a push cannot close it'
