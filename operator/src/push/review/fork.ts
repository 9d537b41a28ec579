import type { Snapshot } from '@gitsync/protocol'
import type { Clock } from '../../time/clock.ts'
import type { Staged } from '../stage.ts'
import type { BaseBranch } from './base-branch.ts'
import { findDivergence } from './divergence.ts'
import type { Divergence } from './divergence.ts'
import { mergeBaseIn } from './merge-base-in.ts'
import { proposalOf } from './proposal.ts'
import type { Proposed } from './proposal.ts'
import { foldersId } from './read-folders.ts'
import { leaderOf, settingsOf } from './review-round.ts'
import type { ReviewRound } from './review-round.ts'

/** How a head has parted from its base. */
export class Fork {
  readonly #base: BaseBranch
  readonly #clock: Clock
  /** Of the head at this tip from the base at that one. */
  #parted: { readonly head: string; readonly base: string; readonly divergence: Divergence | undefined } | undefined
  /** The members' folders where head and base were the same, as far as that is known. */
  #forkedAt: string | undefined
  /** Who made the commits of the head, oldest first; undefined where they have not been read. */
  #authors: Set<string> | undefined

  constructor(base: BaseBranch, clock: Clock) {
    this.#base = base
    this.#clock = clock
  }

  /**
   * Takes the base, which has been looked at, into the head where it has changed a folder that the head writes.
   * @returns the head as it is then
   */
  async takeBaseIn(round: ReviewRound): Promise<Snapshot> {
    const { head, isLook, members } = round
    if (head.tip !== null) return isLook ? await this.#takeIn(round, head.tip) : head
    this.#forkedAt = foldersId(this.#base.snapshot, members)
    this.#authors = new Set()
    return head
  }

  /** What the head proposes. */
  proposal(round: ReviewRound): Promise<readonly Proposed[]> {
    return proposalOf(round, this.#base.snapshot)
  }

  /** Undefined where that cannot be told. */
  async divergence({ repository }: ReviewRound, head: string): Promise<Divergence | undefined> {
    const base = this.#base.commit
    if (this.#parted?.head !== head || this.#parted.base !== base)
      this.#parted = { head, base, divergence: await findDivergence(repository, head, base) }
    return this.#parted.divergence
  }

  /** Who made the commits of the head, oldest first, merges left out. */
  async authors(round: ReviewRound, head: string): Promise<readonly string[]> {
    if (this.#authors === undefined) {
      const { ahead = [] } = (await this.divergence(round, head)) ?? {}
      const commits = ahead.filter(({ parents }) => parents.length < 2)
      this.#authors = new Set(commits.map(({ author }) => author.name).reverse())
    }
    return [...this.#authors]
  }

  /** Tells of commits that have been pushed to the head. */
  committed(staged: readonly Staged[]): void {
    for (const { plan, commits } of staged) {
      if (commits.length > 0) for (const { author } of plan.commits) this.#authors?.add(author.name)
    }
  }

  /** There is no head any more. */
  headGone(): void {
    this.#parted = undefined
    this.#authors = new Set()
  }

  async #takeIn(round: ReviewRound, tip: string): Promise<Snapshot> {
    const { repository, head, members, confirm } = round
    const now = foldersId(this.#base.snapshot, members)
    if (this.#forkedAt === now) return head
    const divergence = await this.divergence(round, tip)
    if (divergence === undefined) return head
    const folders = members.map(({ settings }) => settings.path)
    const { mergeBase } = divergence
    const fork = await repository.read(await repository.snapshotAt(mergeBase), { folders })
    this.#forkedAt = foldersId(fork, members)
    if (this.#forkedAt === now) return head
    // What proposes nothing is closed rather than brought up to date.
    if ((await this.proposal(round)).length === 0) return head
    const leader = leaderOf(round)
    const edit = await mergeBaseIn(repository, {
      head,
      base: this.#base.snapshot,
      baseName: settingsOf(round).base,
      mergeBase,
      folders,
      committer: leader.settings.committer,
      sign: leader.signer,
      time: this.#clock.now(),
    })
    if ('conflict' in edit) return head
    await using merge = edit
    confirm()
    const { snapshot } = await merge.push()
    this.#forkedAt = now
    for (const member of members) member.requireCompare('drift')
    return snapshot
  }
}
