import { authorBranch } from '../plan/author-branch.ts'
import { identityKey } from '../objects/object.ts'
import type { Difference, RemoteFile } from '../plan/compare.ts'
import type { DesiredFile } from '../plan/desired-files.ts'
import type { Batch, Change } from '../plan/window.ts'
import { judgeExtras } from './judge-extras.ts'
import type { FolderView } from './folder-view.ts'
import { isKustomization } from './kustomizations.ts'
import { objectOf } from './member.ts'
import type { Member } from './member.ts'
import { ownPaths } from './own-paths.ts'
import type { Contents } from './planned-commit.ts'
import { compareWith } from './survey.ts'

/** Contents of one commit at most, in bytes; a larger export becomes several. */
const MAX_COMMIT_BYTES = 16 << 20
/** Objects that are read again at once. */
const REREAD_STEP = 200

/** What a comparison has found. */
export interface Compared {
  /** What is to be written and removed beyond the batches: one batch for each owner. */
  readonly batches: readonly Batch[]
  /** Contents that had to be read. */
  readonly contents: Contents
  /** Everything is in it. */
  readonly complete: boolean
}

/**
 * Holds what is wanted against the folder as it will be after the batches.
 * @param at.remote the folder as it is in Git
 * @param at.kept paths that stay as somebody else has made them
 */
export async function compareFolder(
  member: Member,
  folder: FolderView,
  at: {
    readonly remote: readonly RemoteFile[]
    readonly batches: readonly Batch[]
    readonly kept: ReadonlySet<string>
  },
): Promise<Compared> {
  member.beginComparison()
  member.opaque = opaqueFiles(member, at.remote)
  const difference = compareWith(member, overlay(member, at.remote, at.batches))
  // What was seen to change since the batches were taken is signed by who changed it, a moment later.
  const changing = [...member.window.changes()]
  const waiting = new Set(changing.map(objectOf))
  const leaving = new Set(changing.map(({ movedFrom }) => movedFrom))
  member.unreadable = difference.unreadable
  const extras = difference.extras.filter(({ path }) => !isKustomization(member, path))
  const deletes = (await judgeExtras(member, folder, { ...difference, extras })).filter(
    (change) => !waiting.has(objectOf(change)) && !leaving.has(change.path),
  )
  // What is written in part is written whole: its last commit is ours then, and what is left of others' edits nobody's.
  const written = new Set(deletes.map(({ path }) => path))
  const stays = (path: string): boolean => at.kept.has(path) && !written.has(path)
  const writes = difference.writes.filter(({ file }) => !stays(file.path) && !waiting.has(file.key))
  const { changes, contents } = await provideContents(member, writes)
  const complete = changes.length === writes.length && !changing.some((change) => isOutdated(member, change))
  // An inventory that was lost is made anew from what is there as it should be.
  const paths = new Set([...member.desired.files()].map(({ path }) => path))
  if (complete && member.inventory.size < paths.size) ownPaths(member, paths)
  const all = [...changes, ...deletes]
  if (all.length === 0) return { batches: [], contents, complete }
  const time = all.reduce((latest, change) => Math.max(latest, change.time), 0)
  const compared = member.compareReason ?? 'drift'
  const { author } = member.settings
  const batches = [...Map.groupBy(all, (change) => ownerOf(member, change))].map(([owner, changes]) => ({
    author,
    ...(owner === undefined ? {} : { owner }),
    changes,
    time,
    compared,
  }))
  return { batches, contents, complete }
}

/** What it writes nobody wants any more: its file is judged when it is there. */
const isOutdated = ({ desired }: Member, change: Change): boolean =>
  change.oid !== null && desired.ofObject(objectOf(change)) === undefined

/** Where the files are that do not say themselves whose they are. */
function opaqueFiles({ inventory }: Member, remote: readonly RemoteFile[]): Member['opaque'] {
  const found = new Map<string, RemoteFile>()
  for (const file of remote) {
    const owner = inventory.ownerOf(file.path)
    if (owner !== undefined) found.set(identityKey(owner), file)
  }
  return found
}

