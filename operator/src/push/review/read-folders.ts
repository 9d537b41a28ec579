import type { Repository, Snapshot } from '@gitsync/protocol'
import { folderId, wantedTrees } from '../folder-view.ts'
import type { Member } from '../member.ts'

/** Reads the members' folders in a snapshot; what is in them as it is wanted costs nothing. */
export async function readFolders(
  repository: Repository,
  snapshot: Snapshot,
  members: readonly Member[],
): Promise<Snapshot> {
  let read = snapshot
  for (const member of members) {
    const folders = [member.settings.path]
    read = await repository.read(read, { folders, recursive: true, seeds: wantedTrees(member) })
  }
  return read
}

/** Stands for the members' folders as they are in a snapshot. */
export const foldersId = (snapshot: Snapshot, members: readonly Member[]): string =>
  members
    .map(({ settings: { path } }) => `${folderId(snapshot, path) ?? ''} ${path}`)
    .sort()
    .join('\n')
