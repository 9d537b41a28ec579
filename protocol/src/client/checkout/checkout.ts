import type { ObjectId } from '../../format/object-id.ts'
import { Mode, typeOfMode } from '../../format/tree.ts'
import { checkChoice, checkInteger } from '../check-option.ts'
import { splitPath } from '../path.ts'
import { readTreeish, readTrees } from '../read/read-trees.ts'
import { resolveRevision, shownId } from '../read/resolve.ts'
import type { Session } from '../session.ts'
import type { ListedEntry, Snapshot } from '../snapshot.ts'
import { checkCase, checkPlaces, refuseSymlinks, unsafe } from './check-places.ts'
import { fetchContents } from './fetch-contents.ts'
import { placeOf } from './place.ts'
import type { Place } from './place.ts'
import { selection } from './selection.ts'
import { Target } from './target.ts'
import type { Content } from './target.ts'

export interface CheckoutOptions {
  /** Files to write, as gitignore patterns. Default: all. */
  readonly include?: readonly string[]
  /** Files to leave out, as gitignore patterns; they win over `include`. */
  readonly exclude?: readonly string[]
  /** Requests for contents under way at a time. Default 2. */
  readonly concurrency?: number
  /** Files asked for with one request, at most. Default 5,000. */
  readonly batchSize?: number
  /**
   * `write` makes symlinks of symlinks, as git does, wherever they lead; `file` writes their destination into an ordinary
   * file; `refuse` fails before anything is written. Default `write`.
   */
  readonly symlinks?: 'write' | 'file' | 'refuse'
  /**
   * Lets the folder hold files already. Those that the commit has as well are kept where they are equal, and replaced
   * where they differ; others stay. Default false: the folder must be empty or absent.
   */
  readonly resume?: boolean
  /** Called after each file. */
  readonly onProgress?: (progress: CheckoutProgress) => void
}

export interface CheckoutProgress {
  readonly files: number
  readonly totalFiles: number
  /** Content bytes so far. */
  readonly bytes: number
}

export interface CheckedOut {
  readonly commit: ObjectId | null
  /** Files of the commit that are in the folder now, symlinks included. */
  readonly files: number
  /** Content bytes written; what was there already does not count. */
  readonly bytes: number
}

/**
 * Writes files of a commit below a folder. Paths are matched and checked before any content is asked for.
 * @throws GitError `TargetExists`, `UnsafePath`, `UnexpectedType` for a symlink that is refused, and as reading does
 */
export async function checkout(
  session: Session,
  revision: string,
  folder: string,
  options: CheckoutOptions = {},
): Promise<CheckedOut> {
  const { concurrency = 2, batchSize = 5000, resume = false, symlinks = 'write' } = options
  checkInteger('concurrency', concurrency, 1)
  checkInteger('batchSize', batchSize, 1)
  checkChoice('symlinks', symlinks, ['write', 'file', 'refuse'])
  const { bases, wants } = selection(options.include, options.exclude)
  const folders = bases.map((base) => splitPath(base, 'include'))
  const resolved = await resolveRevision(session, revision)
  const depth = Math.max(0, ...folders.map((names) => names.length))
  const snapshot = await readTreeish(session, resolved.ref, shownId(resolved), bases.includes('') ? 'all' : depth)
  const trees = await readTrees(session, snapshot, { folders, recursive: true })
  const entries = bases.flatMap((base) => [...entriesBelow(trees, base)]).filter(({ path }) => wants(path))
  const places = entries.map(placeOf)
  checkPlaces(places, process.platform)
  if (symlinks === 'refuse') refuseSymlinks(places)

  const target = await Target.open(folder, resume)
  if (await target.foldsCase()) checkCase(places)
  const progress = new Progress(places, options.onProgress)
  const left: Place[] = []
  for (const place of places) {
    if (place.mode === Mode.gitlink) await target.makeFolder(place.rawPath)
    else if (resume && (await target.holds(place.rawPath, place.mode, place.oid, session.format))) progress.add(0)
    else left.push(place)
  }
  const links: { readonly rawPath: string; readonly destination: Uint8Array }[] = []
  const write = async (place: Place, content: Content): Promise<void> => {
    const isLink = place.mode === Mode.symlink && symlinks === 'write'
    if (!isLink) progress.add(await target.writeFile(place.rawPath, place.mode, content))
    else if (content instanceof Uint8Array) links.push({ rawPath: place.rawPath, destination: content })
    else throw unsafe(place.rawPath, 'is a symlink whose destination is too long for any disk')
  }
  await fetchContents(session, { places: left, shown: snapshot.shown, concurrency, batchSize, target, write })
  // Last, so that nothing that is written can follow one.
  for (const { rawPath, destination } of links) {
    await target.writeSymlink(rawPath, destination)
    progress.add(destination.length)
  }
  return { commit: snapshot.commit, files: progress.files, bytes: progress.bytes }
}

class Progress {
  files = 0
  bytes = 0
  readonly #totalFiles: number
  readonly #report: CheckoutOptions['onProgress']

  constructor(places: readonly Place[], report: CheckoutOptions['onProgress']) {
    this.#totalFiles = places.filter(({ mode }) => mode !== Mode.gitlink).length
    this.#report = report
  }

  add(bytes: number): void {
    this.files++
    this.bytes += bytes
    this.#report?.({ files: this.files, totalFiles: this.#totalFiles, bytes: this.bytes })
  }
}

/** Files below a folder, or the file itself; nothing where there is neither. */
function* entriesBelow(snapshot: Snapshot, base: string): Generator<ListedEntry> {
  const entry = snapshot.entry(base)
  if (entry === null || entry === 'unread') return
  if (entry.mode === Mode.tree) yield* snapshot.list(base, true)
  else yield { path: base, mode: entry.mode, type: typeOfMode(entry.mode), oid: entry.oid }
}
