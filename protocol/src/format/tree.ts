import { GitError } from './errors.ts'
import type { ObjectFormat, ObjectId } from './object-id.ts'

/** File modes that Git writes (gitformat-index, "mode"); older repositories may hold others, which are kept. */
export const Mode = {
  file: 0o100644,
  executable: 0o100755,
  symlink: 0o120000,
  tree: 0o040000,
  /** A submodule: the id is a commit of another repository. */
  gitlink: 0o160000,
} as const

export type EntryType = 'blob' | 'tree' | 'commit'

export function typeOfMode(mode: number): EntryType {
  if (mode === Mode.tree) return 'tree'
  return mode === Mode.gitlink ? 'commit' : 'blob'
}

/** Six octal digits, as `git ls-tree` prints them. */
export function formatMode(mode: number): string {
  return mode.toString(8).padStart(6, '0')
}

export interface TreeEntry {
  readonly mode: number
  /** The name's bytes as a latin1 string: equal bytes, equal strings, and the order of strings is the order of bytes. */
  readonly rawName: string
  readonly oid: ObjectId
}

/** Folders in folders: git's own default (git-config, `core.maxTreeDepth`). */
export const MAX_DEPTH = 2048

/** @throws GitError `LimitExceeded` */
export function checkDepth(depth: number): void {
  if (depth <= MAX_DEPTH) return
  throw new GitError('LimitExceeded', `the tree is more than ${MAX_DEPTH} folders deep`, {
    limit: 'maxTreeDepth',
    expected: MAX_DEPTH,
  })
}

/** Where one entry lies in the bytes of a tree. */
export interface EntrySpan {
  readonly mode: number
  readonly rawName: string
  readonly start: number
  readonly oidStart: number
  readonly end: number
}

export const toRawName = (name: string): string => Buffer.from(name, 'utf8').toString('latin1')
export const fromRawName = (raw: string): string => Buffer.from(raw, 'latin1').toString('utf8')

const SPACE = 0x20

/**
 * Walks a tree's bytes without copying them.
 * @throws GitError `Malformed`
 */
export function* entrySpans(tree: Buffer, format: ObjectFormat): Generator<EntrySpan> {
  let start = 0
  while (start < tree.length) {
    let mode = 0
    let at = start
    for (; at < tree.length && tree[at] !== SPACE; at++) {
      const digit = (tree[at] as number) - 0x30
      if (digit < 0 || digit > 7 || at - start > 6) throw malformed(start)
      mode = mode * 8 + digit
    }
    const nul = tree.indexOf(0, at)
    const end = nul + 1 + format.size
    if (at === start || nul <= at + 1 || end > tree.length) throw malformed(start)
    yield { mode, rawName: tree.toString('latin1', at + 1, nul), start, oidStart: nul + 1, end }
    start = end
  }
}

/**
 * The entry of a name; of the others nothing is made.
 * @throws GitError `Malformed`
 */
export function findEntry(tree: Buffer, rawName: string, format: ObjectFormat): TreeEntry | undefined {
  for (let start = 0; start < tree.length;) {
    let nul = start
    while (nul < tree.length && tree[nul] !== 0) nul++
    const end = nul + 1 + format.size
    if (end > tree.length) throw malformed(start)
    const nameStart = nul - rawName.length
    if (nameStart > start && tree[nameStart - 1] === SPACE && tree.toString('latin1', nameStart, nul) === rawName) {
      // A name with a space in it may end as the wanted one does.
      const [entry] = parseTree(tree.subarray(start, end), format)
      if (entry?.rawName === rawName) return entry
    }
    start = end
  }
  return undefined
}

function malformed(offset: number): GitError {
  return new GitError('Malformed', `a tree object is damaged at byte ${offset}`)
}

/** @throws GitError `Malformed` */
export function parseTree(tree: Buffer, format: ObjectFormat): TreeEntry[] {
  const entries: TreeEntry[] = []
  for (const span of entrySpans(tree, format)) {
    entries.push({ mode: span.mode, rawName: span.rawName, oid: tree.toString('hex', span.oidStart, span.end) })
  }
  return entries
}

/** Git orders folders as if their names ended in a slash. */
export function sortKey(entry: { readonly mode: number; readonly rawName: string }): string {
  return entry.mode === Mode.tree ? `${entry.rawName}/` : entry.rawName
}

export function compareEntries(
  a: { readonly mode: number; readonly rawName: string },
  b: { readonly mode: number; readonly rawName: string },
): number {
  const left = sortKey(a)
  const right = sortKey(b)
  if (left === right) return 0
  return left < right ? -1 : 1
}

/** The bytes of one entry, as they stand in a tree object. */
export function entryBytes(entry: TreeEntry): Buffer {
  const head = `${entry.mode.toString(8)} ${entry.rawName}\0`
  const bytes = Buffer.allocUnsafe(head.length + entry.oid.length / 2)
  bytes.write(head, 0, 'latin1')
  bytes.write(entry.oid, head.length, 'hex')
  return bytes
}

/** A tree object of these entries in Git's order. The caller has checked that no name stands twice. */
export function serializeTree(entries: readonly TreeEntry[]): Buffer {
  return Buffer.concat([...entries].sort(compareEntries).map(entryBytes))
}
