import { temporarySpill } from '#platform/spill'
import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { ArrivingBlob } from '../../format/pack-reader.ts'
import { fromRawName, Mode, toRawName, typeOfMode } from '../../format/tree.ts'
import { splitPath } from '../path.ts'
import { readTrees } from '../read/read-trees.ts'
import type { Session } from '../session.ts'
import type { ListedEntry, Snapshot } from '../snapshot.ts'
import { eachBlob } from '../wire/object-forms.ts'
import { pathProblem } from './hostile-name.ts'
import { selection } from './selection.ts'
import { Target } from './target.ts'
import type { ArrivedFile, Content } from './target.ts'

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

/** Files under way to the disk at a time, for each request. */
const WRITES = 16
/** Files from which on a request of their own is quicker than waiting for the others. */
const WORTH_A_REQUEST = 200
/** Bytes of earlier contents that a request keeps in memory, for deltas; more goes to a temporary file. */
const HELD_BYTES = 16 << 20

/**
 * Writes files of a commit below a folder. Paths are matched and checked before any content is asked for.
 * @throws GitError `TargetExists`, `UnsafePath`, `UnexpectedType` for a symlink that is refused, and as reading does
 */
export async function checkout(
  session: Session,
  snapshot: Snapshot,
  folder: string,
  options: CheckoutOptions = {},
): Promise<CheckedOut> {
  const { concurrency = 2, batchSize = 5000, resume = false, symlinks = 'write' } = options
  checkCount('concurrency', concurrency)
  checkCount('batchSize', batchSize)
  const { bases, wants } = selection(options.include, options.exclude)
  const folders = bases.map((base) => splitPath(base, 'include'))
  const trees = await readTrees(session, snapshot, { folders, recursive: true })
  const entries = bases.flatMap((base) => [...entriesBelow(trees, base)]).filter(({ path }) => wants(path))
  checkPaths(entries)
  if (symlinks === 'refuse') refuseSymlinks(entries)

  const target = await Target.open(folder, resume)
  if (await target.foldsCase()) checkCase(entries)
  const progress = new Progress(entries, options.onProgress)
  const left: Place[] = []
  for (const entry of entries) {
    const place = { rawPath: rawPathOf(entry), mode: entry.mode, oid: entry.oid }
    if (entry.mode === Mode.gitlink) await target.makeFolder(place.rawPath)
    else if (resume && (await target.holds(place.rawPath, place.mode, place.oid, session.format))) progress.add(0)
    else left.push(place)
  }
  const links: { readonly rawPath: string; readonly destination: Uint8Array }[] = []
  const write = async (place: Place, content: Content): Promise<void> => {
    const isLink = place.mode === Mode.symlink && symlinks === 'write'
    if (!isLink) progress.add(await target.writeFile(place.rawPath, place.mode, content))
    else if (content instanceof Uint8Array) links.push({ rawPath: place.rawPath, destination: content })
    else throw unsafe(place, 'is a symlink whose destination is too long for any disk')
  }
  await fetchInto(session, { places: left, commit: snapshot.commit, concurrency, batchSize, target, write })
  // Last, so that nothing that is written can follow one.
  for (const { rawPath, destination } of links) {
    await target.writeSymlink(rawPath, destination)
    progress.add(destination.length)
  }
  return { commit: snapshot.commit, files: progress.files, bytes: progress.bytes }
}

interface Place {
  readonly rawPath: string
  readonly mode: number
  readonly oid: ObjectId
}

interface Batches {
  readonly places: readonly Place[]
  readonly commit: ObjectId | null
  readonly concurrency: number
  readonly batchSize: number
  readonly target: Target
  readonly write: (place: Place, content: Content) => Promise<void>
}

