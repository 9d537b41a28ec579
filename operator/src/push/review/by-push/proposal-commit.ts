import type { Change, Edit, Snapshot } from '@gitsync/protocol'
import { asked } from '../forge-failure.ts'
import { describeRequest } from '../describe-request.ts'
import { proposalOf } from '../proposal.ts'
import type { OutgoingPush } from '../review.ts'
import { leaderOf, settingsOf } from '../review-round.ts'
import type { ReviewRound } from '../review-round.ts'
import type { Staged } from '../../stage.ts'
import type { Dialect, ProposedCommit, SeenRequest } from './dialect.ts'
import { authorsOf, nothingMessage, proposalMessage, saidBefore } from './message.ts'
import { stageOnBase } from './stage-on-base.ts'
import { OWNER, ownerOf } from './trailers.ts'

export interface Proposal {
  /** Name of the head; short. */
  readonly branch: string
  readonly dialect: Dialect
  /** With the members' folders read. */
  readonly base: Snapshot
  /** The request, where one is open. */
  readonly open: SeenRequest | undefined
  /** What it holds, of that what stays. */
  readonly changes: readonly Change[]
  readonly staged: readonly Staged[]
  /** The head as it is to be. */
  readonly after: Snapshot
  /** Milliseconds since the epoch. */
  readonly time: number
}

/** One commit on the base, not sent yet, that holds everything that is proposed. */
export interface ProposalCommit extends OutgoingPush {
  readonly commit: ProposedCommit
  readonly isNothing: boolean
}

/**
 * Makes the commit that a request consists of. Where nothing is left of it the commit says so, since a push closes nothing.
 * @throws PushFailure, and GitError as reading does
 */
export async function commitProposal(round: ReviewRound, proposal: Proposal): Promise<ProposalCommit> {
  const { repository, head, members } = round
  const { base, changes, staged } = proposal
  const edit = await stageOnBase(repository, { ref: head.ref, base, head, changes, members, staged })
  try {
    return await commitOf(round, edit, proposal)
  } catch (error) {
    await edit.close()
    throw error
  }
}

async function commitOf(round: ReviewRound, edit: Edit, proposal: Proposal): Promise<ProposalCommit> {
  const { repository, members } = round
  const { branch, dialect, base, open, staged, after, time } = proposal
  const leader = leaderOf(round)
  const settings = settingsOf(round)
  const { committer, claim } = leader.settings
  const identity = await dialect.identity(round, branch, base.commit ?? '')
  const own = [`${OWNER}: ${ownerOf(claim.cluster, branch)}`, ...identity]
  const before = saidBefore(open?.commit, committer)
  const authors = authorsOf(before, staged, committer)
  const { title, text } = await describeRequest({
    repository,
    base,
    branch,
    settings,
    members,
    proposal: await proposalOf({ ...round, head: after }, base),
    authors: authors.map(({ name }) => name),
  })
  const who = { ...committer, date: new Date(time) }
  const common = { author: who, committer: who, ...(leader.signer === undefined ? {} : { sign: leader.signer }) }
  let message = proposalMessage({ title, text, before, staged, authors, own })
  let oid = await edit.commit({ ...common, message })
  const isNothing = oid === null
  if (oid === null) {
    message = nothingMessage(settings.base, own)
    oid = await edit.commit({ ...common, message, allowEmpty: true })
  }
  const commit = { oid: oid ?? '', parents: [base.commit ?? ''], message, committer: who }
  const options = await asked(async () => dialect.pushOptions({ head: branch, settings, title, open, isNothing }))
  return { edit, pushOptions: options, commit, isNothing }
}
