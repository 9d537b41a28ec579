import { isGitError } from '@gitsync/protocol'
import type { Edit, GitErrorCode, PushOutcome, Repository, Snapshot } from '@gitsync/protocol'
import type { Clock } from '../time/clock.ts'
import { repositoryAddress } from '../plan/repository-address.ts'
import { NO_TRACER } from '../trace/tracer.ts'
import type { Tracer } from '../trace/tracer.ts'
import { PushFailure, shownAnswer, toFailure } from './failure.ts'
import type { Member } from './member.ts'
import type { SentPush } from './outbox.ts'
import { folderId, wantedTrees } from './folder-view.ts'
import { missingFrom } from './history.ts'
import type { PushObserver } from './observer.ts'
import { settle } from './own-paths.ts'
import type { BranchReview } from './review/branch-review.ts'
import type { ReviewRound } from './review/review-round.ts'
import { stage } from './stage.ts'
import { awaitTurn } from './await-turn.ts'
import type { Turn } from './budget/budget.ts'
import type { Attached, Connection, Staged } from './stage.ts'
import type { Tips } from './tips.ts'

export interface PushedCommits {
  readonly member: string
  readonly commits: readonly string[]
  /** When each edit in them was seen, milliseconds since the epoch. */
  readonly seenAt: readonly number[]
  /** The branch did not exist before. */
  readonly created: boolean
}

export interface BranchWriterOptions {
  /** Short name. */
  readonly branch: string
  readonly clock: Clock
  readonly random: () => number
  /** Runs one piece of work, when there is room for it. */
  readonly schedule: (work: () => Promise<void>) => Promise<void>
  /**
   * Whether this process may write to Git now; asked before each push. While it says no, work waits for a `kick`.
   * Default always.
   */
  readonly mayPush?: () => boolean
  readonly onPush?: (pushed: PushedCommits) => void
  readonly observer?: PushObserver
  /** Where the branches of the repository are, asked together with others that write it. */
  readonly tips: Tips
  /** Default: what is written counts at once. */
  readonly review?: BranchReview | undefined
  /** With `review`: the branch that this one is to be merged into, and that it begins at; short name. */
  readonly base?: string | undefined
  /** Default: nothing is traced. */
  readonly tracer?: Tracer
}

/** A lost race is run again at once this often; after that with backoff. */
const MAX_RACES = 8

/** After these a push may have happened. */
const OUTCOME_UNKNOWN: readonly GitErrorCode[] = [
  'Network',
  'Timeout',
  'ServerError',
  'Malformed',
  'Aborted',
  'NotGit',
  'LimitExceeded',
]

/**
 * Writes one branch of one repository, for all GitSyncs that have a folder on it: one push at a time, a commit for each
 * of their changes, one request when nobody else has pushed. The branch's tree is remembered between pushes; the
 * server's compare-and-swap says when that memory is old.
 */
export class BranchWriter {
  readonly #options: BranchWriterOptions
  readonly #members = new Map<string, Attached>()
  /** Ends listening, by connection. */
  readonly #listening = new Map<string, () => void>()
  #snapshot: Snapshot | undefined
  /** The branch may have moved, or a push's outcome is unknown. */
  #uncertain = true
  /** The newest commit that must stay in the branch's history. */
  #anchor: string | undefined
  /** By key of the connection: what waits for its turn or is being pushed. */
  readonly #running = new Map<string, Promise<void>>()
  /** The push that is being made, and those behind it. */
  #last: Promise<void> = Promise.resolve()
  #isPushing = false
  readonly #stopping = new AbortController()
  /** When it looks for work by itself, milliseconds since the epoch. */
  #wakesAt = Number.POSITIVE_INFINITY
  #cancelTimer: (() => void) | undefined
  #stopped = false

  constructor(options: BranchWriterOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#members.size
  }

  attach(member: Member, connection: Connection): void {
    const known = this.#members.get(member.name)
    if (known?.member === member && known.connection === connection) return
    this.#members.set(member.name, { member, connection })
    this.#listen()
    this.kick(member.name)
  }