/**
 * Where each author has a branch: whose it is what a comparison finds. It goes where its author has a request that is not
 * merged, also where people have closed that; what nobody was seen to change is nobody's.
 */
function ownerOf({ desired, settings, standing }: Member, change: Change): string | undefined {
  const branches = settings.review?.authorBranches
  const owner = branches === undefined ? undefined : desired.ofObject(objectOf(change))?.owner
  if (branches === undefined || owner === undefined) return undefined
  const request = standing.pullRequest(authorBranch(branches, owner))
  return request === undefined || request.state === 'Merged' ? undefined : owner
}

/** The folder as it will be after the batches. A content that is not at hand is not written by them. */
function overlay(member: Member, remote: readonly RemoteFile[], batches: readonly Batch[]): readonly RemoteFile[] {
  const { desired, holdings } = member
  const files = new Map(remote.map((file) => [file.path, file]))
  for (const change of batches.flatMap(({ changes }) => changes)) {
    const { path, oid, identity, movedFrom } = change
    if (oid !== null && member.spool.get(oid) === undefined) continue
    if (movedFrom !== undefined && !desired.isWanted(movedFrom)) files.delete(movedFrom)
    const key = objectOf(change)
    const there = files.get(path)
    const reading = there === undefined ? undefined : holdings.readingOf(there)
    if (reading?.documents === null) continue
    // A file that is as it is printed, of one object.
    const printed = there === undefined ? undefined : desired.objectsAt(path).find((file) => file.oid === there.oid)
    const documents = reading?.documents ?? (printed === undefined ? [] : [printed])
    const others = documents.filter((document) => document.key !== key)
    if (oid === null && others.length === 0) files.delete(path)
    else if (others.some((other) => other.key !== null)) {
      // It is in no repository yet: what it will hold is known without being read.
      const id = `${path} after ${oid ?? key}`
      holdings.learn(id, { documents: oid === null ? others : [...others, { key, identity, oid }] })
      files.set(path, { path, oid: id })
    } else if (oid !== null) {
      if (!holdings.isOpaque(path)) holdings.learn(oid, { documents: [{ key, identity, oid }] })
      files.set(path, { path, oid })
    }
  }
  return [...files.values()]
}

/** Makes sure that the contents of the files are at hand, reading objects again where they are not. */
async function provideContents(
  member: Member,
  writes: Difference['writes'],
): Promise<{ readonly changes: readonly Change[]; readonly contents: Contents }> {
  const missing = writes.filter(({ file }) => member.spool.get(file.oid) === undefined).map(({ file }) => file)
  const reread = missing.length === 0 ? undefined : await rereadWithinLimit(member, missing)
  const changes: Change[] = []
  const contents = new Map<string, Uint8Array>()
  const most = member.pushRoom
  let bytes = 0
  for (const { file, exists } of writes) {
    const content = member.spool.get(file.oid) ?? reread?.get(file.key)
    if (content === undefined || bytes > MAX_COMMIT_BYTES || (bytes > 0 && bytes + content.length > most)) continue
    bytes += content.length
    contents.set(file.oid, content)
    changes.push({
      path: file.path,
      identity: file.identity,
      action: exists ? 'Update' : 'Create',
      oid: file.oid,
      author: member.settings.author,
      time: member.clock.now(),
    })
  }
  return { changes, contents }
}

async function rereadWithinLimit(member: Member, files: readonly DesiredFile[]): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  let bytes = 0
  for (let start = 0; start < files.length && bytes <= MAX_COMMIT_BYTES; start += REREAD_STEP) {
    const step = files.slice(start, start + REREAD_STEP)
    for (const [key, { file, bytes: content }] of await member.port.reread(step)) {
      // Changed meanwhile: the watch tells what, and who made it, and until then this comparison is not complete.
      if (member.desired.ofObject(key)?.oid !== file.oid) continue
      found.set(key, content)
      bytes += content.length
    }
  }
  return found
}
