import { GitError } from '../format/errors.ts'
import type { ObjectFormat, ObjectId } from '../format/object-id.ts'
import {
  checkDepth,
  entrySpans,
  findEntry,
  fromRawName,
  Mode,
  parseTree,
  toRawName,
  typeOfMode,
} from '../format/tree.ts'
import type { EntryType, TreeEntry } from '../format/tree.ts'
import { overLimit } from '../format/over-limit.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { splitPath } from './path.ts'

export interface ListedEntry {
  /** From the repository's root. */
  readonly path: string
  /** The path's bytes as a latin1 string, where they are not UTF-8 and `path` shows replacement characters. */
  readonly rawPath?: string
  readonly mode: number
  readonly type: EntryType
  readonly oid: ObjectId
  /** Bytes of a file; only when they were asked for, and the server tells (`object-info`). */
  readonly size?: number
}

/** Where a snapshot was taken. */
export interface SnapshotPlace {
  /** Full name of the branch. */
  readonly ref: string
  /** What the ref is at; null when it does not exist. A push succeeds only while this is so. */
  readonly tip: ObjectId | null
  /** The commit whose tree this is. Another one than `tip` for a branch that is about to be created; null before any commit. */
  readonly commit: ObjectId | null
  readonly root: ObjectId
  /** Parents of the commit, where they were read with it. */
  readonly parents?: readonly ObjectId[]
  readonly format: ObjectFormat
  /** Entries that one listing may go through, see {@link Limits}. Default 1,000,000. */
  readonly maxEntries?: number
  /**
   * The id under which a server shows this commit: some send nothing but what refs point to, and what that leads to.
   * Default: `tip`, else `commit`.
   */
  readonly shown?: ObjectId | null
}

/** A commit on a branch and those of its trees that have been read. Immutable; reading more gives another snapshot. */
export class Snapshot implements SnapshotPlace {
  readonly ref: string
  readonly tip: ObjectId | null
  readonly commit: ObjectId | null
  readonly root: ObjectId
  readonly parents: readonly ObjectId[]
  readonly format: ObjectFormat
  readonly maxEntries: number
  readonly shown: ObjectId | null
  readonly trees: ReadonlyMap<ObjectId, Buffer>

  constructor(at: SnapshotPlace, trees: ReadonlyMap<ObjectId, Buffer> = new Map()) {
    this.ref = at.ref
    this.tip = at.tip
    this.commit = at.commit
    this.root = at.root
    this.parents = at.parents ?? []
    this.format = at.format
    this.maxEntries = at.maxEntries ?? DEFAULT_LIMITS.maxEntries
    this.shown = at.shown ?? at.tip ?? at.commit
    this.trees = trees
  }

  /** A branch that does not exist, without files. */
  static empty(ref: string, format: ObjectFormat): Snapshot {
    return new Snapshot({ ref, tip: null, commit: null, root: format.emptyTree, format })
  }

  /** The bytes of a tree; undefined when it has not been read. */
  tree(oid: ObjectId): Buffer | undefined {
    return oid === this.format.emptyTree ? Buffer.alloc(0) : this.trees.get(oid)
  }

  /**
   * The entry at a path: `null` where there is none, `'unread'` where a tree on the way has not been read.
   * @throws GitError `InvalidInput` for an impossible path
   */
  entry(path: string): TreeEntry | null | 'unread' {
    return this.entryAt(splitPath(path))
  }

  /** The same by raw names; the root is an entry without a name. */
  entryAt(names: readonly string[]): TreeEntry | null | 'unread' {
    let entry: TreeEntry = { mode: Mode.tree, rawName: '', oid: this.root }
    for (const rawName of names) {
      if (entry.mode !== Mode.tree) return null
      const tree = this.tree(entry.oid)
      if (tree === undefined) return 'unread'
      const found = findEntry(tree, rawName, this.format)
      if (found === undefined) return null
      entry = found
    }
    return entry
  }