  detach(name: string): void {
    this.#members.delete(name)
    this.#listen()
    if (this.#members.size > 0) return
    this.#cancelTimer?.()
    this.#wakesAt = Number.POSITIVE_INFINITY
  }

  /** A host answers again: what failed because it did not is tried at once. */
  recovered(host: string): void {
    for (const attached of this.#members.values()) {
      if (hostOf(attached) === host && attached.member.failure?.reason === 'Unreachable') attached.member.unblock()
    }
  }

  /**
   * Looks for work. Called whenever a member changes, and of a thousand on one branch the others are not asked then.
   * @param name of the member that has changed; without it every member is asked
   */
  kick(name?: string): void {
    if (name === undefined) this.#wakesAt = Number.POSITIVE_INFINITY
    if (this.#stopped || !this.#mayPush()) return
    const asked = name === undefined ? this.#members.values() : [this.#members.get(name)]
    const { clock } = this.#options
    const now = clock.now()
    let next = Number.POSITIVE_INFINITY
    for (const attached of asked) {
      // What is running asks everybody again when it has ended.
      if (attached === undefined || this.#running.has(attached.connection.key)) continue
      const dueAt = attached.member.dueAt() ?? Number.POSITIVE_INFINITY
      if (dueAt <= now) this.#start(attached.connection.key)
      else next = Math.min(next, dueAt)
    }
    if (next >= this.#wakesAt) return
    this.#wakesAt = next
    this.#cancelTimer?.()
    this.#cancelTimer = clock.after(next - now, () => this.kick())
  }

  /** Writes what is pending, whether or not it is due, and then nothing any more. */
  async stop(flush: boolean): Promise<void> {
    this.#stopped = true
    for (const end of this.#listening.values()) end()
    this.#cancelTimer?.()
    this.#options.review?.stop()
    this.#stopping.abort()
    await Promise.all(this.#running.values())
    if (!flush) return
    for (const { member } of this.#members.values()) member.window.seal()
    const keys = new Set([...this.#due()].map(({ connection }) => connection.key))
    await Promise.all([...keys].map((key) => this.#round(key)))
  }

  /** Hears of the branch whenever somebody looks at the repository over one of its members' connections. */
  #listen(): void {
    const connections = new Map([...this.#members.values()].map(({ connection }) => [connection.key, connection]))
    for (const [key, stop] of this.#listening) {
      if (connections.has(key)) continue
      stop()
      this.#listening.delete(key)
    }
    const { branch, tips } = this.#options
    for (const [key, connection] of connections) {
      if (this.#listening.has(key)) continue
      const ends = [tips.listen(connection, { branch, seen: (tip) => this.#seen(tip) })]
      const { base } = this.#options
      if (base !== undefined) ends.push(tips.listen(connection, { branch: base, seen: () => undefined }))
      this.#listening.set(key, () => ends.forEach((end) => end()))
    }
  }

  /** Another writer's look has told where the branch is. */
  #seen(tip: string | null): void {
    // What is under way looks for itself, where it has to.
    if (this.#isPushing || this.#uncertain || this.#snapshot === undefined) return
    // The base may have moved, and the request been answered, while the head stays where it is.
    if (this.#options.review !== undefined) return
    if (tip === this.#snapshot.tip) for (const { member } of this.#members.values()) member.looked()
    else this.lookNow(tip)
  }

  /** Looks at the branch before its time, unless it is known to be at `tip` already: somebody may have pushed. */
  lookNow(tip: string | null | undefined): void {
    if (tip !== undefined && tip === this.#snapshot?.tip) return
    for (const { member } of this.#members.values()) member.requireLook()
  }

  #mayPush(): boolean {
    return this.#options.mayPush?.() ?? true
  }

  #start(key: string): void {
    const running = this.#round(key, this.#stopping.signal).finally(() => {
      this.#running.delete(key)
      this.kick()
    })
    this.#running.set(key, running)
  }

  #due(key?: string): Attached[] {
    const now = this.#options.clock.now()
    return [...this.#members.values()].filter(
      ({ member, connection }) =>
        (key === undefined || connection.key === key) && (member.dueAt() ?? Number.POSITIVE_INFINITY) <= now,
    )
  }

  /** Pushes for all that are due and share a connection. Who they are is told after the wait for a turn: whoever has changed meanwhile comes along. */
  async #round(key: string, signal?: AbortSignal): Promise<void> {
    let turn: Turn | undefined
    try {
      turn = await awaitTurn(this.#due(key), { ...this.#options, cost: this.#expectedRequests(key), signal })
    } catch (error) {
      if (signal?.aborted === true) return
      const failure = toFailure(error)
      for (const attached of this.#due(key)) this.#fail(attached, failure)
      return
    }
    const push = (): Promise<void> => this.#exclusively(() => this.#pushGroup(this.#due(key)))
    try {
      await this.#options.schedule(() => (turn === undefined ? push() : turn.run(push)))
    } finally {
      turn?.end()
    }
  }

  /** One push is made at a time. */
  async #exclusively(push: () => Promise<void>): Promise<void> {
    const before = this.#last
    const own = (async () => {
      await before
      this.#isPushing = true
      await push().finally(() => (this.#isPushing = false))
    })()
    this.#last = own.catch(() => undefined)
    await own
  }

  /** One where everything is known, a look before that, and all that is read where nothing is. */
  #expectedRequests(key: string): number {
    if (this.#snapshot === undefined) return 4
    return this.#uncertain || this.#due(key).some(({ member }) => member.wantsLook()) ? 2 : 1
  }

  /** One push for all; when the server refuses it, one for each, so that one tenant cannot block another. */
  async #pushGroup(all: readonly Attached[]): Promise<void> {
    // Who fails by itself leaves the group: what happens to the others is not its business, nor its words theirs.
    const group = new Set(all)
    const [first] = all
    if (first === undefined) return
    const { branch, clock, observer } = this.#options
    const host = hostOf(first)
    const started = clock.now()
    const span = this.#tracer.start('push', {
      attributes: { 'server.address': host, 'gitsync.branch': branch, 'gitsync.members': all.length },
    })
    let result: 'pushed' | 'unchanged' | 'failed' = 'failed'
    try {
      result = (await this.#tracer.within(span, () => this.#push(group))) ? 'pushed' : 'unchanged'
    } catch (error) {
      span.fail(toFailure(error).reason)
      if (group.size > 1 && isGitError(error, 'Rejected', 'LimitExceeded')) {
        for (const one of group) await this.#pushGroup([one])
        return
      }
      // Whatever happened, the next attempt looks at the branch before it believes anything.
      this.#uncertain = true
      const failure = toFailure(error)
      for (const attached of group) this.#fail(attached, failure)
    } finally {
      span.set({ 'gitsync.result': result })
      span.end()
      observer?.attempted?.({ host, result, seconds: (clock.now() - started) / 1000 })
    }
  }

  #fail(attached: Attached, failure: PushFailure): void {
    const { member, connection } = attached
    const now = this.#members.get(member.name)
    // It was told to go on with other credentials meanwhile: what was answered to the old ones says nothing of those.
    if (now?.member === member && now.connection !== connection) return
    member.fail(failure, this.#options.random)
    this.#options.observer?.failed?.({ host: hostOf(attached), member: member.name, failure })
  }

  get #tracer(): Tracer {
    return this.#options.tracer ?? NO_TRACER
  }

  /** @returns whether the branch has new commits */
  async #push(group: Set<Attached>): Promise<boolean> {
    const [first] = group
    if (first === undefined) return false
    const { repository } = first.connection
    const isLook = this.#uncertain || [...group].some(({ member }) => member.wantsLook())
    const isRequested = [...group].some(({ member }) => member.request !== undefined)
    const since = this.#lookSince(group)
    if (isLook) await this.#look(group, first.connection)
    const { review } = this.#options
    const round = (): ReviewRound => this.#reviewRound(first.connection, { isLook, isRequested, since })
    if (review !== undefined) this.#snapshot = await review.prepare(round())
    if (review !== undefined && this.#snapshot?.tip === null) this.#gather(group, first.connection)
    for (let race = 0; ; race++) {
      try {
        const isPushed = await this.#attempt(group, repository, round)
        if (review !== undefined) await this.#settleReview(review, group, round())
        return isPushed
      } catch (error) {
        if (!isGitError(error, 'StaleRef') || race >= MAX_RACES) throw error
        this.#options.observer?.raced?.(hostOf(first))
        await this.#moveTo(group, first.connection, String(error.details.actual))
      }
    }
  }

  #reviewRound(
    connection: Connection,
    { since, ...asked }: Pick<ReviewRound, 'isLook' | 'isRequested'> & { readonly since: number },
  ): ReviewRound {
    return {
      ...asked,
      connection,
      tipOf: (branch) => this.#options.tips.look(connection, branch, since),
      repository: connection.repository,
      head: this.#snapshot as Snapshot,
      members: [...this.#members.values()].map(({ member }) => member),
      confirm: () => this.#confirm(),
    }
  }

  /** A branch that is begun anew has to have everything that anybody wants in it. */
  #gather(group: Set<Attached>, { key }: Connection): void {
    for (const attached of this.#members.values()) {
      if (attached.connection.key !== key) continue
      attached.member.requireCompare('drift')
      group.add(attached)
    }
  }

  async #settleReview(review: BranchReview, group: ReadonlySet<Attached>, round: ReviewRound): Promise<void> {
    try {
      if (!(await review.settle(round))) return
      // The next one begins at the base.
      this.#snapshot = undefined
      this.#uncertain = true
      this.#anchor = undefined
    } catch (error) {
      // The push has happened; what was to follow is tried again.
      for (const { member } of group) member.requireLook()
      throw error
    }
  }

  /** A look counts that began at this time or later; after a push of unknown outcome none of those before. */
  #lookSince(group: ReadonlySet<Attached>): number {
    if (this.#uncertain) return Number.POSITIVE_INFINITY
    const looking = [...group].map(({ member }) => member).filter((member) => member.wantsLook())
    return Math.max(...looking.map((member) => member.lookSince))
  }

  /** Where is the branch now? */
  async #look(group: ReadonlySet<Attached>, connection: Connection): Promise<void> {
    const { branch, base, tips } = this.#options
    const { repository } = connection
    const depth = Math.max(...[...group].map(({ member }) => depthOf(member.settings.path)))
    const known = this.#snapshot
    const tip = known === undefined ? undefined : await tips.look(connection, branch, this.#lookSince(group))
    if (known === undefined || tip === null || tip === undefined) {
      this.#snapshot = await repository.snapshot(branch, { depth, orFrom: base ?? 'HEAD' })
      await this.#checkHistory(repository, this.#snapshot)
      for (const { member } of this.#members.values()) member.requireCompare('drift')
    } else if (tip !== known.tip) await this.#moveTo(group, connection, tip)
    this.#uncertain = false
    for (const { member } of group) if (member.wantsLook()) member.requireCompare('drift')
    for (const { member } of this.#members.values()) member.looked()
  }

  /**
   * Whether what was in the history of the branch is there still. Costs nothing unless somebody else has pushed several
   * commits. A branch that was deleted is written anew: nobody's commits are in the way there.
   */
  async #checkHistory(repository: Repository, { tip, parents }: Snapshot): Promise<void> {
    // A head may be rebased, merged and removed by anybody: what counts is the base.
    if (this.#options.review !== undefined) return
    const anchor = this.#anchor
    this.#anchor = tip ?? undefined
    const members = [...this.#members.values()].map(({ member }) => member)
    const mustHave = (member: Member): string | undefined => member.missing ?? anchor ?? member.observedCommit
    const commits = new Set(members.map(mustHave).filter((commit) => commit !== undefined))
    const missing = tip === null ? commits : await missingFrom(repository, { tip, parents }, commits)
    for (const member of members) {
      const commit = mustHave(member)
      const before = member.missing
      const isMissing = commit !== undefined && missing.has(commit)
      member.missing = isMissing && tip !== null ? commit : undefined
      if (!isMissing || before === commit) continue
      member.rewrittenAt = this.#options.clock.now()
      this.#options.observer?.rewritten?.({ member: member.name, missing: commit, tip })
    }
  }

  /** Somebody pushed. Folders that they changed are compared; in the others our changes just go on top. */
  async #moveTo(group: ReadonlySet<Attached>, connection: Connection, tip: string): Promise<void> {
    const { repository } = connection
    const known = this.#snapshot
    if (known === undefined || tip === 'nothing') {
      this.#snapshot = undefined
      this.#uncertain = true
      await this.#look(group, connection)
      return
    }
    const members = [...this.#members.values()].map(({ member }) => member)
    const moved = await repository.advance(known, tip)
    const read = await repository.read(moved, { folders: members.map(({ settings }) => settings.path) })
    this.#snapshot = read
    await this.#checkHistory(repository, read)
    for (const member of members) {
      const folder = folderId(read, member.settings.path)
      if (member.folder === undefined || folder === member.folder) continue
      member.requireCompare('drift')
      // It may be our own push, of which no answer came.
      if (member.outbox.sent.some((sent) => sent.folder === folder)) continue
      member.drift.found(this.#options.clock.now())
      this.#options.observer?.drifted?.(member.name)
    }
  }

  async #attempt(group: Set<Attached>, repository: Repository, round: () => ReviewRound): Promise<boolean> {
    // Who has been taken off meanwhile does not take part in what is run again.
    for (const attached of group) {
      const { member } = attached
      if (this.#members.get(member.name)?.member !== member) group.delete(attached)
    }
    const snapshot = await this.#readFolders(group, repository)
    for (const { member } of group) await this.#recognise(member, snapshot)
    // Windows are held in memory anyway, and there may be no disk.
    await using edit = await repository.edit(this.#options.branch, { base: snapshot, writing: 'memory' })
    const staged: Staged[] = []
    for (const attached of group) {
      try {
        acceptHistory(attached.member, snapshot)
        staged.push(await stage(attached, edit, { snapshot, tracer: this.#tracer }))
      } catch (error) {
        // What this member has staged is mixed with the others': begin again without it.
        group.delete(attached)
        this.#fail(attached, toFailure(error))
        return group.size > 0 && (await this.#attempt(group, repository, round))
      }
    }
    const { review } = this.#options
    const isNew = snapshot.tip === null && staged.some(({ commits }) => commits.length > 0)
    const isRefused = review !== undefined && isNew && !(await review.admits(round(), staged))
    // A branch is begun for something that is to be reviewed.
    const isIdle = isRefused || (review !== undefined && snapshot.tip === null && !isNew)
    const outcome = isIdle ? notSent(snapshot) : await this.#send(edit, snapshot, staged, round)
    this.#snapshot = outcome.snapshot
    review?.committed(staged)
    if (this.#anchor === undefined || this.#anchor === snapshot.tip) this.#anchor = outcome.snapshot.tip ?? undefined
    for (const { member, plan, commits, seenAt, time } of staged) {
      if (isRefused) member.held.clear()
      else await settle(member, plan)
      const sha = outcome.status === 'pushed' ? commits.at(-1) : undefined
      member.acknowledge({
        commit: sha === undefined ? undefined : { sha, time },
        tip: outcome.snapshot.tip,
        folder: folderId(outcome.snapshot, member.settings.path),
        compared: plan.compared,
        blocked: plan.blocked,
        request: plan.request,
        overwritten: plan.overwritten,
        hasLeft: plan.hasLeft,
      })
      if (sha !== undefined) this.#tellPushed(member, { commits, seenAt, tip: snapshot.tip })
    }
    return outcome.status === 'pushed'
  }

  async #send(edit: Edit, before: Snapshot, staged: readonly Staged[], round: () => ReviewRound): Promise<PushOutcome> {
    this.#confirm()
    const { review } = this.#options
    const pushOptions = [...new Set(staged.flatMap(({ member }) => member.settings.pushOptions ?? []))]
    const isEmpty = staged.every(({ commits }) => commits.length === 0)
    if (review !== undefined && !isEmpty) pushOptions.push(...(await review.pushOptions(round(), staged)))
    try {
      const outcome = await edit.push(pushOptions.length === 0 ? {} : { pushOptions })
      if (outcome.status === 'pushed') review?.heard(round(), outcome.messages)
      return outcome
    } catch (error) {
      if (isGitError(error, ...OUTCOME_UNKNOWN)) {
        const { snapshot } = await edit.push({ dryRun: true })
        for (const { member, plan, commits, seenAt, time } of staged) {
          const folder = folderId(snapshot, member.settings.path)
          const { removed, deleted, confirmed, written } = plan
          const settlement = { removed, deleted, confirmed, written }
          member.outbox.remember({ tip: before.tip, folder, settlement, commits, seenAt, time })
        }
      }
      throw error
    }
  }

  #confirm(): void {
    if (this.#mayPush()) return
    throw new PushFailure(
      'ClusterUnavailable',
      "nothing is pushed before the API server confirms this operator's lease",
    )
  }

  /** A push whose outcome nobody knew has happened when the folder is as it would have left it: then it is not repeated. */
  async #recognise(member: Member, snapshot: Snapshot): Promise<void> {
    const landed = member.outbox.recognise({ tip: snapshot.tip, folder: folderId(snapshot, member.settings.path) })
    if (landed === undefined) return
    member.landed(landed)
    await settle(member, landed.settlement)
    if (landed.commits.length > 0) this.#tellPushed(member, landed)
  }

  /** @param pushed.tip where the branch was before */
  #tellPushed({ name }: Member, { commits, seenAt, tip }: Pick<SentPush, 'commits' | 'seenAt' | 'tip'>): void {
    this.#options.onPush?.({
      member: name,
      commits,
      seenAt,
      created: tip === null && this.#options.review === undefined,
    })
  }

  /** Folders to be compared are read once, and remembered with the branch. */
  async #readFolders(group: ReadonlySet<Attached>, repository: Repository): Promise<Snapshot> {
    let snapshot = this.#snapshot as Snapshot
    for (const { member } of group) {
      if (member.compareReason === undefined) continue
      const folders = [member.settings.path]
      snapshot = await repository.read(snapshot, { folders, recursive: true, seeds: wantedTrees(member) })
    }
    this.#snapshot = snapshot
    return snapshot
  }
}

/** @throws PushFailure `HistoryRewritten`, until somebody has accepted that */
function acceptHistory(member: Member, { tip }: Snapshot): void {
  const { missing } = member
  if (missing === undefined) return
  const shown = missing.slice(0, SHOWN_DIGITS)
  const { acceptHistory: answer } = member.settings
  if (answer === shown || answer === missing) {
    member.missing = undefined
    return
  }
  const wrong = answer === undefined ? '' : `; the annotation now says ${shownAnswer(answer)}, which is another commit`
  throw new PushFailure(
    'HistoryRewritten',
    `commit ${missing} was in the history of the branch and is not any more: its tip is ${tip ?? 'gone'} now (accept-history=${shown})${wrong}`,
  )
}

/** Of commit ids that people copy. */
const SHOWN_DIGITS = 12
/** Everything stays as it is. */
const notSent = (snapshot: Snapshot): PushOutcome => ({
  status: 'up-to-date',
  ref: snapshot.ref,
  commit: snapshot.commit,
  snapshot,
})

const hostOf = ({ connection }: Attached): string => repositoryAddress(connection.repository.url).host

const depthOf = (path: string): number => (path === '.' ? 0 : path.split('/').length)
