import type { Repository, Snapshot } from '@gitsync/protocol'
import { isForgeError } from '../../forge/forge-error.ts'
import type { Forge, PullRequest } from '../../forge/forge.ts'
import { markOf, stateOf } from '../../plan/request-section.ts'
import type { Clock } from '../../time/clock.ts'
import { PushFailure } from '../failure.ts'
import { folderId, viewOf, wantedTrees } from '../folder-view.ts'
import type { Member } from '../member.ts'
import type { Connection, Staged } from '../stage.ts'
import { describeRequest } from './describe-request.ts'
import { differencesOf } from './differences.ts'
import type { Difference } from './differences.ts'
import { findDivergence, foreignCommits } from './divergence.ts'
import type { Divergence } from './divergence.ts'
import { asked } from './forge-failure.ts'
import { keepInStep, openRequest } from './keep-in-step.ts'
import { mergeBaseIn } from './merge-base-in.ts'
import { proposedBy } from './proposed-by.ts'
import { requestIn, requestOptions } from './push-options.ts'
import { removeBranch } from './remove-branch.ts'
import type { PullRequestStatus, ReviewSettings } from './review-settings.ts'

/** What became of the request of a branch. */
export interface ReviewChange {
  /** GitSyncs that write the branch. */
  readonly members: readonly string[]
  readonly kind: 'Opened' | 'Closed' | 'Merged'
  readonly request: PullRequestStatus
  /** In words. */
  readonly why: string
}

export interface BranchReviewOptions {
  /** Branch of the request; short name. */
  readonly branch: string
  readonly clock: Clock
  readonly onChange?: ((change: ReviewChange) => void) | undefined
}

/** One round of the branch's writer, as the review needs it. */
export interface ReviewRound {
  readonly repository: Repository
  readonly connection: Connection
  /** Where a branch is now, null where there is none; short name. */
  readonly tipOf: (branch: string) => Promise<string | null>
  /** The head as it is; `tip` null: there is none, and it would begin at the base. */
  readonly head: Snapshot
  /** Everybody who writes the head, whether or not it took part. */
  readonly members: readonly Member[]
  /** The host was looked at, not only written to. */
  readonly isLook: boolean
  /** A person wants things to be done now. */
  readonly isRequested: boolean
  /** Throws when nothing may be written now. */
  readonly confirm: () => void
}

/** A host may take so long until it knows of a merge that Git has already, in milliseconds. */
const GRACE_MS = 5_000

/**
 * Keeps one request in step with a head that many may write: opens it while the head proposes something, closes it when it
 * proposes nothing, takes the base in when both have changed the same folder. All it needs to know is in Git and in the
 * request itself; what it remembers spares requests.
 */
export class BranchReview {
  readonly #options: BranchReviewOptions
  /** The base as it was looked at last, the members' folders read. */
  #base: Snapshot | undefined
  /** Of the head at this tip from the base at that one. */
  #parted: { readonly head: string; readonly base: string; readonly divergence: Divergence | undefined } | undefined
  #request: PullRequest | undefined
  /** The members' folders where head and base were the same, as far as that is known. */
  #forkedAt: string | undefined
  /** Who made the commits of the head, oldest first; undefined where they have not been read. */
  #authors: Set<string> | undefined
  /** In this round somebody's no has been heard. */
  #isHeard = false
  /** Where the base was when something was last proposed to it. */
  #proposedTo: string | undefined
  /** Since when nothing is proposed, while the host shows the request as open. */
  #emptySince: number | undefined
  #cancelRecheck: (() => void) | undefined

  constructor(options: BranchReviewOptions) {
    this.#options = options
  }

  stop(): void {
    this.#cancelRecheck?.()
  }

  /**
   * Looks where the base is, and takes it into the head where it has changed a folder that the head writes.
   * @returns the head as it is then
   * @throws PushFailure `BranchNotFound` where there is no base
   */
  async prepare(round: ReviewRound): Promise<Snapshot> {
    const { head, isLook } = round
    const isMissing = this.#base === undefined || (head.tip === null && head.commit !== this.#base.commit)
    this.#isHeard = false
    if (isLook || isMissing) await this.#lookAtBase(round)
    if (head.tip === null || !isLook) return head
    return await this.#takeBaseIn(round, head.tip)
  }

  /**
   * Whether the head may come into being. It may not while people have closed a request for the very same changes.
   * @throws PushFailure
   */
  async admits(round: ReviewRound, staged: readonly Staged[]): Promise<boolean> {
    const settings = settingsOf(round.members)
    if (settings.via !== 'API') return true
    const state = stateOf(staged.flatMap(({ member, plan }) => proposedBy(member.settings.path, plan.commits)))
    this.#request = await this.#find(round, settings)
    return !this.#isRefused(round, this.#request, state)
  }

