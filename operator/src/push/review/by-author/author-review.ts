import { isGitError } from '@gitsync/protocol'
import type { Change, Edit, PushOutcome, Repository, Snapshot } from '@gitsync/protocol'
import { isAuthorBranch } from '../../../plan/author-branch.ts'
import { claimFile } from '../../../plan/claim.ts'
import { CLAIM_FILE } from '../../../plan/compare.ts'
import { pathIn } from '../../../plan/path-in.ts'
import type { Clock } from '../../../time/clock.ts'
import { folderId } from '../../folder-view.ts'
import { PushFailure } from '../../failure.ts'
import type { Member } from '../../member.ts'
import { commitTo } from '../../stage.ts'
import type { Staged } from '../../stage.ts'
import { BaseBranch } from '../base-branch.ts'
import { BranchReview } from '../branch-review.ts'
import type { ReviewChange } from '../host-request.ts'
import type { Outgoing, OutgoingPush, Review } from '../review.ts'
import type { ReviewRound } from '../review-round.ts'
import { composeHeads } from './compose.ts'
import { doubledPaths, fitsCluster } from './doubled-paths.ts'
import { giveBack, withTreesOf } from './give-back.ts'
import type { AuthorHeads } from './heads.ts'
import { partsOf, pathsOf, sortCommits } from './sort-commits.ts'
import type { OwnedCommit } from './sort-commits.ts'

export interface AuthorReviewOptions {
  /** Of the branches, see `authorBranch`. */
  readonly branch: string
  readonly clock: Clock
  readonly heads: AuthorHeads
  readonly onChange?: ((change: ReviewChange) => void) | undefined
}

/** What is being pushed to one head. */
interface HeadPush extends OutgoingPush {
  readonly branch: string
  /** Ids of its commits, by member. */
  readonly commits: ReadonlyMap<Member, readonly string[]>
  /** As if it was all that was staged. */
  readonly staged: readonly Staged[]
}

/**
 * Keeps a request in step for each author: an object is proposed by the head of who changed it last, and when it changes hands
 * the former head has the base's again.
 */
export class AuthorReview implements Review {
  readonly #options: AuthorReviewOptions
  readonly #base = new BaseBranch()
  /** By branch. */
  readonly #reviews = new Map<string, BranchReview>()
  /** Heads whose request may not be in step, by branch. */
  readonly #unsettled = new Set<string>()
  /** What the host has refused to single heads in this round. */
  readonly #refusals: unknown[] = []
  /** What the heads and the base were like when they were put together. */
  #composed: { readonly id: string | null; readonly base: Snapshot } | undefined
  /** What is being sent, and what all is like afterwards. */
  #sending: { readonly pushes: readonly HeadPush[]; readonly after: Snapshot } | undefined

  constructor(options: AuthorReviewOptions) {
    this.#options = options
  }

