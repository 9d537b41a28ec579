import PQueue from 'p-queue'
import type { RemoteFile } from '../plan/compare.ts'
import { describeEdits, overwriteToken } from '../plan/drift.ts'
import type { ForeignEdit } from '../plan/drift.ts'
import { samePerson } from '../plan/person.ts'
import { PushFailure, shownAnswer } from './failure.ts'
import type { FolderView } from './folder-view.ts'
import type { Member } from './member.ts'
import { compareWith } from './survey.ts'

/** Histories of single files that are read at once. */
const READ_AT_ONCE = 4

/**
 * Paths that are left as somebody else has made them: with `onDrift: Adopt` those that were changed in Git after their
 * object. Needs no memory: Git says who changed a file last, the object says when it was written last.
 * @param remote the folder as it is in Git
 * @throws PushFailure `Drifted` with `onDrift: Stall`, until somebody has confirmed that just these edits are written over
 */
export async function respectForeignEdits(
  member: Member,
  folder: FolderView,
  remote: readonly RemoteFile[],
): Promise<ReadonlySet<string>> {
  const { onDrift = 'Overwrite', confirmOverwrite } = member.settings
  if (onDrift === 'Overwrite') {
    member.drift.lastChanges.clear()
    return new Set()
  }
  const edits = await findForeignEdits(member, folder, remote)
  if (onDrift === 'Adopt') {
    const adopted = edits.filter(({ path, change }) => change.time >= writtenAt(member, path))
    member.drift.leftAlone('Adopted', adopted)
    return new Set(adopted.map(({ path }) => path))
  }
  const token = overwriteToken(edits)
  if (edits.length > 0 && confirmOverwrite === token) {
    member.drift.confirmed()
    return new Set()
  }
  member.drift.leftAlone('Stalled', edits)
  if (edits.length === 0) return new Set()
  const wrong =
    confirmOverwrite === undefined
      ? ''
      : `; the annotation now says ${shownAnswer(confirmOverwrite)}, which is for other edits`
  throw new PushFailure('Drifted', `${describeEdits(edits)} (confirm-overwrite=${token})${wrong}`)
}

/** When the object of a file was written last; 0 where the API server does not say. */
function writtenAt({ desired }: Member, path: string): number {
  return Math.max(0, ...desired.objectsAt(path).map(({ newest }) => Date.parse(newest ?? '') || 0))
}

/** Files that are not as wanted, and that somebody else than this operator changed last. */
async function findForeignEdits(
  member: Member,
  folder: FolderView,
  remote: readonly RemoteFile[],
): Promise<ForeignEdit[]> {
  const there = new Map(remote.map(({ path, oid }) => [path, oid]))
  const { writes } = compareWith(member, remote)
  const differing = [...new Set(writes.map(({ file }) => file.path))]
    .map((path) => ({ path, oid: there.get(path) ?? null }))
    // What is not there and never was has been changed by nobody.
    .filter(({ path, oid }) => oid !== null || member.inventory.has(path))
  const queue = new PQueue({ concurrency: READ_AT_ONCE })
  const edits: ForeignEdit[] = []
  const asked = new Set<string>()
  await queue.addAll(
    differing.map(({ path, oid }) => async () => {
      const key = `${oid ?? ''} ${path}`
      asked.add(key)
      let change = member.drift.lastChanges.get(key)
      if (change === undefined) {
        change = (await folder.lastChange(path)) ?? null
        member.drift.lastChanges.set(key, change)
      }
      if (change !== null && !samePerson(change.committer, member.settings.committer)) edits.push({ path, oid, change })
    }),
  )
  for (const key of member.drift.lastChanges.keys()) if (!asked.has(key)) member.drift.lastChanges.delete(key)
  return edits.sort((a, b) => (a.path < b.path ? -1 : 1))
}
