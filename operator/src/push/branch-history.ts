import type { Repository, Snapshot } from '@gitsync/protocol'
import type { Clock } from '../time/clock.ts'
import { PushFailure, shownAnswer } from './failure.ts'
import { missingFrom } from './history.ts'
import type { Member } from './member.ts'
import type { PushObserver } from './observer.ts'

/** Commit ids that people copy have so many digits. */
const SHOWN_DIGITS = 12
/** The fewest that git itself shows. */
const LEAST_DIGITS = 7

/** Sees whether what was in the history of a branch is there still. */
export class BranchHistory {
  readonly #clock: Clock
  readonly #observer: PushObserver | undefined
  /** The newest commit that must stay. */
  #anchor: string | undefined

  constructor(clock: Clock, observer: PushObserver | undefined) {
    this.#clock = clock
    this.#observer = observer
  }

  /**
   * Tells the members what they miss. Costs nothing unless somebody else has pushed several commits. A branch that was deleted is
   * written anew: nobody's commits are in the way there.
   */
  async check(repository: Repository, { tip, parents }: Snapshot, members: readonly Member[]): Promise<void> {
    const anchor = this.#anchor
    this.#anchor = tip ?? undefined
    const mustHave = (member: Member): string | undefined =>
      member.standing.missing ?? anchor ?? member.standing.observedCommit
    const commits = new Set(members.map(mustHave).filter((commit) => commit !== undefined))
    const missing = tip === null ? commits : await missingFrom(repository, { tip, parents }, commits)
    for (const member of members) {
      const commit = mustHave(member)
      const isMissing = commit !== undefined && missing.has(commit)
      const isNew = isMissing && member.standing.missing !== commit
      member.standing.misses(isMissing && tip !== null ? commit : undefined, isNew ? this.#clock.now() : undefined)
      if (isNew) this.#observer?.rewritten?.({ member: member.name, missing: commit, tip })
    }
  }

  /** This process has moved the branch. */
  moved(from: string | null, to: string | null): void {
    if (this.#anchor === undefined || this.#anchor === from) this.#anchor = to ?? undefined
  }
}

/** @throws PushFailure `HistoryRewritten`, until somebody has accepted that */
export function acceptHistory({ settings, standing }: Member, { tip }: Snapshot): void {
  const { missing } = standing
  if (missing === undefined) return
  const shown = missing.slice(0, SHOWN_DIGITS)
  const { acceptHistory: answer } = settings
  if (answer !== undefined && answer.length >= LEAST_DIGITS && missing.startsWith(answer)) {
    standing.misses(undefined)
    return
  }
  const wrong = answer === undefined ? '' : `; the annotation now says ${shownAnswer(answer)}, which is another commit`
  throw new PushFailure(
    'HistoryRewritten',
    `commit ${missing} was in the history of the branch and is not any more: its tip is ${tip ?? 'gone'} now (accept-history=${shown})${wrong}`,
  )
}
