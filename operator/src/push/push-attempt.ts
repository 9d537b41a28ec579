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
import type { Outgoing, Review } from './review/review.ts'
import type { ReviewRound } from './review/review-round.ts'
import { stage } from './stage.ts'
import type { Attached, Staged } from './stage.ts'

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
  readonly outcome: PushOutcome
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
  const staged: Staged[] = []
  for (const attached of group) {
    try {
      acceptHistory(attached.member, snapshot)
      staged.push(await stage(attached, edit, { snapshot, tracer: attempt.tracer }))
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
  return sent.outcome.status === 'pushed'
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
  if (reviewing === undefined || isEmpty(staged)) return await post({ edit, pushOptions: [] }, before, staged)
  const outgoing = await reviewing.review.outgoing(reviewing.round(), edit, staged)
  try {
    const sent = await post(outgoing, before, inOneCommit(staged, outgoing))
    return { ...sent, snapshot: reviewing.review.sent(reviewing.round(), sent.outcome) }
  } finally {
    if (outgoing.edit !== edit) await outgoing.edit.close()
  }
}

const isEmpty = (staged: readonly Staged[]): boolean => staged.every(({ commits }) => commits.length === 0)

function inOneCommit(staged: readonly Staged[], { squashed }: Outgoing): readonly Staged[] {
  if (squashed === undefined) return staged
  return staged.map((each) => {
    if (each.commits.length === 0) return each
    each.member.standing.attempted({ sha: squashed, time: each.time })
    return { ...each, commits: [squashed] }
  })
}

async function post(outgoing: Outgoing, before: Snapshot, staged: readonly Staged[]): Promise<Sent> {
  const { edit, squashed } = outgoing
  const own = staged.flatMap(({ member }) => member.settings.pushOptions ?? [])
  const pushOptions = [...new Set(own), ...outgoing.pushOptions]
  try {
    const outcome = await edit.push({
      ...(pushOptions.length === 0 ? {} : { pushOptions }),
      // What goes to one ref and appears at another cannot be looked at.
      ...(squashed === undefined ? {} : { verify: false }),
    })
    return { outcome, snapshot: outcome.snapshot, staged }
  } catch (error) {
    if (isGitError(error, ...OUTCOME_UNKNOWN)) {
      const { snapshot } = await edit.push({ dryRun: true })
      for (const each of staged) remember(each, before, snapshot)
    }
    throw error
  }
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
  const { status } = sent.outcome
  if (sent.isRefused) member.held.clear()
  else await settle(member, plan)
  const sha = status === 'pushed' ? commits.at(-1) : undefined
  member.acknowledge({
    commit: sha === undefined ? undefined : { sha, time },
    tip: snapshot.tip,
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
const notSent = (snapshot: Snapshot, staged: readonly Staged[]): Sent => ({
  outcome: { status: 'up-to-date', ref: snapshot.ref, commit: snapshot.commit, snapshot },
  snapshot,
  staged,
})
