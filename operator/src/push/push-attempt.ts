import { isGitError } from '@gitsync/protocol'
import type { Edit, GitErrorCode, PushOutcome, Repository, Snapshot } from '@gitsync/protocol'
import type { Tracer } from '../trace/tracer.ts'
import { acceptHistory } from './branch-history.ts'
import type { PushFailure } from './failure.ts'
import { toFailure } from './failure.ts'
import { folderId } from './folder-view.ts'
import type { KnownBranch } from './known-branch.ts'
import type { Member } from './member.ts'
import type { SentPush } from './outbox.ts'
import { settle } from './own-paths.ts'
import type { Outgoing, OutgoingPush, Review } from './review/review.ts'
import type { ReviewRound } from './review/review-round.ts'
import { stage } from './stage.ts'
import type { Attached } from './connection.ts'
import type { Staged } from './stage.ts'

export interface PushedCommits {
  readonly member: string
  readonly commits: readonly string[]
  /** When each edit in them was seen, milliseconds since the epoch. */
  readonly seenAt: readonly number[]
  /** The branch did not exist before. */
  readonly created: boolean
}

/** What is written is reviewed before it counts. */
export interface Reviewing {
  readonly review: Review
  /** The round as it is now. */
  readonly round: () => ReviewRound
}

export interface PushAttempt {
  readonly known: KnownBranch
  readonly repository: Repository
  readonly tracer: Tracer
  readonly reviewing: Reviewing | undefined
  /** Whether it still is to be written, over the same connection or another. */
  readonly isAttached: (attached: Attached) => boolean
  /** One cannot be written, and the others go on. */
  readonly fail: (attached: Attached, failure: PushFailure) => void
  /** @throws PushFailure when nothing may be pushed now */
  readonly confirm: () => void
  readonly onPush: ((pushed: PushedCommits) => void) | undefined
}

interface Sending {
  readonly staged: readonly Staged[]
  readonly attempt: PushAttempt
}

interface Sent {
  /** There are new commits. */
  readonly isPushed: boolean
  /** What is written, as it is now. */
  readonly snapshot: Snapshot
  /** With the commits that were sent. */
  readonly staged: readonly Staged[]
}

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
 * One push on top of the branch as it is known: plans what each wants, stages it, sends it, and puts down what came of it.
 * @param group who takes part; who fails by itself, or has been taken off, leaves it
 * @returns whether the branch has new commits
 * @throws PushFailure, or GitError as every push: `StaleRef` when somebody else was faster
 */
export async function attemptPush(group: Set<Attached>, attempt: PushAttempt): Promise<boolean> {
  const { known, repository, reviewing } = attempt
  for (const attached of group) if (!attempt.isAttached(attached)) group.delete(attached)
  const members = [...group].map(({ member }) => member)
  const snapshot = await known.readFolders(members, repository)
  for (const member of members) await recognise(member, snapshot, attempt)
  // Windows are held in memory anyway, and there may be no disk.
  await using edit = await repository.edit(snapshot.ref, { base: snapshot, writing: 'memory' })
  const commitOf = (path: string): string | null => {
    const entry = snapshot.entry(path)
    const oid = entry === 'unread' ? undefined : (entry?.oid ?? null)
    // Whoever merges writes what was proposed under a name of their own, and what differs from it is proposed again.
    if (oid !== undefined && reviewing?.review.isInBase(path, oid) === true) return null
    return known.commitOf(path)
  }
  const at = { snapshot, tracer: attempt.tracer, commitOf }
  const staged: Staged[] = []
  for (const attached of group) {
    try {
      acceptHistory(attached.member, snapshot)
      staged.push(await stage(attached, edit, at))
    } catch (error) {
      // What this member has staged is mixed with the others': begin again without it.
      group.delete(attached)
      attempt.fail(attached, toFailure(error))
      return group.size > 0 && (await attemptPush(group, attempt))
    }
  }
  const isNew = snapshot.tip === null && staged.some(({ commits }) => commits.length > 0)
  const isRefused = reviewing !== undefined && isNew && !(await reviewing.review.admits(reviewing.round(), staged))
  // A branch is begun for something that is to be reviewed.
  const isIdle = isRefused || (reviewing !== undefined && snapshot.tip === null && !isNew)
  const sent = isIdle ? notSent(snapshot, staged) : await send(edit, snapshot, { staged, attempt })
  known.pushed(snapshot, sent.snapshot)
  reviewing?.review.committed(sent.staged)
  for (const each of sent.staged) await acknowledge(each, { ...sent, before: snapshot, isRefused }, attempt)
  return sent.isPushed
}

/** A push whose outcome nobody knew has happened when the folder is as it would have left it: then it is not repeated. */
async function recognise(member: Member, snapshot: Snapshot, attempt: PushAttempt): Promise<void> {
  const landed = member.outbox.recognise({ tip: snapshot.tip, folder: folderId(snapshot, member.settings.path) })
  if (landed === undefined) return
  const sha = landed.commits.at(-1)
  if (sha !== undefined) member.standing.committed({ sha, time: landed.time })
  await settle(member, landed.settlement)
  if (landed.commits.length > 0) tellPushed(member, landed, attempt)
}