  /** What a push says to the host, where that is the way to a request. @throws PushFailure */
  async pushOptions({ repository, head, members }: ReviewRound, staged: readonly Staged[]): Promise<string[]> {
    const settings = settingsOf(members)
    if (settings.via !== 'PushOptions') return []
    const pushed = { staged, isNew: head.tip === null }
    return await asked(async () => requestOptions(repository.url, this.#options.branch, settings, pushed))
  }

  /** What the host has said of a push. */
  heard(round: ReviewRound, messages: readonly string[]): void {
    if (settingsOf(round.members).via !== 'PushOptions') return
    const { branch } = this.#options
    const last = this.#lastSeen(round.members)
    const known = last?.state === 'Open' ? last : undefined
    const request = { ...known, ...requestIn(messages), state: 'Open' as const, branch }
    this.#tellState(round, request, known === undefined ? 'the cluster differs from the base' : '')
  }

  /** Tells of commits that have been pushed to the head. */
  committed(staged: readonly Staged[]): void {
    for (const { plan, commits } of staged) {
      if (commits.length > 0) for (const { author } of plan.commits) this.#authors?.add(author.name)
    }
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
    const isRemoved = await this.#keepInStep(round)
    for (const member of members) member.reviewed()
    return isRemoved
  }

  async #keepInStep(round: ReviewRound): Promise<boolean> {
    const { head } = round
    if (head.tip === null) {
      await this.#withoutHead(round)
      return false
    }
    const differences = await this.#differences(round)
    if (differences.length === 0) return await this.#endReview(round, head.tip)
    this.#emptySince = undefined
    this.#proposedTo = this.#base?.commit ?? undefined
    await this.#propose(round, differences)
    return false
  }

  async #lookAtBase({ repository, head, members, tipOf }: ReviewRound): Promise<void> {
    const { base: name } = settingsOf(members)
    const ref = `refs/heads/${name}`
    const known = this.#base
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
    this.#base = await readFolders(repository, base, members)
    if (head.tip !== null) return
    this.#forkedAt = foldersOf(this.#base, members)
    this.#authors = new Set()
  }

