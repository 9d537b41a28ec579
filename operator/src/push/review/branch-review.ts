import type { Edit, PushOutcome, Snapshot } from '@gitsync/protocol'
import type { PullRequest } from '../../forge/forge.ts'
import { CLAIM_FILE } from '../../plan/compare.ts'
import { markOf } from '../../plan/request-section.ts'
import type { Clock } from '../../time/clock.ts'
import type { Member } from '../member.ts'
import type { Staged } from '../stage.ts'
import { BaseBranch } from './base-branch.ts'
import { describeRequest } from './describe-request.ts'
import { foreignCommits } from './divergence.ts'
import { Fork } from './fork.ts'
import { asked } from './forge-failure.ts'
import { forgetGone } from './forget-gone.ts'
import { HostRequest, isRefusal } from './host-request.ts'
import type { HostRequestOptions } from './host-request.ts'
import { MergeGrace } from './merge-grace.ts'
import { proposalState, stagedState } from './proposal.ts'
import type { Proposed } from './proposal.ts'
import { requestIn, requestOptions } from './push-options.ts'
import { RemovalGrace } from './removal-grace.ts'
import { removeBranch } from './remove-branch.ts'
import type { Outgoing, Review } from './review.ts'
import { settingsOf } from './review-round.ts'
import type { ReviewRound } from './review-round.ts'

export interface BranchReviewOptions extends HostRequestOptions {
  readonly clock: Clock
  /** Shared by heads of one base. Default: its own. */
  readonly baseBranch?: BaseBranch
  /** Other places where files may be that are neither wanted nor in the base. Default: none. */
  readonly elsewhere?: () => readonly Snapshot[]
  /** Whether it proposes who owns a folder where it proposes nothing else. Default: it does. */
  readonly proposesClaims?: (members: readonly Member[]) => boolean
}

/** What became of a head; one that proposes nothing waits while something is not written yet. */
export type HeadOutcome = 'kept' | 'removed' | 'waits'

/**
 * Keeps one request in step with a head that many may write: opens it while the head proposes something, closes it when it
 * proposes nothing, takes the base in when both have changed the same folder. All it needs to know is in Git and in the
 * request itself; what it remembers spares requests.
 */
export class BranchReview implements Review {
  readonly #branch: string
  readonly #options: BranchReviewOptions
  readonly #base: BaseBranch
  readonly #fork: Fork
  readonly #request: HostRequest
  readonly #grace: MergeGrace
  readonly #removal: RemovalGrace
  /** In this round somebody's no has been heard. */
  #isHeard = false

  constructor(options: BranchReviewOptions) {
    this.#branch = options.branch
    this.#options = options
    this.#base = options.baseBranch ?? new BaseBranch()
    this.#fork = new Fork(this.#base, options.clock)
    this.#request = new HostRequest(options)
    this.#grace = new MergeGrace(options.clock)
    this.#removal = new RemovalGrace(options.clock)
  }

  stop(): void {
    this.#grace.stop()
    this.#removal.stop()
  }

  /**
   * Looks where the base is, and takes it into the head where it has changed a folder that the head writes.
   * @returns the head as it is then
   * @throws PushFailure `BranchNotFound` where there is no base
   */
  async prepare(round: ReviewRound): Promise<Snapshot> {
    await this.#base.look(round)
    return await this.takeBaseIn(round)
  }

  /** The same where the base has been looked at. */
  async takeBaseIn(round: ReviewRound): Promise<Snapshot> {
    this.#isHeard = false
    return await this.#fork.takeBaseIn(round)
  }

  /**
   * Whether the head may come into being. It may not while people have closed a request for the very same changes.
   * @throws PushFailure
   */
  async admits(round: ReviewRound, staged: readonly Staged[]): Promise<boolean> {
    if (settingsOf(round).via !== 'API') return true
    this.#request.known = await this.#request.find(round)
    return !this.#isRefused(round, stagedState(staged))
  }

