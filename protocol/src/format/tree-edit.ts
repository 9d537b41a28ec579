import { DeltaWriter } from './delta.ts'
import type { ObjectFormat, ObjectId } from './object-id.ts'
import { compareEntries, entryBytes, entrySpans, sortKey } from './tree.ts'
import type { TreeEntry } from './tree.ts'

/** What becomes of one name in a tree: another entry, or nothing. */
export type TreeChange = { readonly mode: number; readonly oid: ObjectId } | null

export interface EditedTree {
  readonly tree: Buffer
  /** From the old tree to the new one. Entry by entry: a changed entry costs its own bytes and two copies, however large the tree. */
  readonly delta: Buffer
}

/**
 * A new tree from an old one. Entries that `changes` does not name are copied byte by byte, whatever their mode or
 * encoding.
 * @param changes by raw name; see {@link TreeEntry}
 * @throws GitError `Malformed`
 */
export function editTree(old: Buffer, changes: ReadonlyMap<string, TreeChange>, format: ObjectFormat): EditedTree {
  const added = additions(changes)
  const delta = new DeltaWriter(old.length)
  const parts: Buffer[] = []
  let next = 0
  let copyFrom = 0
  let copyTo = 0

  const flushCopy = (): void => {
    if (copyTo === copyFrom) return
    delta.copy(copyFrom, copyTo - copyFrom)
    parts.push(old.subarray(copyFrom, copyTo))
    copyFrom = copyTo
  }
  const insertBefore = (key: string | undefined): void => {
    const first = next
    while (next < added.length && (key === undefined || sortKey(added[next] as TreeEntry) <= key)) next++
    if (next === first) return
    flushCopy()
    const bytes = Buffer.concat(added.slice(first, next).map(entryBytes))
    delta.insert(bytes)
    parts.push(bytes)
  }

  for (const span of entrySpans(old, format)) {
    insertBefore(sortKey(span))
    if (changes.has(span.rawName)) {
      flushCopy()
      copyFrom = span.end
    }
    copyTo = span.end
  }
  insertBefore(undefined)
  flushCopy()
  return { tree: Buffer.concat(parts), delta: delta.finish() }
}

function additions(changes: ReadonlyMap<string, TreeChange>): TreeEntry[] {
  const added: TreeEntry[] = []
  for (const [rawName, change] of changes) if (change) added.push({ rawName, ...change })
  return added.sort(compareEntries)
}