  async #takeBaseIn(round: ReviewRound, tip: string): Promise<Snapshot> {
    const { repository, head, members, confirm } = round
    const base = this.#base
    if (base === undefined || base.commit === null) return head
    const now = foldersOf(base, members)
    if (this.#forkedAt === now) return head
    const divergence = await this.#divergence(repository, tip, base.commit)
    if (divergence === undefined) return head
    const paths = members.map(({ settings }) => settings.path)
    const fork = await repository.read(await repository.snapshotAt(divergence.mergeBase), { folders: paths })
    this.#forkedAt = foldersOf(fork, members)
    if (this.#forkedAt === now) return head
    // What proposes nothing is closed rather than brought up to date.
    if ((await this.#differences(round)).length === 0) return head
    const [first] = members
    if (first === undefined) return head
    const edit = await mergeBaseIn(repository, {
      head,
      base,
      baseName: settingsOf(members).base,
      mergeBase: divergence.mergeBase,
      folders: paths,
      committer: first.settings.committer,
      sign: first.signer,
      time: this.#options.clock.now(),
    })
    if ('conflict' in edit) return head
    await using merge = edit
    confirm()
    const { snapshot } = await merge.push()
    this.#forkedAt = now
    for (const member of members) member.requireCompare('drift')
    return snapshot
  }

  /** What the head proposes in all folders. */
  async #differences({ repository, head, members }: ReviewRound): Promise<readonly OfMember[]> {
    const base = this.#base
    if (base === undefined) return []
    const read = await readFolders(repository, head, members)
    return members.flatMap((member) =>
      differencesOf(viewOf(member, repository, read).files(), viewOf(member, repository, base).files(), {
        needsClaim: member.desired.size > 0,
        isWanted: (path) => member.desired.isWanted(path),
        hasWritten: (path) => member.settings.prune === 'Always' || member.inventory.has(path),
      }).map((difference) => ({ member, difference })),
    )
  }

  async #propose(round: ReviewRound, differences: readonly OfMember[]): Promise<void> {
    const { repository, head, members } = round
    const settings = settingsOf(members)
    const base = this.#base
    if (base === undefined || head.tip === null || base.commit === null || settings.via !== 'API') return
    const state = stateOf(
      differences.map(({ member, difference }) => ({ ...difference, path: fullPath(member, difference) })),
    )
    const isKnown = this.#request?.state === 'Open' && !round.isLook
    const found = isKnown ? this.#request : await this.#latest(round, settings)
    this.#request = found
    if (this.#isRefused(round, found, state)) return
    this.#authors ??= authorsOf(await this.#divergence(repository, head.tip, base.commit))
    const text = await describeRequest({
      repository,
      base,
      branch: this.#options.branch,
      settings,
      members,
      differences,
      authors: [...this.#authors],
    })
    const place = { head: this.#options.branch, base: settings.base }
    const wanted = { ...text, state, settings }
    const now = await asked(() => {
      const forge = this.#forge(round, settings)
      return found?.state === 'Open' ? keepInStep(forge, found, wanted, !isKnown) : openRequest(forge, place, wanted)
    })
    const isNew = found?.number !== now.number
    this.#request = now
    this.#tell(round, now, isNew && found?.state !== 'Open' ? 'the cluster differs from the base' : '')
  }

  /** Nothing is proposed: the request goes, and the head with it, unless others have worked on it. */
  async #endReview(round: ReviewRound, tip: string): Promise<boolean> {
    const { repository, members, confirm } = round
    const settings = settingsOf(members)
    const base = this.#base?.commit
    if (base === undefined || base === null || members.some((member) => member.hasPending)) return false
    const divergence = await this.#divergence(repository, tip, base)
    const ours = new Set(members.map((member) => member.settings.committer.email))
    const isTheirs = divergence === undefined || foreignCommits(divergence, ours).length > 0
    const isApi = settings.via === 'API'
    const isOver = this.#request !== undefined && this.#request.state !== 'Open'
    let request = isApi && !isOver ? await this.#latest(round, settings) : this.#request
    if (isTheirs) {
      if (request !== undefined) this.#tell(round, request)
      return false
    }
    if (request?.state === 'Open') {
      if (!this.#isSure(round, base)) {
        this.#tell(round, request)
        return false
      }
      request = await this.#close(round, settings, request)
    }
    this.#request = request
    this.#emptySince = undefined
    const isOwn = request === undefined ? this.#lastSeen(members) !== undefined : markOf(request.body) !== undefined
    const isUsed = divergence.ahead.length > 0 || isOwn
    if (request !== undefined) this.#tell(round, request, 'nothing is left to review')
    if (!isUsed || (request?.state === 'Merged' && !settings.deleteBranch)) return false
    confirm()
    await removeBranch(repository, this.#options.branch, tip)
    this.#forgetHead()
    this.#forgetGone(round)
    if (!isApi) {
      const last = this.#lastSeen(members)
      // Nobody has asked the host: that the base has got everything says that it was merged.
      const state = this.#proposedTo === base ? 'Closed' : 'Merged'
      this.#tellState(round, { ...last, state, branch: this.#options.branch }, 'nothing is left to review')
    }
    return true
  }

  #forgetHead(): void {
    this.#parted = undefined
    this.#authors = new Set()
  }

  /** With the head goes the last place where files were that are neither wanted nor in the base. */
  #forgetGone({ repository, members }: ReviewRound): void {
    const base = this.#base
    if (base === undefined) return
    for (const member of members) {
      // Of files that hold several objects each object is in the inventory.
      if (member.settings.shared === true) continue
      const left = viewOf(member, repository, base).files()
      const paths = [...member.desired.files(), ...left].map(({ path }) => path)
      if (member.inventory.keepOnly(paths)) member.isInventoryUnsaved = true
    }
  }

  /** The head is gone: so is its request, unless the host is slow. */
  async #withoutHead(round: ReviewRound): Promise<void> {
    const { members } = round
    const settings = settingsOf(members)
    this.#forgetHead()
    const last = this.#lastSeen(members)
    // Nothing is proposed any more that somebody could have said no to.
    if (last?.isRefused === true && !this.#isHeard) this.#tellState(round, { ...last, isRefused: undefined }, '')
    if (last?.number === undefined || last.state !== 'Open' || settings.via !== 'API') return
    let request = await this.#read(round, settings, last.number)
    if (request?.state === 'Open') request = await this.#close(round, settings, request)
    this.#request = request
    if (request === undefined)
      this.#tellState(round, { ...last, state: 'Closed' }, 'the host does not know it any more')
    else this.#tell(round, request, 'its branch is gone')
  }

  /**
   * Whether it is the cluster that went back, and not the base that has got everything: then the host shows the request as
   * merged, a moment later.
   */
  #isSure({ members }: ReviewRound, base: string): boolean {
    if (this.#proposedTo === base) return true
    const { clock } = this.#options
    const since = (this.#emptySince ??= clock.now())
    if (clock.now() - since >= GRACE_MS) return true
    this.#cancelRecheck?.()
    this.#cancelRecheck = clock.after(GRACE_MS, () => {
      for (const member of members) member.requireLook()
    })
    return false
  }

  /** Whether people have said no to just this; nothing happens then until something changes or somebody asks. */
  #isRefused(round: ReviewRound, request: PullRequest | undefined, state: string): boolean {
    if (request?.state !== 'Closed' || round.isRequested) return false
    const mark = markOf(request.body)
    if (mark !== undefined && mark.state !== state) return false
    this.#isHeard = true
    this.#tell(round, request, 'somebody closed it', true)
    return true
  }