  stop(): void {
    for (const review of this.#reviews.values()) review.stop()
  }

  async prepare(round: ReviewRound): Promise<Snapshot> {
    const { heads, branch: template } = this.#options
    await this.#base.look(round)
    if (!round.isLook && this.#composed !== undefined) return round.head
    await heads.load(round)
    this.#refusals.length = 0
    for (const [branch, head] of heads.all) {
      this.#unsettled.add(branch)
      await this.#alone(async () => {
        heads.set(branch, await this.#review(branch).takeBaseIn({ ...round, head }))
      })
    }
    for (const { state, isRefused, branch } of round.members.flatMap(({ standing }) => standing.pullRequests)) {
      if ((state !== 'Open' && isRefused !== true) || !isAuthorBranch(template, branch)) continue
      this.#unsettled.add(branch)
      // Whether the no still stands is heard when the changes are staged again.
      if (!heads.all.has(branch)) await this.#review(branch).takeBaseIn({ ...round, head: this.#headless(branch) })
    }
    await this.#endDoubles(round)
    return await this.#compose(round)
  }

  /** Each head is asked for by itself. */
  admits(): Promise<boolean> {
    return Promise.resolve(true)
  }

  /** A push for each head that gets commits, or has to give something back. */
  async outgoing(round: ReviewRound, edit: Edit, staged: readonly Staged[]): Promise<Outgoing> {
    const { heads } = this.#options
    await heads.seek(partsOf(staged), round, this.#base.snapshot)
    const sorted = sortCommits(staged, (part, begun) => heads.branchOf(part, round.members, begun))
    const isWanted = await this.#admitted(round, sorted)
    const keepers = keepersOf(staged, isWanted)
    const pushes: HeadPush[] = []
    for (const branch of new Set([...isWanted.keys(), ...heads.all.keys()])) {
      const push = await this.#pushTo(branch, round, { own: isWanted.get(branch) ?? [], keepers })
      if (push !== undefined) pushes.push(push)
    }
    // Who takes over comes before who gives back: a change is in two heads rather than in none.
    pushes.sort((a, b) => b.staged.length - a.staged.length)
    const isWhole = isWanted.size === sorted.size
    const after = isWhole ? edit : await draft(round.repository, round.head, [...isWanted.values()].flat())
    const { snapshot } = await after.push({ dryRun: true })
    this.#sending = { pushes, after: snapshot }
    const sentAs = ({ member }: Staged): string[] => pushes.flatMap(({ commits }) => commits.get(member) ?? [])
    return { pushes, whole: after, sentAs }
  }

  sent({ head }: ReviewRound, { ref, snapshot }: PushOutcome): Snapshot {
    const { heads } = this.#options
    const { pushes = [], after = head } = this.#sending ?? {}
    const push = pushes.find(({ edit }) => edit.ref === ref)
    if (push !== undefined) {
      heads.set(push.branch, snapshot)
      this.#reviews.get(push.branch)?.committed(push.staged)
      this.#unsettled.add(push.branch)
    }
    const all = after.at(heads.place(this.#base.snapshot))
    this.#composed = { id: all.tip, base: this.#base.snapshot }
    return all
  }

  mayRepeat(): boolean {
    return false
  }

  isInBase(path: string, oid: string | null): boolean {
    return this.#base.has(path, oid)
  }

  committed(): void {
    // Each head is told of its own.
  }

  async settle(round: ReviewRound): Promise<boolean> {
    const { heads } = this.#options
    const { members } = round
    if (!members.every((member) => member.isCompared)) return false
    let isRemoved = false
    for (const branch of this.#unsettled) {
      const head = heads.all.get(branch) ?? this.#headless(branch)
      await this.#alone(async () => {
        const outcome = await this.#review(branch).keepInStep({ ...round, head })
        if (outcome !== 'waits') this.#unsettled.delete(branch)
        if (outcome !== 'removed') return
        heads.delete(branch)
        isRemoved = true
      })
    }
    const [refusal] = this.#refusals.splice(0)
    if (refusal !== undefined) throw refusal
    for (const member of members) member.standing.reviewed()
    return isRemoved
  }

  /** What the host refuses to one head holds up no other: it is told when all are done. */
  async #alone(run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      if (!isRefusedToOne(error)) throw error
      this.#refusals.push(error)
    }
  }

