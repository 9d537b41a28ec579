import type { Snapshot } from '@gitsync/protocol'
import type { Clock } from '../../time/clock.ts'
import { PushFailure } from '../failure.ts'
import type { Staged } from '../stage.ts'
import { findDivergence } from './divergence.ts'
import type { Divergence } from './divergence.ts'
import { mergeBaseIn } from './merge-base-in.ts'
import { proposalOf } from './proposal.ts'
import type { Proposed } from './proposal.ts'
import { foldersId, readFolders } from './read-folders.ts'
import { leaderOf, settingsOf } from './review-round.ts'
import type { ReviewRound } from './review-round.ts'

/** The branch that a head is to be merged into, as it was looked at last, and how the head has parted from it. */
export class BaseBranch {
  readonly #clock: Clock
  /** The members' folders read. */
  #snapshot: Snapshot | undefined
  /** Of the head at this tip from the base at that one. */
  #parted: { readonly head: string; readonly base: string; readonly divergence: Divergence | undefined } | undefined
  /** The members' folders where head and base were the same, as far as that is known. */
  #forkedAt: string | undefined
  /** Who made the commits of the head, oldest first; undefined where they have not been read. */
  #authors: Set<string> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** With the members' folders read. Only once it was looked at: see {@link prepare}. */
  get snapshot(): Snapshot {
    if (this.#snapshot === undefined) throw new PushFailure('InternalError', 'a base that was never looked at')
    return this.#snapshot
  }

  /** Where it was when it was looked at last. */
  get commit(): string {
    const { commit } = this.snapshot
    if (commit === null) throw new PushFailure('InternalError', 'a base without a commit')
    return commit
  }

  /**
   * Looks where the base is, and takes it into the head where it has changed a folder that the head writes.
   * @returns the head as it is then
   * @throws PushFailure `BranchNotFound` where there is no base
   */
  async prepare(round: ReviewRound): Promise<Snapshot> {
    const { head, isLook } = round
    await this.look(round)
    return head.tip === null || !isLook ? head : await this.#takeIn(round, head.tip)
  }

  /** Looks where the base is, where that is not known. @throws PushFailure `BranchNotFound` where there is none */
  async look(round: ReviewRound): Promise<void> {
    const { head, isLook } = round
    const isMissing = this.#snapshot === undefined || (head.tip === null && head.commit !== this.#snapshot.commit)
    if (isLook || isMissing) await this.#look(round)
  }

  /** What the head proposes. */
  proposal(round: ReviewRound): Promise<readonly Proposed[]> {
    return proposalOf(round, this.snapshot)
  }

  /** How the head has parted from it; undefined where that cannot be told. */
  async divergence({ repository }: ReviewRound, head: string): Promise<Divergence | undefined> {
    const base = this.commit
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

  async #look(round: ReviewRound): Promise<void> {
    const { repository, head, members, tipOf } = round
    const { base: name } = settingsOf(round)
    const ref = `refs/heads/${name}`
    const known = this.#snapshot
    const tip = await tipOf(name)
    if (tip === null) {
      throw new PushFailure(
        'BranchNotFound',
        `branch ${name} (spec.repository.branch) does not exist, and a request has to be merged into something: create it`,
      )
    }
    let base: Snapshot
    if (head.tip === null && head.commit === tip) base = head.at({ ref, tip })
    else if (known === undefined) base = await repository.snapshot(name)
    else base = known.commit === tip ? known : await repository.advance(known, tip)
    this.#snapshot = await readFolders(repository, base, members)
    if (head.tip !== null) return
    this.#forkedAt = foldersId(this.#snapshot, members)
    this.#authors = new Set()
  }

  async #takeIn(round: ReviewRound, tip: string): Promise<Snapshot> {
    const { repository, head, members, confirm } = round
    const now = foldersId(this.snapshot, members)
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
      base: this.snapshot,
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
