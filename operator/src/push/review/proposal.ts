import type { Snapshot } from '@gitsync/protocol'
import { pathIn } from '../../plan/path-in.ts'
import { stateOf } from '../../plan/request-section.ts'
import { viewOf } from '../folder-view.ts'
import { contentId } from '../member.ts'
import type { Member } from '../member.ts'
import type { Staged } from '../stage.ts'
import { differencesOf } from './differences.ts'
import type { Difference } from './differences.ts'
import { readFolders } from './read-folders.ts'
import type { ReviewRound } from './review-round.ts'

/** A file that is not in the base as the cluster has it, and whose it is. */
export interface Proposed {
  readonly member: Member
  readonly difference: Difference
}

/** Whether a file that no object wants is this GitSync's to remove. @param path below its folder */
export const isOwn = ({ settings, inventory }: Member, path: string): boolean =>
  settings.prune === 'Always' || inventory.has(path)

/** What the head of a round proposes in all folders. @param base its folders read */
export async function proposalOf(
  { repository, head, members }: ReviewRound,
  base: Snapshot,
): Promise<readonly Proposed[]> {
  const read = await readFolders(repository, head, members)
  return members.flatMap((member) =>
    differencesOf(viewOf(member, repository, read).files(), viewOf(member, repository, base).files(), {
      needsClaim: member.desired.size > 0,
      isWanted: (path) => member.desired.isWanted(path),
      hasWritten: (path) => isOwn(member, path),
    }).map((difference) => ({ member, difference })),
  )
}

/** Stands for what is proposed. */
export const proposalState = (proposal: readonly Proposed[]): string =>
  stateOf(
    proposal.map(({ member: { settings }, difference: { path, oid } }) => ({
      path: pathIn(settings.path, path),
      oid,
    })),
  )

/** Stands for what commits on top of the base would propose: the last content of each path. */
export function stagedState(staged: readonly Staged[]): string {
  const last = new Map<string, string | null>()
  for (const { member, plan } of staged) {
    const { path: folder } = member.settings
    for (const { writes, deletes } of plan.commits) {
      for (const { path, bytes } of writes) last.set(pathIn(folder, path), contentId(bytes))
      for (const path of deletes) last.set(pathIn(folder, path), null)
    }
  }
  return stateOf([...last].map(([path, oid]) => ({ path, oid })))
}
