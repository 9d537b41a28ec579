import type { ObjectId } from '../../format/object-id.ts'
import { descendsFrom } from '../ancestry.ts'
import type { RefUpdate } from '../push-result.ts'
import type { Session } from '../session.ts'

/** What only `force` allows: a tag that is taken for fixed would move, or a branch would no longer hold what it held. */
export interface Setback {
  readonly reason: 'the tag would move' | 'the ref would lose commits'
  readonly from: ObjectId
  readonly to: ObjectId
}

/**
 * One request for a branch that moves, none for anything else.
 * @param session of the repository that has the new object
 */
export async function setbackOf(
  session: Session,
  { ref, old: from, new: to }: RefUpdate,
): Promise<Setback | undefined> {
  if (from === null || to === null || from === to) return undefined
  if (ref.startsWith('refs/tags/')) return { reason: 'the tag would move', from, to }
  return (await descendsFrom(session, to, from)) ? undefined : { reason: 'the ref would lose commits', from, to }
}
