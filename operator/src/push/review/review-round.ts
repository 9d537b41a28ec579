import type { Repository, Snapshot } from '@gitsync/protocol'
import { PushFailure } from '../failure.ts'
import type { Member } from '../member.ts'
import type { Connection } from '../connection.ts'
import type { ReviewSettings } from './review-settings.ts'

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

/** Of several GitSyncs on one branch the first by name decides what the request is like, and who merges. */
export function leaderOf({ members }: Pick<ReviewRound, 'members'>): Member {
  const [leader] = members.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  if (leader === undefined) throw new PushFailure('InternalError', 'a branch under review that nobody writes')
  return leader
}

/** What the request is to be like: the leader's word, with everybody's labels and reviewers. */
export function settingsOf(round: Pick<ReviewRound, 'members'>): ReviewSettings {
  const { review } = leaderOf(round).settings
  if (review === undefined) throw new PushFailure('InternalError', 'a branch under review without a base')
  const all = round.members.map(({ settings }) => settings.review)
  const union = (pick: (settings: ReviewSettings) => readonly string[]): string[] => [
    ...new Set(all.flatMap((settings) => (settings === undefined ? [] : pick(settings)))),
  ]
  return { ...review, labels: union(({ labels }) => labels), reviewers: union(({ reviewers }) => reviewers) }
}
