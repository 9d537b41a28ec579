import PQueue from 'p-queue'
import { compare } from '../plan/compare.ts'
import type { RemoteFile } from '../plan/compare.ts'
import { describeEdits, overwriteToken } from '../plan/drift.ts'
import type { ForeignEdit } from '../plan/drift.ts'
import { samePerson } from '../plan/person.ts'
import { PushFailure, shownAnswer } from './failure.ts'
import type { FolderView } from './folder-view.ts'
import type { Member } from './member.ts'
import { isRead } from './survey.ts'

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
    member.lastChanges.clear()
    return new Set()
  }
  const edits = await findForeignEdits(member, folder, remote)
  if (onDrift === 'Adopt') {
    const adopted = edits.filter(({ path, change }) => change.time >= writtenAt(member, path))
    const [first] = adopted
    member.drift =
      first === undefined
        ? undefined
        : { outcome: 'Adopted', time: first.change.time, files: adopted.length, commit: first.change.commit }
    return new Set(adopted.map(({ path }) => path))
  }
  const [first] = edits
  if (first === undefined) {
    if (member.drift?.outcome === 'Stalled') member.drift = undefined
    return new Set()
  }
  const token = overwriteToken(edits)
  if (confirmOverwrite === token) {
    member.isDrifted = true
    return new Set()
  }
  member.drift = { outcome: 'Stalled', time: first.change.time, files: edits.length, commit: first.change.commit }
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
  const { writes } = compare(
    member.desired,
    remote,
    isRead(member) ? (oid) => member.holdings.readingOf(oid) : undefined,
  )
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
      let change = member.lastChanges.get(key)
      if (change === undefined) {
        change = (await folder.lastChange(path)) ?? null
        member.lastChanges.set(key, change)
      }
      if (change !== null && !samePerson(change.committer, member.settings.committer)) edits.push({ path, oid, change })
    }),
  )
  for (const key of member.lastChanges.keys()) if (!asked.has(key)) member.lastChanges.delete(key)
  return edits.sort((a, b) => (a.path < b.path ? -1 : 1))
}