async function send(edit: Edit, before: Snapshot, { staged, attempt }: Sending): Promise<Sent> {
  attempt.confirm()
  const { reviewing } = attempt
  if (reviewing === undefined || isEmpty(staged)) {
    const outgoing: Outgoing = { pushes: [{ edit, pushOptions: [] }], whole: edit }
    return await post(outgoing, before, { staged, told: ({ snapshot }) => snapshot })
  }
  const { review, round } = reviewing
  const outgoing = await review.outgoing(round(), edit, staged)
  try {
    return await post(outgoing, before, {
      staged: renamed(staged, outgoing),
      told: (outcome) => review.sent(round(), outcome),
    })
  } finally {
    for (const each of outgoing.pushes) if (each.edit !== edit) await each.edit.close()
  }
}

const isEmpty = (staged: readonly Staged[]): boolean => staged.every(({ commits }) => commits.length === 0)

function renamed(staged: readonly Staged[], { sentAs }: Outgoing): readonly Staged[] {
  if (sentAs === undefined) return staged
  return staged.map((each) => {
    if (each.commits.length === 0) return each
    const commits = sentAs(each)
    const sha = commits.at(-1)
    if (sha !== undefined) each.member.standing.attempted({ sha, time: each.time })
    return { ...each, commits }
  })
}

/** @param posting.told what the branch is like after a push */
async function post(
  outgoing: Outgoing,
  before: Snapshot,
  { staged, told }: { readonly staged: readonly Staged[]; readonly told: (outcome: PushOutcome) => Snapshot },
): Promise<Sent> {
  const own = [...new Set(staged.flatMap(({ member }) => member.settings.pushOptions ?? []))]
  let sent: Sent = { isPushed: false, snapshot: before, staged }
  let rejection: unknown
  for (const push of outgoing.pushes) {
    if (rejection !== undefined && push.follows === true) continue
    try {
      const outcome = await pushOne(push, own)
      sent = { isPushed: sent.isPushed || outcome.status === 'pushed', snapshot: told(outcome), staged }
    } catch (error) {
      if (isGitError(error, ...OUTCOME_UNKNOWN)) {
        const { snapshot } = await outgoing.whole.push({ dryRun: true })
        for (const each of staged) remember(each, before, snapshot)
      }
      if (!isGitError(error, 'Rejected')) throw error
      rejection ??= error
    }
  }
  if (rejection !== undefined) throw rejection
  return sent
}

function pushOne({ edit, verify = true, ...options }: OutgoingPush, own: readonly string[]): Promise<PushOutcome> {
  const pushOptions = [...own, ...options.pushOptions]
  return edit.push({ ...(pushOptions.length === 0 ? {} : { pushOptions }), ...(verify ? {} : { verify }) })
}

/** Nobody knows whether the push happened that would have made the branch like `after`. */
function remember({ member, plan, commits, seenAt, time }: Staged, { tip }: Snapshot, after: Snapshot): void {
  // Of the plan no contents are kept.
  const { removed, deleted, confirmed, written } = plan
  const settlement = { removed, deleted, confirmed, written }
  const folder = folderId(after, member.settings.path)
  member.outbox.remember({ tip, folder, settlement, commits, seenAt, time })
}

async function acknowledge(
  { member, plan, commits, seenAt, time }: Staged,
  sent: Sent & { readonly before: Snapshot; readonly isRefused: boolean },
  attempt: PushAttempt,
): Promise<void> {
  const { snapshot } = sent
  if (sent.isRefused) member.held.clear()
  else await settle(member, plan)
  const sha = sent.isPushed ? commits.at(-1) : undefined
  member.acknowledge({
    commit: sha === undefined ? undefined : { sha, time },
    // No commit shows several branches put together.
    tip: attempt.known.isComposed ? null : snapshot.tip,
    folder: folderId(snapshot, member.settings.path),
    compared: plan.compared,
    blocked: plan.blocked,
    request: plan.request,
    overwritten: plan.overwritten,
    hasLeft: plan.hasLeft,
  })
  if (sha !== undefined) tellPushed(member, { commits, seenAt, tip: sent.before.tip }, attempt)
}

/** @param pushed.tip where the branch was before */
function tellPushed(
  { name }: Member,
  { commits, seenAt, tip }: Pick<SentPush, 'commits' | 'seenAt' | 'tip'>,
  { onPush, reviewing }: PushAttempt,
): void {
  onPush?.({ member: name, commits, seenAt, created: tip === null && reviewing === undefined })
}

/** Everything stays as it is. */
const notSent = (snapshot: Snapshot, staged: readonly Staged[]): Sent => ({ isPushed: false, snapshot, staged })
