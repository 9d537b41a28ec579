import type { Edit, Snapshot } from '@gitsync/protocol'
import { PushFailure } from '../../failure.ts'
import { leaderOf } from '../review-round.ts'
import type { ReviewRound } from '../review-round.ts'
import { putEntry } from './put-entry.ts'

/** Names that a message shows of many. */
const SHOWN = 3

/** Edits of it can be given files of the base, of which nothing is sent. */
export const withTreesOf = (head: Snapshot, base: Snapshot): Snapshot =>
  head.withTrees(new Map([...base.trees, ...head.trees]))

export interface GivenBack {
  readonly paths: readonly string[]
  /** Where their changes are proposed from now on. */
  readonly to: string
}

/**
 * Commits that a head leaves paths to another one: it has them as the base has them.
 * @param edit see {@link withTreesOf}
 * @returns id of the commit; null where it has them so already
 */
export async function giveBack(
  round: ReviewRound,
  edit: Edit,
  { paths, to }: GivenBack,
  at: { readonly base: Snapshot; readonly time: number },
): Promise<string | null> {
  for (const path of paths) {
    const entry = at.base.entry(path)
    if (entry === 'unread') throw new PushFailure('InternalError', `${path} of the base was never read`)
    if (entry === null) edit.delete(path, { ifExists: true })
    else putEntry(edit, path, entry)
  }
  const { settings, signer } = leaderOf(round)
  const date = new Date(at.time)
  const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : ''
  const which = `${paths.slice(0, SHOWN).join(', ')}${more}`
  return await edit.commit({
    message: `Leave ${paths.length === 1 ? 'a file' : `${paths.length} files`} to ${to}\n\n${which}\n`,
    author: { ...settings.author, date },
    committer: { ...settings.committer, date },
    ...(signer === undefined ? {} : { sign: signer }),
  })
}