  /** Commits as they were staged; options of the push where that is the way to a request. @throws PushFailure */
  async outgoing(round: ReviewRound, edit: Edit, staged: readonly Staged[]): Promise<Outgoing> {
    const settings = settingsOf(round)
    if (settings.via !== 'PushOptions') return { pushes: [{ edit, pushOptions: [] }], whole: edit }
    const pushed = { staged, isNew: round.head.tip === null }
    const { url } = round.repository
    const pushOptions = await asked(async () => requestOptions(url, this.#branch, settings, pushed))
    return { pushes: [{ edit, pushOptions }], whole: edit }
  }

  /** What the host has said of a push. */
  sent(round: ReviewRound, outcome: PushOutcome): Snapshot {
    const { snapshot } = outcome
    if (settingsOf(round).via !== 'PushOptions' || outcome.status !== 'pushed') return snapshot
    const last = this.#request.status(round)
    const isKnown = last?.state === 'Open'
    const request = { ...(isKnown ? last : {}), ...requestIn(outcome.messages), state: 'Open' as const }
    this.#request.tellStatus(round, request, isKnown ? '' : WHY_OPENED)
    return snapshot
  }

  /** A branch says where it is. */
  mayRepeat(): boolean {
    return false
  }

  isInBase(path: string, oid: string | null): boolean {
    return this.#base.has(path, oid)
  }

  /** Tells of commits that have been pushed to the head. */
  committed(staged: readonly Staged[]): void {
    this.#fork.committed(staged)
  }

  /**
   * Brings the request in step with the head.
   * @returns whether the head was removed
   * @throws PushFailure
   */
  async settle(round: ReviewRound): Promise<boolean> {
    const { members } = round
    // What is wanted is known only when everything has been read once.
    if (!members.every((member) => member.isCompared)) return false
    const outcome = await this.keepInStep(round)
    for (const member of members) member.standing.reviewed()
    return outcome === 'removed'
  }

  /**
   * Brings the request in step with the head, once everything that is wanted is known.
   * @throws PushFailure
   */
  async keepInStep(round: ReviewRound): Promise<HeadOutcome> {
    const { tip } = round.head
    if (tip === null) {
      await this.#withoutHead(round)
      return 'kept'
    }
    const proposal = await this.#fork.proposal(round)
    const isClaim = ({ difference }: Proposed): boolean => difference.path === CLAIM_FILE
    const isNothing = this.#options.proposesClaims?.(round.members) === false && proposal.every(isClaim)
    if (isNothing || proposal.length === 0) return await this.#endReview(round, tip)
    this.#grace.proposed(this.#base.commit)
    if (settingsOf(round).via === 'API') await this.#propose(round, tip, proposal)
    return 'kept'
  }

  async #propose(round: ReviewRound, tip: string, proposal: readonly Proposed[]): Promise<void> {
    const { repository, members } = round
    const request = this.#request
    const settings = settingsOf(round)
    const state = proposalState(proposal)
    const isKnown = request.known?.state === 'Open' && !round.isLook
    if (!isKnown) request.known = await request.latest(round)
    if (this.#isRefused(round, state)) return
    const open = request.known?.state === 'Open' ? request.known : undefined
    const text = await describeRequest({
      repository,
      base: this.#base.snapshot,
      branch: this.#branch,
      settings,
      members,
      proposal,
      authors: await this.#fork.authors(round, tip),
    })
    const before = request.known?.number
    const wanted = { ...text, state, settings }
    request.known = await request.bringInStep(round, open, wanted, !isKnown)
    const isNew = open === undefined && before !== request.known.number
    if (isNew) this.#removal.opened(request.known, () => lookAgain(members))
    if (this.#removal.explains(request.known)) request.known = await request.bringInStep(round, undefined, wanted, true)
    // People may have been faster than what follows the opening.
    if (this.#isRefused(round, state)) return
    request.tell(round, request.known, isNew ? WHY_OPENED : '')
  }

  /** Nothing is proposed: the request goes, and the head with it, unless others have worked on it. */
  async #endReview(round: ReviewRound, tip: string): Promise<HeadOutcome> {
    const { repository, members, confirm } = round
    const settings = settingsOf(round)
    if (members.some((member) => member.hasPending)) return 'waits'
    const divergence = await this.#fork.divergence(round, tip)
    const isOver = this.#request.known !== undefined && this.#request.known.state !== 'Open'
    const request = settings.via === 'API' && !isOver ? await this.#request.latest(round) : this.#request.known
    const ours = new Set(members.map((member) => member.settings.committer.email))
    const isTheirs = divergence === undefined || foreignCommits(divergence, ours).length > 0
    if (isTheirs || (request?.state === 'Open' && !this.#isSure(round))) {
      if (request !== undefined) this.#request.tell(round, request)
      return 'kept'
    }
    const ended = await this.#endRequest(round, request)
    const isUsed = divergence.ahead.length > 0 || this.#isOwn(round, ended)
    if (!isUsed || (ended?.state === 'Merged' && !settings.deleteBranch)) return 'kept'
    confirm()
    await removeBranch(repository, this.#branch, tip)
    this.#removal.removed()
    this.#fork.headGone()
    // What was merged is in a base that may not have been looked at since.
    if (ended?.state !== 'Merged' || round.isLook)
      forgetGone(round, [this.#base.snapshot, ...(this.#options.elsewhere?.() ?? [])])
    if (settings.via === 'PushOptions') {
      // Nobody has asked the host: that the base has got everything says that it was merged.
      const state = this.#grace.hasStayed(this.#base.commit) ? 'Closed' : 'Merged'
      this.#request.tellStatus(round, { ...this.#request.status(round), state }, WHY_ENDED)
    }
    return 'removed'
  }

  /** Closes the request where it is open. @returns it as it is then */
  async #endRequest(round: ReviewRound, request: PullRequest | undefined): Promise<PullRequest | undefined> {
    const ended = request?.state === 'Open' ? await this.#request.closeEmpty(round, request) : request
    this.#request.known = ended
    this.#grace.ended()
    if (ended !== undefined) this.#request.tell(round, ended, WHY_ENDED)
    return ended
  }

  /** Whether the head's request was opened from here. */
  #isOwn(round: ReviewRound, request: PullRequest | undefined): boolean {
    return request === undefined ? this.#request.status(round) !== undefined : markOf(request.body) !== undefined
  }

  /** The head is gone: so is its request, unless the host is slow. */
  async #withoutHead(round: ReviewRound): Promise<void> {
    this.#fork.headGone()
    const last = this.#request.status(round)
    // Nothing is proposed any more that somebody could have said no to.
    if (last?.isRefused === true && !this.#isHeard) this.#request.tellStatus(round, { ...last, isRefused: undefined })
    if (last?.number === undefined || last.state !== 'Open' || settingsOf(round).via !== 'API') return
    let request = await this.#request.read(round, last.number)
    if (request?.state === 'Open') request = await this.#request.close(round, request)
    this.#request.known = request
    if (request !== undefined) this.#request.tell(round, request, 'its branch is gone')
    else this.#request.tellStatus(round, { ...last, state: 'Closed' }, 'the host does not know it any more')
  }

  /** Whether it is the cluster that went back; where the base has moved, a merge may be what the host will tell of. */
  #isSure({ members }: ReviewRound): boolean {
    return this.#grace.hasStayed(this.#base.commit) || this.#grace.isOver(() => lookAgain(members))
  }

  /** Whether people have said no to just this; nothing happens then until something changes or somebody asks. */
  #isRefused(round: ReviewRound, state: string): boolean {
    const { known } = this.#request
    if (round.isRequested || !isRefusal(known, state) || this.#removal.explains(known)) return false
    this.#isHeard = true
    this.#request.tell(round, known, 'somebody closed it', true)
    return true
  }
}

function lookAgain(members: readonly Member[]): void {
  for (const member of members) member.requireLook()
}

const WHY_OPENED = 'the cluster differs from the base'
const WHY_ENDED = 'nothing is left to review'