  /** The head of a branch that does not exist: it would begin at the base. */
  #headless(branch: string): Snapshot {
    return this.#base.snapshot.at({ ref: `refs/heads/${branch}`, tip: null })
  }

  #review(branch: string): BranchReview {
    const { clock, onChange, heads } = this.#options
    const known = this.#reviews.get(branch)
    if (known !== undefined) return known
    const review = new BranchReview({
      branch,
      clock,
      onChange,
      baseBranch: this.#base,
      elsewhere: () => [...heads.all].flatMap(([other, head]) => (other === branch ? [] : [head])),
      proposesClaims: (members) => branch === heads.branchOf(undefined, members),
    })
    this.#reviews.set(branch, review)
    return review
  }

  /** Without the branches that may not come into being, since people have said no to just that. */
  async #admitted(
    round: ReviewRound,
    sorted: ReadonlyMap<string, readonly OwnedCommit[]>,
  ): Promise<ReadonlyMap<string, readonly OwnedCommit[]>> {
    const admitted = new Map<string, readonly OwnedCommit[]>()
    for (const [branch, own] of sorted) {
      const head = this.#options.heads.at(branch, this.#base.snapshot)
      const review = this.#review(branch)
      const isNew = head.tip === null
      if (
        !isNew ||
        (await review.admits({ ...round, head: await review.takeBaseIn({ ...round, head }) }, stagedOf(own)))
      )
        admitted.set(branch, own)
    }
    return admitted
  }

  /** @param at.keepers branch that has changed a path last, of those that are about to be pushed */
  async #pushTo(
    branch: string,
    round: ReviewRound,
    { own, keepers }: { readonly own: readonly OwnedCommit[]; readonly keepers: ReadonlyMap<string, string> },
  ): Promise<HeadPush | undefined> {
    const { heads } = this.#options
    const base = this.#base.snapshot
    const head = heads.at(branch, base)
    const before = head.tip === null ? [] : (await heads.changesOf(head, base, round)).keys()
    const left = new Map<string, string[]>()
    for (const path of new Set([...before, ...own.flatMap(({ staged, commit }) => pathsOf(staged.member, commit))])) {
      const keeper = keepers.get(path)
      if (keeper !== undefined && keeper !== branch) left.set(keeper, [...(left.get(keeper) ?? []), path])
    }
    if (own.length === 0 && left.size === 0) return undefined
    const ref = `refs/heads/${branch}`
    const edit = await round.repository.edit(ref, { base: withTreesOf(head, base), writing: 'memory' })
    const commits = new Map<Member, string[]>()
    for (const { staged, commit } of own) {
      const { member } = staged
      await claim(edit, member, head)
      const made = await commitTo(edit, member, commit)
      if (made !== null) commits.set(member, [...(commits.get(member) ?? []), made])
    }
    let isEmpty = commits.size === 0
    for (const [to, paths] of left) {
      const made = await giveBack(round, edit, { paths, to }, { base, time: this.#options.clock.now() })
      isEmpty &&= made === null
    }
    if (!isEmpty)
      return { branch, edit, pushOptions: [], follows: commits.size === 0, commits, staged: stagedOf(own, commits) }
    await edit.close()
    return undefined
  }

  /** What two heads propose, since a push was interrupted, or people have pushed, one of them has to give back. */
  async #endDoubles(round: ReviewRound): Promise<void> {
    const { heads, branch: template, clock } = this.#options
    const base = this.#base.snapshot
    const changes = new Map<string, ReadonlyMap<string, Change>>()
    for (const [branch, head] of heads.all) changes.set(branch, await heads.changesOf(head, base, round))
    const doubled = doubledPaths(changes, fitsCluster(round.members, template))
    for (const [branch, head] of heads.all) {
      const own = doubled.filter(({ others }) => others.includes(branch))
      if (own.length === 0) continue
      const start = { base: withTreesOf(head, base), writing: 'memory' } as const
      await this.#alone(async () => {
        await using edit = await round.repository.edit(head.ref, start)
        for (const [to, all] of Map.groupBy(own, ({ keeper }) => keeper))
          await giveBack(round, edit, { paths: all.map(({ path }) => path), to }, { base, time: clock.now() })
        round.confirm()
        heads.set(branch, (await edit.push()).snapshot)
      })
    }
  }

  /** The base with what all heads have changed. */
  async #compose(round: ReviewRound): Promise<Snapshot> {
    const { heads } = this.#options
    const base = this.#base.snapshot
    const place = heads.place(base)
    if (this.#composed?.id === place.tip && this.#composed.base === base && round.head.tip === place.tip)
      return round.head
    const { repository, members } = round
    const all = await composeHeads({ repository, members, base, heads })
    this.#composed = { id: place.tip, base }
    for (const member of round.members)
      if (folderId(all, member.settings.path) !== member.folder) member.requireCompare('drift')
    return all
  }
}

/** Whether a host has said no to one branch or request, and may say yes to others. */
const isRefusedToOne = (error: unknown): boolean =>
  isGitError(error, 'Rejected') || (error instanceof PushFailure && error.reason === 'PullRequestRefused')

/** By path: the branch that changes it last. */
function keepersOf(
  staged: readonly Staged[],
  sorted: ReadonlyMap<string, readonly OwnedCommit[]>,
): ReadonlyMap<string, string> {
  const branches = new Map([...sorted].flatMap(([branch, own]) => own.map(({ commit }) => [commit, branch] as const)))
  const keepers = new Map<string, string>()
  for (const { member, plan } of staged)
    for (const commit of plan.commits) {
      const branch = branches.get(commit)
      if (branch !== undefined) for (const path of pathsOf(member, commit)) keepers.set(path, branch)
    }
  return keepers
}

/** Of a folder that nobody owns yet each head says who does: whichever is merged first. */
async function claim(edit: Edit, { settings }: Member, head: Snapshot): Promise<void> {
  const path = pathIn(settings.path, CLAIM_FILE)
  if (head.entry(path) !== null) return
  edit.put(path, claimFile(settings.claim))
}

/** The head of all with these commits. */
async function draft(repository: Repository, head: Snapshot, commits: readonly OwnedCommit[]): Promise<Edit> {
  const edit = await repository.edit(head.ref, { base: head, writing: 'memory' })
  for (const { staged, commit } of commits) await commitTo(edit, staged.member, commit)
  return edit
}

/** As if these commits were all that was staged. */
function stagedOf(own: readonly OwnedCommit[], made: ReadonlyMap<Member, readonly string[]> = new Map()): Staged[] {
  return [...Map.groupBy(own, ({ staged }) => staged)].map(([staged, all]) => ({
    ...staged,
    plan: { ...staged.plan, commits: all.map(({ commit }) => commit) },
    commits: made.get(staged.member) ?? [],
  }))
}