/** Asks for each content once, however many files have it, and writes it as it arrives. */
async function fetchInto(session: Session, given: Batches): Promise<void> {
  const { places, commit, concurrency, batchSize, target, write } = given
  if (commit === null || places.length === 0) return
  const byOid = Map.groupBy(places, ({ oid }) => oid)
  const batches = evenly([...byOid.keys()], { concurrency, batchSize })
  const limits = { maxHeldBytes: Math.min(HELD_BYTES, session.remote.limits.maxHeldBytes) }
  const large = ({ chunks }: ArrivingBlob): Promise<ArrivedFile> => target.receive(chunks)
  const reading = { large, limits, spill: temporarySpill }
  let failed = false
  const worker = async (): Promise<void> => {
    for (let batch = batches.pop(); batch !== undefined && !failed; batch = batches.pop()) {
      const writes = new Writes()
      for await (const object of eachBlob(session, batch, commit, reading)) {
        const wanted = byOid.get(object.oid) ?? []
        // What arrived as a file is moved to its place, once for each.
        if ('streamed' in object) await place(object.streamed, wanted, write)
        else for (const place of wanted) await writes.add(write(place, object.bytes))
        if (failed) break
      }
      await writes.all()
    }
  }
  const guarded = (): Promise<void> =>
    worker().catch((error: unknown) => {
      failed = true
      throw error
    })
  const outcomes = await Promise.allSettled(Array.from({ length: concurrency }, guarded))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

async function place(file: ArrivedFile, wanted: readonly Place[], write: Batches['write']): Promise<void> {
  try {
    for (const [index, one] of wanted.entries()) await write(one, { file, moves: index === wanted.length - 1 })
  } finally {
    await file.discard()
  }
}

/** As many requests as may run at a time, and more only where one would ask for too much; none for a handful of files. */
function evenly(
  oids: readonly ObjectId[],
  { concurrency, batchSize }: { readonly concurrency: number; readonly batchSize: number },
): ObjectId[][] {
  const useful = Math.min(concurrency, Math.ceil(oids.length / WORTH_A_REQUEST))
  const size = Math.min(batchSize, Math.ceil(oids.length / useful))
  return Array.from({ length: Math.ceil(oids.length / size) }, (_, index) =>
    oids.slice(index * size, (index + 1) * size),
  )
}

/** Writes under way; adding waits while there are too many. */
class Writes {
  readonly #pending = new Set<Promise<void>>()
  #error: { readonly reason: unknown } | undefined

  async add(write: Promise<void>): Promise<void> {
    const tracked: Promise<void> = write
      .catch((error: unknown) => {
        this.#error ??= { reason: error }
      })
      .finally(() => this.#pending.delete(tracked))
    this.#pending.add(tracked)
    if (this.#pending.size >= WRITES) await Promise.race(this.#pending)
    this.#check()
  }

  async all(): Promise<void> {
    await Promise.all(this.#pending)
    this.#check()
  }

  #check(): void {
    if (this.#error !== undefined) throw this.#error.reason
  }
}

class Progress {
  files = 0
  bytes = 0
  readonly #totalFiles: number
  readonly #report: CheckoutOptions['onProgress']

  constructor(entries: readonly ListedEntry[], report: CheckoutOptions['onProgress']) {
    this.#totalFiles = entries.filter(({ mode }) => mode !== Mode.gitlink).length
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

const rawPathOf = ({ path, rawPath }: ListedEntry): string => rawPath ?? toRawName(path)

/** Every path before the first byte is written: one bad name spoils the whole checkout. */
function checkPaths(entries: readonly ListedEntry[]): void {
  const files = new Set<string>()
  const folders = new Set<string>()
  for (const entry of entries) {
    const rawPath = rawPathOf(entry)
    const problem = pathProblem(rawPath, process.platform)
    if (problem !== undefined) throw unsafe(entry, problem)
    if (files.has(rawPath)) throw unsafe(entry, 'stands in the commit twice')
    files.add(rawPath)
    for (let slash = rawPath.lastIndexOf('/'); slash > 0; slash = rawPath.lastIndexOf('/', slash - 1)) {
      const folder = rawPath.slice(0, slash)
      if (folders.has(folder)) break
      folders.add(folder)
    }
  }
  for (const entry of entries) {
    if (folders.has(rawPathOf(entry))) throw unsafe(entry, 'is a file and a folder in the same commit')
  }
}

function checkCase(entries: readonly ListedEntry[]): void {
  const seen = new Map<string, string>()
  for (const entry of entries) {
    const folded = entry.path.normalize('NFC').toLowerCase()
    const other = seen.get(folded)
    if (other !== undefined)
      throw unsafe(entry, `differs from ${JSON.stringify(other)} in case only, which this disk cannot hold`)
    seen.set(folded, entry.path)
  }
}

function refuseSymlinks(entries: readonly ListedEntry[]): void {
  const link = entries.find(({ mode }) => mode === Mode.symlink)
  if (link === undefined) return
  const { path } = link
  throw new GitError('UnexpectedType', `${JSON.stringify(path)} is a symlink, and symlinks are refused`, {
    path,
    expected: 'blob',
    actual: 'symlink',
  })
}

function unsafe(entry: ListedEntry | Place, problem: string): GitError {
  const path = 'path' in entry ? entry.path : fromRawName(entry.rawPath)
  return new GitError('UnsafePath', `nothing is written: ${JSON.stringify(path)} ${problem}`, { path })
}

function checkCount(field: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return
  throw new GitError('InvalidInput', `${field} must be a positive integer, not ${value}`, { field, actual: value })
}
