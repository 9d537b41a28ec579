import { CLAIM_FILE } from '../plan/compare.ts'
import { fileIdentity } from '../plan/file-identity.ts'
import type { Change } from '../plan/window.ts'
import { guardDeletions } from './deletions.ts'
import type { FolderView } from './folder-view.ts'
import type { Member } from './member.ts'
import type { PushPlan } from './plan-push.ts'

/**
 * What a GitSync that leaves its folder pushes: the end of the files that it has written, and of its claim. The guard against
 * mass deletions holds here as well; what somebody else has put there stays.
 * @throws PushFailure
 */
export async function planRemoval(member: Member, folder: FolderView, ownsFolder: boolean): Promise<PushPlan> {
  const { author } = member.settings
  const { request } = member
  const files = ownsFolder ? folder.files() : []
  const time = member.clock.now()
  const changes = files
    .filter(({ path }) => path !== CLAIM_FILE && member.inventory.has(path) && !member.held.has(path))
    .map(({ path }): Change => ({ path, identity: fileIdentity(path), action: 'Delete', oid: null, author, time }))
  const { batches, deleted, confirmed } = await guardDeletions(
    member,
    folder,
    [{ author, changes, time }],
    files.length,
  )
  const paths = batches.flatMap((batch) => batch.changes.map(({ path }) => path))
  const isHeld = member.held.size > 0 && deleted.length === 0
  const deletes = ownsFolder && !isHeld ? [...paths, CLAIM_FILE] : paths
  const message = `Remove the files of ${member.name}\n`
  return {
    commits: deletes.length === 0 ? [] : [{ author, time, message, writes: [], deletes, seen: [] }],
    removed: paths,
    deleted,
    confirmed,
    compared: true,
    overwritten: 0,
    hasLeft: !isHeld,
    request,
  }
}
