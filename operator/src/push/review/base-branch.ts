import type { Snapshot } from '@gitsync/protocol'
import { PushFailure } from '../failure.ts'
import { readFolders } from './read-folders.ts'
import { settingsOf } from './review-round.ts'
import type { ReviewRound } from './review-round.ts'

/** The branch that heads are to be merged into, as it was looked at last. */
export class BaseBranch {
  /** The members' folders read. */
  #snapshot: Snapshot | undefined

  /** With the members' folders read. Only once it was looked at: see {@link look}. */
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

  /** Whether it has this at a path. @param oid content id; null for nothing */
  has(path: string, oid: string | null): boolean {
    const entry = this.snapshot.entry(path)
    return entry !== 'unread' && (entry?.oid ?? null) === oid
  }

  /** Looks where the base is, where that is not known. @throws PushFailure `BranchNotFound` where there is none */
  async look(round: ReviewRound): Promise<void> {
    const { head, isLook } = round
    const isMissing = this.#snapshot === undefined || (head.tip === null && head.commit !== this.#snapshot.commit)
    if (isLook || isMissing) await this.#look(round)
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
  }
}
