import { GitError } from '../../format/errors.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { objectId } from '../../format/object-id.ts'
import type { PackEntry } from '../../format/pack-writer.ts'
import { editTree } from '../../format/tree-edit.ts'
import type { TreeChange } from '../../format/tree-edit.ts'
import { entrySpans, fromRawName, Mode, typeOfMode } from '../../format/tree.ts'
import type { TreeEntry } from '../../format/tree.ts'
import type { Snapshot } from '../snapshot.ts'

/** What was put at a path: content with, when asked for, a mode; or its deletion. */
export type StagedFile =
  | {
      readonly deleted: false
      readonly oid: ObjectId
      readonly bytes: Uint8Array
      readonly mode: number | undefined
      readonly replace: boolean
    }
  | { readonly deleted: true; readonly ifExists: boolean }

const REPLACED: StagedFile = { deleted: true, ifExists: true }

/** Changes not yet committed, as the folders that hold them. */
export class Stage {
  readonly files = new Map<string, StagedFile>()
  readonly folders = new Map<string, Stage>()

  set(names: readonly string[], file: StagedFile): void {
    const [name, ...rest] = names
    if (name === undefined)
      throw new GitError('InvalidInput', 'the path of a file must not be empty', { field: 'path' })
    if (rest.length === 0) {
      this.files.set(name, file)
      if (!file.deleted) this.folders.delete(name)
      return
    }
    let folder = this.folders.get(name)
    if (folder === undefined) this.folders.set(name, (folder = new Stage()))
    const makesWay = !file.deleted && (file.replace || this.files.get(name)?.deleted === false)
    if (makesWay) this.files.set(name, REPLACED)
    folder.set(rest, file)
  }

  get isEmpty(): boolean {
    return this.files.size === 0 && this.folders.size === 0
  }

  /** Every folder that a commit has to read, as raw names from the root. */
  *touched(names: readonly string[] = []): Generator<readonly string[]> {
    yield names
    for (const [name, folder] of this.folders) yield* folder.touched([...names, name])
  }
}

/** The objects that a commit adds, by id, in the order in which they go into the pack. */
export type NewObjects = Map<ObjectId, { readonly entry: PackEntry; readonly tree?: NewTree }>

export interface NewTree {
  /** The tree whole, for the proof and for servers that refuse deltas. */
  readonly bytes: Buffer
  readonly base: ObjectId
}

/**
 * Builds the tree that the staged changes give, adding new blobs and trees to `objects`.
 * Folders that become empty vanish, as in git.
 * @returns the id of the new root
 * @throws GitError `PathNotFound`, `UnexpectedType`
 */
export function writeStage(stage: Stage, snapshot: Snapshot, objects: NewObjects): ObjectId {
  return writeFolder(stage, snapshot.root, '', { snapshot, objects }) ?? snapshot.format.emptyTree
}

interface Writing {
  readonly snapshot: Snapshot
  readonly objects: NewObjects
}

function writeFolder(stage: Stage, base: ObjectId, prefix: string, writing: Writing): ObjectId | null {
  const { format } = writing.snapshot
  const old = writing.snapshot.tree(base)
  if (old === undefined)
    throw new GitError('ObjectMissing', `the tree of ${prefix} has not been read`, { path: prefix })
  const existing = entriesOf(old, stage, format)
  const changes = new Map<string, TreeChange>()
  for (const [name, file] of stage.files) {
    // A file that makes way for a folder of the same name is settled with that folder.
    if (file.deleted && stage.folders.has(name) && typeOf(existing.get(name)) !== 'blob') continue
    const change = changeFile(file, existing.get(name), prefix + fromRawName(name), writing)
    if (change !== undefined) changes.set(name, change)
  }
  for (const [name, folder] of stage.folders) {
    const entry = replacedByFolder(stage, name, existing) ? undefined : existing.get(name)
    const change = changeFolder(folder, entry, `${prefix}${fromRawName(name)}/`, writing)
    if (change !== undefined) changes.set(name, change)
  }
  if (changes.size === 0) return base
  const edited = editTree(old, changes, format)
  if (edited.tree.length === 0) return null
  const oid = objectId(format, 'tree', edited.tree)
  const thin = old.length > 0 && edited.delta.length < edited.tree.length
  const entry: PackEntry = thin
    ? { type: 'ref-delta', base, bytes: edited.delta }
    : { type: 'tree', bytes: edited.tree }
  writing.objects.set(oid, { entry, tree: { bytes: edited.tree, base } })
  return oid
}

/** A file was deleted and its name used for a folder. */
function replacedByFolder(stage: Stage, name: string, existing: ReadonlyMap<string, TreeEntry>): boolean {
  return stage.files.get(name)?.deleted === true && typeOf(existing.get(name)) === 'blob'
}

const typeOf = (entry: TreeEntry | undefined): string | undefined => entry && typeOfMode(entry.mode)

function entriesOf(old: Buffer, stage: Stage, format: ObjectFormat): Map<string, TreeEntry> {
  const entries = new Map<string, TreeEntry>()
  for (const { mode, rawName, oidStart, end } of entrySpans(old, format)) {
    if (!stage.files.has(rawName) && !stage.folders.has(rawName)) continue
    entries.set(rawName, { mode, rawName, oid: old.toString('hex', oidStart, end) })
  }
  return entries
}

function changeFile(
  file: StagedFile,
  existing: TreeEntry | undefined,
  path: string,
  { objects }: Writing,
): TreeChange | undefined {
  const replaces = !file.deleted && file.replace
  if (existing?.mode === Mode.tree && !replaces) throw wrongType(path, 'blob', 'tree')
  if (file.deleted) {
    if (existing === undefined && file.ifExists) return undefined
    if (existing === undefined) throw new GitError('PathNotFound', `${JSON.stringify(path)} does not exist`, { path })
    return null
  }
  const mode = file.mode ?? (existing?.mode === Mode.executable ? Mode.executable : Mode.file)
  if (existing?.oid === file.oid && existing.mode === mode) return undefined
  if (existing?.oid !== file.oid) objects.set(file.oid, { entry: { type: 'blob', bytes: file.bytes } })
  return { mode, oid: file.oid }
}

function changeFolder(
  folder: Stage,
  existing: TreeEntry | undefined,
  prefix: string,
  writing: Writing,
): TreeChange | undefined {
  const path = prefix.slice(0, -1)
  if (existing !== undefined && existing.mode !== Mode.tree) throw wrongType(path, 'tree', typeOfMode(existing.mode))
  const base = existing?.oid ?? writing.snapshot.format.emptyTree
  const oid = writeFolder(folder, base, prefix, writing)
  if (oid === base) return undefined
  return oid === null ? null : { mode: Mode.tree, oid }
}

function wrongType(path: string, expected: string, actual: string): GitError {
  return new GitError('UnexpectedType', `${JSON.stringify(path)} is a ${actual}, where a ${expected} was expected`, {
    path,
    expected,
    actual,
  })
}
