import { setImmediate } from 'node:timers/promises'
import { isGitError } from '@gitsync/protocol'
import { CLAIM_FILE, compare } from '../plan/compare.ts'
import type { Difference, RemoteFile } from '../plan/compare.ts'
import { documentId } from '../plan/holdings.ts'
import type { FileReading } from '../plan/holdings.ts'
import type { Change } from '../plan/window.ts'
import { readFile } from '../render/edit/file.ts'
import type { FolderView } from './folder-view.ts'
import { objectOf } from './member.ts'
import type { Member } from './member.ts'

/** Files that are read at once. */
const READ_AT_ONCE = 200
/** Only files with such names are looked into for objects that are not where they are expected. */
export const isManifest = (path: string): boolean => /\.(?:ya?ml|json)$/i.test(path)

/** Whether files are read, and not only compared as a whole. */
export const isRead = ({ settings }: Member): boolean => settings.content?.inPlace !== false || settings.shared === true

/** Holds what is wanted against these files, by what is known of what they hold. */
export const compareWith = (member: Member, files: Iterable<RemoteFile>): Difference =>
  compare(member.desired, files, isRead(member) ? (file) => member.holdings.readingOf(file) : undefined)

/** Reads the files whose content is not known yet, by content id. */
export async function learn(member: Member, folder: FolderView, files: readonly RemoteFile[]): Promise<void> {
  const { holdings, settings } = member
  const unknown = [...new Set(files.filter((file) => holdings.readingOf(file) === undefined).map(({ oid }) => oid))]
  for (let start = 0; start < unknown.length; start += READ_AT_ONCE) {
    for await (const [oid, bytes] of contents(folder, unknown.slice(start, start + READ_AT_ONCE))) {
      const reading = bytes === null ? TOO_LARGE : readFile(bytes, settings.content ?? { format: 'YAML' })
      holdings.learn(oid, reading)
      // A large file takes long: the lease, and other tenants, are not to wait for many of them.
      await setImmediate()
    }
  }
}

const TOO_LARGE: FileReading = { documents: null, problem: 'larger than what is held in memory' }

/** Limits of what one answer may hold. */
const HELD = new Set(['maxObjectBytes', 'maxHeldBytes'])

/** Contents by id; null for one that is too large to be held, which keeps nobody from reading the others. */
async function* contents(
  folder: FolderView,
  oids: readonly string[],
): AsyncGenerator<readonly [string, Buffer | null]> {
  try {
    yield* await folder.blobs(oids)
  } catch (error) {
    if (!isGitError(error, 'LimitExceeded') || !HELD.has(error.details.limit ?? '')) throw error
    const half = Math.ceil(oids.length / 2)
    if (oids.length > 1) {
      yield* contents(folder, oids.slice(0, half))
      yield* contents(folder, oids.slice(half))
    } else yield* oids.map((oid) => [oid, null] as const)
  }
}

/**
 * Finds out which files are not just as they are printed, and in which file each object is: where the layout puts it, or
 * where somebody has moved it. Costs nothing where every file is as it is printed.
 */
export async function survey(member: Member, folder: FolderView, remote: readonly RemoteFile[]): Promise<void> {
  const { desired, holdings, settings } = member
  const isInPlace = settings.content?.inPlace !== false
  if (!isRead(member)) {
    holdings.keepOnly(remote)
    return
  }
  const there = new Map(remote.map(({ path, oid }) => [path, oid]))
  const going = member.outbox.changes.filter(({ oid }) => oid === null)
  const goingFrom = new Set(going.map(({ path }) => path))
  const isPlain = ({ path, oid }: RemoteFile): boolean => path === CLAIM_FILE || desired.at(path)?.oid === oid
  const isOwn = ({ path }: RemoteFile): boolean => desired.isWanted(path) || goingFrom.has(path)

  const unusual = remote.filter((file) => !isPlain(file))
  await learn(member, folder, [...unusual.filter(isOwn), ...homes(member, there)])
  if (isInPlace) {
    const isThere = (path: string, key: string): boolean => {
      const oid = there.get(path)
      if (oid === undefined) return false
      const isPrinted = desired.ofObject(key)?.oid === oid
      return (
        isPrinted || holdings.readingOf({ path, oid })?.documents?.some((document) => document.key === key) === true
      )
    }
    const strays = [...desired.files()].filter(({ path, key, isOpaque }) => isOpaque !== true && !isThere(path, key))
    const lost = going.filter((change) => !isThere(change.path, objectOf(change)))
    const moved = [...desired.files()].filter((file) => desired.homeOf(file) !== file.path)
    if (strays.length + lost.length + moved.length > 0) {
      // What was only renamed is known without being read.
      const printed = new Map(strays.map((file) => [file.oid, file]))
      for (const found of unusual) {
        const file = printed.get(found.oid)
        if (file !== undefined && holdings.readingOf(found) === undefined)
          holdings.learn(found.oid, { documents: [file] })
      }
      const search = strays.length + lost.length > 0
      if (search)
        await learn(
          member,
          folder,
          unusual.filter(({ path }) => isManifest(path)),
        )
      const places = whereObjectsAre(member, unusual)
      for (const file of [...strays, ...moved]) {
        const home = desired.homeOf(file)
        if (isThere(home, file.key)) desired.place(file.key, home)
        else if (!isThere(file.path, file.key)) desired.place(file.key, places.get(file.key) ?? home)
      }
      relocate(member, places, new Set(lost))
    }
  }
  const rest = remote.filter((file) => !isPlain(file))
  holdings.found(
    rest.filter(isOwn),
    rest.filter((file) => !isOwn(file)),
  )
  claimFound(member)
}

/** Where objects would be if nobody had moved them: who moves one back is followed. */
function homes(member: Member, there: ReadonlyMap<string, string>): RemoteFile[] {
  const files: RemoteFile[] = []
  for (const file of member.desired.files()) {
    const path = member.desired.homeOf(file)
    const oid = path === file.path ? undefined : there.get(path)
    if (oid !== undefined) files.push({ path, oid })
  }
  return files
}

/** Of several files with one object the first by path. */
function whereObjectsAre(member: Member, files: readonly RemoteFile[]): Map<string, string> {
  const places = new Map<string, string>()
  for (const { path, oid } of files) {
    for (const { key } of member.holdings.readingOf({ path, oid })?.documents ?? []) {
      const known = key === null ? undefined : places.get(key)
      if (key !== null && (known === undefined || path < known)) places.set(key, path)
    }
  }
  return places
}

/** What is about to be written goes where the object is now. */
function relocate(member: Member, places: ReadonlyMap<string, string>, lost: ReadonlySet<Change>): void {
  member.outbox.map((change) => {
    const key = objectOf(change)
    // A file that nobody looks into is where it was said to be.
    if (member.desired.ofObject(key)?.isOpaque === true) return change
    const path = lost.has(change) ? places.get(key) : member.desired.ofObject(key)?.path
    return path === undefined || path === change.path ? change : { ...change, path }
  })
}

/** Files that people have moved or merged are this GitSync's own from now on, as far as its objects are in them. */
function claimFound(member: Member): void {
  const { desired, holdings, inventory } = member
  for (const file of desired.files()) {
    const isElsewhere = desired.homeOf(file) !== file.path
    const documents = holdings.readingAt(file.path)?.documents
    const held = documents?.some(({ key }) => key === file.key) === true
    if (!isElsewhere && !(held && documents.length > 1)) continue
    const own = [file.path, ...(held && documents.length > 1 ? [documentId(file.path, file.key)] : [])]
    inventory.add(own)
  }
}