  async #divergence(repository: Repository, head: string, base: string): Promise<Divergence | undefined> {
    if (this.#parted?.head !== head || this.#parted.base !== base)
      this.#parted = { head, base, divergence: await findDivergence(repository, head, base) }
    return this.#parted.divergence
  }

  /** The request as the host shows it now: the one that is known, else the one that is open, else the newest. */
  async #latest(round: ReviewRound, settings: ReviewSettings): Promise<PullRequest | undefined> {
    const number = this.#request?.number ?? this.#lastSeen(round.members)?.number
    const known = number === undefined ? undefined : await this.#read(round, settings, number)
    return known?.state === 'Open' ? known : ((await this.#find(round, settings)) ?? known)
  }

  #find(round: ReviewRound, settings: ReviewSettings): Promise<PullRequest | undefined> {
    return asked(() => this.#forge(round, settings).find({ head: this.#options.branch, base: settings.base }))
  }

  #close(round: ReviewRound, settings: ReviewSettings, request: PullRequest): Promise<PullRequest> {
    return asked(() => this.#forge(round, settings).update(request, { close: true }))
  }

  #read(round: ReviewRound, settings: ReviewSettings, number: number): Promise<PullRequest | undefined> {
    return asked(async () => {
      try {
        return await this.#forge(round, settings).read(number)
      } catch (error) {
        if (isForgeError(error, 'NotFound')) return undefined
        throw error
      }
    })
  }

  /** @throws ForgeError where nobody says what the host runs */
  #forge({ connection }: ReviewRound, { hostType }: ReviewSettings): Forge {
    const forge = connection.forge?.(hostType)
    if (forge === undefined) throw new PushFailure('InternalError', 'the connection has no way to an API')
    return forge
  }

  /** What the status of a GitSync said, before this process had seen anything. */
  #lastSeen(members: readonly Member[]): PullRequestStatus | undefined {
    return members.map(({ pullRequest }) => pullRequest).find((request) => request?.branch === this.#options.branch)
  }

  #tell(round: ReviewRound, request: PullRequest, why = '', isRefused = false): void {
    const { number, url, state, title } = request
    this.#tellState(
      round,
      { number, url, state, branch: this.#options.branch, title, ...(isRefused ? { isRefused } : {}) },
      why,
    )
  }

  #tellState({ members }: ReviewRound, request: PullRequestStatus, why: string): void {
    const before = this.#lastSeen(members)
    for (const member of members) member.pullRequest = request
    if (before?.number === request.number && before?.state === request.state) return
    const kind = request.state === 'Open' ? 'Opened' : request.state
    this.#options.onChange?.({ members: members.map(({ name }) => name), kind, request, why })
  }
}

/** A difference, and whose it is. */
export interface OfMember {
  readonly member: Member
  readonly difference: Difference
}

const fullPath = ({ settings: { path } }: Member, difference: Difference): string =>
  path === '.' ? difference.path : `${path}/${difference.path}`

/** Of several GitSyncs on one branch the first by name decides what the request is like. */
function settingsOf(members: readonly Member[]): ReviewSettings {
  const [first] = members.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const review = first?.settings.review
  if (review === undefined) throw new PushFailure('InternalError', 'a branch under review without a base')
  const all = members.map(({ settings }) => settings.review)
  const union = (pick: (settings: ReviewSettings) => readonly string[]): string[] => [
    ...new Set(all.flatMap((settings) => (settings === undefined ? [] : pick(settings)))),
  ]
  return { ...review, labels: union(({ labels }) => labels), reviewers: union(({ reviewers }) => reviewers) }
}

/** Stands for the folders as they are in a snapshot. */
const foldersOf = (snapshot: Snapshot, members: readonly Member[]): string =>
  members
    .map(({ settings: { path } }) => `${folderId(snapshot, path) ?? ''} ${path}`)
    .sort()
    .join('\n')

/** Oldest first, merges left out. */
function authorsOf(divergence: Divergence | undefined): Set<string> {
  const commits = (divergence?.ahead ?? []).filter(({ parents }) => parents.length < 2)
  return new Set(commits.map(({ author }) => author.name).reverse())
}

async function readFolders(repository: Repository, snapshot: Snapshot, members: readonly Member[]): Promise<Snapshot> {
  let read = snapshot
  for (const member of members) {
    const folders = [member.settings.path]
    read = await repository.read(read, { folders, recursive: true, seeds: wantedTrees(member) })
  }
  return read
}