  /**
   * Entries of a folder in Git's order; with `recursive` all files and submodules below it instead of folders.
   * A folder that does not exist has no entries.
   * @throws GitError `ObjectMissing` with `path` where a tree has not been read here, which {@link Repository.read} does; `UnexpectedType` where the path is a file,
   *   `LimitExceeded` after {@link SnapshotPlace.maxEntries} entries
   */
  *list(path: string, recursive = false): Generator<ListedEntry> {
    const names = splitPath(path)
    const folder = this.entryAt(names)
    if (folder === null) return
    if (folder === 'unread') throw unread(path)
    if (folder.mode !== Mode.tree) throw notAFolder(path, folder.mode)
    yield* this.#walk(folder.oid, names.map((name) => `${name}/`).join(''), recursive)
  }

  /** Without recursion: a chain of folders as deep as git allows would fill the stack. */
  *#walk(root: ObjectId, rawPrefix: string, recursive: boolean): Generator<ListedEntry> {
    const open = [{ rawPrefix, entries: this.#entries(root, rawPrefix) }]
    let seen = 0
    for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
      const { value: entry } = folder.entries.next()
      if (entry === undefined) {
        open.pop()
        continue
      }
      // Folders count as well: a few that repeat each other can stand for billions, with no file in any.
      if (++seen > this.maxEntries) throw overLimit('maxEntries', this.maxEntries)
      const rawPath = folder.rawPrefix + entry.rawName
      if (recursive && entry.mode === Mode.tree) {
        checkDepth(open.length)
        open.push({ rawPrefix: `${rawPath}/`, entries: this.#entries(entry.oid, `${rawPath}/`) })
      } else {
        const path = fromRawName(rawPath)
        const listed = { path, mode: entry.mode, type: typeOfMode(entry.mode), oid: entry.oid }
        yield toRawName(path) === rawPath ? listed : { ...listed, rawPath }
      }
    }
  }

  #entries(oid: ObjectId, rawPrefix: string): ArrayIterator<TreeEntry> {
    const tree = this.tree(oid)
    if (tree === undefined) throw unread(fromRawName(rawPrefix))
    return parseTree(tree, this.format).values()
  }

  /** Where it was taken, for logs: trees are many bytes. */
  toJSON(): Pick<SnapshotPlace, 'ref' | 'tip' | 'commit' | 'root'> {
    const { ref, tip, commit, root } = this
    return { ref, tip, commit, root }
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return { ...this.toJSON(), trees: this.trees.size }
  }

  /** Other trees, same commit. */
  withTrees(trees: ReadonlyMap<ObjectId, Buffer>): Snapshot {
    return new Snapshot(this, trees)
  }

  /** The same trees, another place. */
  at(place: Partial<SnapshotPlace>): Snapshot {
    const { ref, tip, commit, root, format, maxEntries } = this
    return new Snapshot({ ref, tip, commit, root, format, maxEntries, ...place }, this.trees)
  }

  /** Without the trees that this commit no longer refers to. */
  pruned(): Snapshot {
    const kept = new Map<ObjectId, Buffer>()
    const open = [this.root]
    for (let oid = open.pop(); oid !== undefined; oid = open.pop()) {
      const tree = this.trees.get(oid)
      if (tree === undefined || kept.has(oid)) continue
      kept.set(oid, tree)
      for (const span of entrySpans(tree, this.format)) {
        if (span.mode === Mode.tree) open.push(tree.toString('hex', span.oidStart, span.end))
      }
    }
    return this.withTrees(kept)
  }
}

function unread(path: string): GitError {
  return new GitError('ObjectMissing', `the tree of ${JSON.stringify(path)} has not been read`, { path })
}

export function notAFolder(path: string, mode: number): GitError {
  const actual = typeOfMode(mode)
  return new GitError('UnexpectedType', `${JSON.stringify(path)} is a ${actual}, not a folder`, {
    path,
    expected: 'tree',
    actual,
  })
}
