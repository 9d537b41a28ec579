import type { Change, Edit, Repository, Snapshot } from '@gitsync/protocol'
import { CLAIM_FILE } from '../../../plan/compare.ts'
import { pathIn } from '../../../plan/path-in.ts'
import type { Member } from '../../member.ts'
import type { Staged } from '../../stage.ts'
import { putChanges } from '../put-changes.ts'

/** What a request has changed in the members' folders so far. */
export function changesWithin(changes: readonly Change[], members: readonly Member[]): Change[] {
  const folders = members.map(({ settings }) => settings.path)
  const isInside = (path: string): boolean => folders.some((folder) => folder === '.' || path.startsWith(`${folder}/`))
  return changes.filter(({ path, rawPath }) => rawPath === undefined && isInside(path))
}

export interface OnBase {
  /** Name of the ref that is pushed to. */
  readonly ref: string
  /** With the members' folders read. */
  readonly base: Snapshot
  /** What the request holds so far, and what it is changed in. */
  readonly head: Snapshot
  readonly changes: readonly Change[]
  readonly members: readonly Member[]
  readonly staged: readonly Staged[]
}

/**
 * An edit that begins at the base as it is now, with all that is proposed staged: what the request holds so far, and on it
 * what the commits would write. Who owns a folder is what the base says.
 */
export async function stageOnBase(repository: Repository, at: OnBase): Promise<Edit> {
  const { ref, base, head, changes, members, staged } = at
  const writes = staged.flatMap(({ member: { settings }, plan }) =>
    plan.commits.flatMap(({ writes, deletes }) => [
      ...writes.map(({ path, bytes }) => ({ path: pathIn(settings.path, path), bytes })),
      ...deletes.map((path) => ({ path: pathIn(settings.path, path), bytes: null })),
    ]),
  )
  const claims = new Set(members.map(({ settings }) => pathIn(settings.path, CLAIM_FILE)))
  const isTaken = (path: string): boolean => claims.has(path) && base.entry(path) !== null
  const isWritten = new Set(writes.map(({ path }) => path))
  const carried = changes.filter(({ path }) => !isWritten.has(path) && !isTaken(path))
  const edit = await repository.edit(ref, { base: base.at({ ref, tip: null }), writing: 'memory' })
  try {
    await putChanges(repository, edit, { from: head, changes: carried, mayReplace: () => true })
    for (const { path, bytes } of writes) {
      if (bytes === null) edit.delete(path, { ifExists: true })
      else edit.put(path, bytes, { replace: true })
    }
    return edit
  } catch (error) {
    await edit.close()
    throw error
  }
}

/** Whether the base has everything that was changed: then it was merged, whatever the way. */
export const holds = (base: Snapshot, changes: readonly Change[]): boolean =>
  changes.every(({ path, oid }) => {
    const entry = base.entry(path)
    return entry !== 'unread' && (entry?.oid ?? undefined) === oid
  })
