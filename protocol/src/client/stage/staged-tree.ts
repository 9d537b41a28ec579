import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { PackEntry, StreamedEntry } from '../../format/pack-writer.ts'
import { fromRawName, Mode, parseTree, typeOfMode } from '../../format/tree.ts'
import type { TreeEntry } from '../../format/tree.ts'
import type { Snapshot } from '../snapshot.ts'

/** A file or a submodule. `content` is absent where the repository has it already. */
export interface StagedFile {
  readonly mode: number
  readonly oid: ObjectId
  readonly content?: PackEntry | StreamedEntry
}

/** A folder as a tree that exists and what differs from it. Moving it moves both; nothing inside is looked at. */
export class StagedFolder {
  readonly base: ObjectId
  /** By raw name, opened folders included; null where an entry of the base is gone. */
  readonly changes = new Map<string, StagedEntry | null>()
  /** Entries more than the base has. */
  growth = 0

  constructor(base: ObjectId) {
    this.base = base
  }
}

export type StagedEntry = StagedFile | StagedFolder

export type Names = readonly string[]

export function modeOf(entry: StagedEntry): number {
  return entry instanceof StagedFolder ? Mode.tree : entry.mode
}

/** The entries of trees by raw name, made once for each tree that changes touch. */
export type TreeIndexes = Map<ObjectId, ReadonlyMap<string, TreeEntry>>

/**
 * A commit's tree on which changes are made one after another. Folders are opened as paths lead through them; everything
 * else stays an id. A folder whose last entry goes away goes away itself, as in git.
 */
export class StagedTree {
  readonly root: StagedFolder
  readonly snapshot: Snapshot
  readonly #indexes: TreeIndexes

  /** @param indexes kept between attempts on snapshots of one repository */
  constructor(snapshot: Snapshot, indexes: TreeIndexes) {
    this.root = new StagedFolder(snapshot.root)
    this.snapshot = snapshot
    this.#indexes = indexes
  }

  /** The first tree that has to be read before the entries of a folder are known. */
  unread(folder: Names): ObjectId | undefined {
    let at: StagedEntry | undefined = this.root
    for (const name of folder) {
      if (!(at instanceof StagedFolder)) return undefined
      if (this.snapshot.tree(at.base) === undefined) return at.base
      at = this.#child(at, name)
    }
    return at instanceof StagedFolder && this.snapshot.tree(at.base) === undefined ? at.base : undefined
  }

  entry(names: Names): StagedEntry | undefined {
    let at: StagedEntry | undefined = this.root
    for (const name of names) at = at instanceof StagedFolder ? this.#child(at, name) : undefined
    return at
  }

  /**
   * Puts an entry in place of whatever is there, making the folders on its way.
   * @param options.replace a file where the path needs a folder makes way
   * @throws GitError `UnexpectedType`
   */
  set(names: Names, entry: StagedEntry, options: { readonly replace?: boolean } = {}): void {
    let folder = this.root
    for (const [depth, name] of names.slice(0, -1).entries()) {
      let next = this.#child(folder, name)
      if (next !== undefined && !(next instanceof StagedFolder)) {
        if (options.replace !== true) throw wrongType(names.slice(0, depth + 1), 'tree', next)
        next = undefined
      }
      if (next === undefined) this.#put(folder, name, (next = new StagedFolder(this.snapshot.format.emptyTree)))
      folder = next
    }
    this.#put(folder, names.at(-1) ?? '', entry)
  }

  /** Takes an entry away and leaves its folders; {@link StagedTree.prune} ends the change. */
  detach(names: Names): void {
    const folder = this.entry(names.slice(0, -1))
    if (folder instanceof StagedFolder) this.#put(folder, names.at(-1) ?? '', null)
  }

  /** Takes away the folder, if nothing is left in it, and those above it for the same reason. */
  prune(folder: Names): void {
    for (let names = folder; names.length > 0; names = names.slice(0, -1)) {
      const entry = this.entry(names)
      if (!(entry instanceof StagedFolder)) continue
      // What nobody has touched was moved here, and is not empty.
      if (entry.changes.size === 0 || this.index(entry).size + entry.growth > 0) return
      this.detach(names)
    }
  }

  clear(): void {
    for (const name of this.index(this.root).keys()) this.root.changes.set(name, null)
    for (const name of this.root.changes.keys()) this.root.changes.set(name, null)
  }

  /** The entries that the folder's base has. @throws GitError `ObjectMissing` when it has not been read, `Malformed` */
  index(folder: StagedFolder): ReadonlyMap<string, TreeEntry> {
    const known = this.#indexes.get(folder.base)
    if (known !== undefined) return known
    const { format } = this.snapshot
    const bytes = this.snapshot.tree(folder.base)
    if (bytes === undefined) {
      throw new GitError('ObjectMissing', `the tree ${folder.base} has not been read`, { oid: folder.base })
    }
    const index = new Map(parseTree(bytes, format).map((entry) => [entry.rawName, entry]))
    this.#indexes.set(folder.base, index)
    return index
  }

  #child(folder: StagedFolder, name: string): StagedEntry | undefined {
    const changed = folder.changes.get(name)
    if (changed !== undefined) return changed ?? undefined
    const entry = this.index(folder).get(name)
    if (entry === undefined) return undefined
    if (entry.mode !== Mode.tree) return entry
    const opened = new StagedFolder(entry.oid)
    folder.changes.set(name, opened)
    return opened
  }

  #put(folder: StagedFolder, name: string, entry: StagedEntry | null): void {
    const before = this.#child(folder, name)
    folder.growth += Number(entry !== null) - Number(before !== undefined)
    folder.changes.set(name, entry)
  }
}

export function pathOf(names: Names): string {
  return fromRawName(names.join('/'))
}

export function wrongType(names: Names, expected: string, entry: StagedEntry): GitError {
  const path = pathOf(names)
  const actual = typeOfMode(modeOf(entry))
  return new GitError('UnexpectedType', `${JSON.stringify(path)} is a ${actual}, where a ${expected} was expected`, {
    path,
    expected,
    actual,
  })
}
