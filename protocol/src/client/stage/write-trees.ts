import type { ObjectId } from '../../format/object-id.ts'
import { objectId } from '../../format/object-id.ts'
import type { PackEntry, StreamedEntry } from '../../format/pack-writer.ts'
import { shortestEntry } from '../../format/delta-against.ts'
import { editTree } from '../../format/tree-edit.ts'
import type { TreeChange } from '../../format/tree-edit.ts'
import { Mode } from '../../format/tree.ts'
import type { TreeEntry } from '../../format/tree.ts'
import type { KnownContents } from './known-contents.ts'
import { StagedFolder } from './staged-tree.ts'
import type { StagedEntry, StagedTree } from './staged-tree.ts'

/** The objects that a commit adds, by id, in the order in which they go into the pack. */
export type NewObjects = Map<ObjectId, NewObject>

export interface NewObject {
  readonly entry: PackEntry | StreamedEntry
  /** The same without a delta, where `entry` is one: for servers that refuse them. */
  readonly whole?: PackEntry
  /** Of a tree, for the proof that nothing is missing. */
  readonly tree?: NewTree
}

export interface NewTree {
  readonly bytes: Buffer
  readonly base: ObjectId
}

interface Writing {
  readonly tree: StagedTree
  readonly objects: NewObjects
  readonly known: KnownContents
}

/**
 * Writes the trees that differ from what was read, adding them and new contents to `objects`.
 * @returns the id of the new root
 */
export function writeTrees(tree: StagedTree, objects: NewObjects, known: KnownContents): ObjectId {
  return writeFolder(tree.root, { tree, objects, known }) ?? tree.snapshot.format.emptyTree
}

/** Null for a folder in which nothing is left. */
function writeFolder(folder: StagedFolder, writing: Writing): ObjectId | null {
  const { tree, objects } = writing
  if (folder.changes.size === 0) return folder.base
  const { format } = tree.snapshot
  const existing = tree.index(folder)
  const changes = new Map<string, TreeChange>()
  for (const [name, entry] of folder.changes) {
    const before = existing.get(name)
    const after = writeEntry(entry, before, writing)
    if (before?.oid !== after?.oid || before?.mode !== after?.mode) changes.set(name, after)
  }
  if (changes.size === 0) return folder.base
  const old = tree.snapshot.tree(folder.base) ?? Buffer.alloc(0)
  const edited = editTree(old, changes, format)
  if (edited.tree.length === 0) return null
  const oid = objectId(format, 'tree', edited.tree)
  const thin = old.length > 0 && edited.delta.length < edited.tree.length
  const whole: PackEntry = { type: 'tree', bytes: edited.tree }
  const entry: PackEntry = thin ? { type: 'ref-delta', base: folder.base, bytes: edited.delta } : whole
  objects.set(oid, { entry, whole, tree: { bytes: edited.tree, base: folder.base } })
  return oid
}

function writeEntry(entry: StagedEntry | null, before: TreeEntry | undefined, writing: Writing): TreeChange {
  if (entry === null) return null
  if (entry instanceof StagedFolder) {
    const oid = writeFolder(entry, writing)
    return oid === null ? null : { mode: Mode.tree, oid }
  }
  const { mode, oid, content } = entry
  if (content !== undefined && before?.oid !== oid) writing.objects.set(oid, newContent(content, before, writing))
  return { mode, oid }
}

/** As what differs from the content that was there before, where somebody knows that. */
function newContent(content: PackEntry | StreamedEntry, before: TreeEntry | undefined, writing: Writing): NewObject {
  const old = before && writing.known.get(before.oid)
  if (before === undefined || old === undefined || 'deflated' in content) return { entry: content }
  const entry = shortestEntry('blob', content.bytes, { oid: before.oid, bytes: old }, writing.tree.snapshot.format)
  return { entry, whole: content }
}
