import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { checkDepth, entrySpans, fromRawName, Mode, toRawName } from '../../format/tree.ts'
import { overLimit } from '../../format/over-limit.ts'

/** One path that two trees do not have in common; git-diff-tree, "Raw output format". */
export interface Change {
  /** Added, deleted, modified (content, mode or both), renamed, or of another type: file, symlink, submodule. */
  readonly status: 'A' | 'D' | 'M' | 'R' | 'T'
  readonly path: string
  /** Bytes of `path` as a latin1 string, where they are not UTF-8. */
  readonly rawPath?: string
  /** Renames: where it was. */
  readonly oldPath?: string
  readonly rawOldPath?: string
  /** Absent for `A`. */
  readonly oldOid?: ObjectId
  readonly oldMode?: number
  /** Absent for `D`. */
  readonly oid?: ObjectId
  readonly mode?: number
}

/** One side of a path. */
export interface Leaf {
  readonly mode: number
  readonly oid: ObjectId
}

/** A path of which the sides differ, by its raw name. */
export interface Difference {
  readonly rawPath: string
  readonly before?: Leaf
  readonly after?: Leaf
}

export interface TreeDiff {
  /** In the order of paths' bytes. Incomplete while trees are missing. */
  readonly differences: readonly Difference[]
  /** Trees that must be read to go on. */
  readonly missing: { readonly before: ReadonlySet<ObjectId>; readonly after: ReadonlySet<ObjectId> }
}

export interface DiffOptions {
  readonly format: ObjectFormat
  /** A tree's bytes; undefined when they have not been read. */
  readonly tree: (oid: ObjectId) => Buffer | undefined
  /** Only what is at or below this path, as raw names. */
  readonly names: readonly string[]
  /** Entries gone through, see `Limits`. */
  readonly maxEntries: number
  /** Bytes of all differences, as {@link sizeOfDifference} has them. Default none. */
  readonly maxBytes?: number | undefined
}

interface Pair {
  readonly rawPrefix: string
  readonly depth: number
  readonly before: ObjectId | undefined
  readonly after: ObjectId | undefined
}

/**
 * Compares two trees down to files and submodules. Equal subtrees are never looked into.
 * @throws GitError `LimitExceeded`, `Malformed`
 */
export function diffTrees(before: ObjectId, after: ObjectId, options: DiffOptions): TreeDiff {
  const { format, names, maxEntries, maxBytes = Number.POSITIVE_INFINITY } = options
  const differences: Difference[] = []
  const missing = { before: new Set<ObjectId>(), after: new Set<ObjectId>() }
  let [seen, bytes] = [0, 0]

  const read = (
    oid: ObjectId | undefined,
    side: Set<ObjectId>,
    wanted: string | undefined,
  ): Map<string, Leaf> | null => {
    const entries = new Map<string, Leaf>()
    if (oid === undefined || oid === format.emptyTree) return entries
    const content = options.tree(oid)
    if (content === undefined) {
      side.add(oid)
      return null
    }
    for (const { rawName, mode, oidStart, end } of entrySpans(content, format)) {
      if (wanted !== undefined && rawName !== wanted) continue
      if (++seen > maxEntries) throw overLimit('maxEntries', maxEntries)
      const leaf = { mode: canonicalMode(mode), oid: content.toString('hex', oidStart, end) }
      // A folder and a file of one name have nothing in common.
      entries.set(leaf.mode === Mode.tree ? `${rawName}/` : rawName, leaf)
    }
    return entries
  }

  const open: Pair[] = [{ rawPrefix: '', depth: 0, before, after }]
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    if (pair.before === pair.after) continue
    checkDepth(pair.depth)
    const wanted = names[pair.depth]
    const left = read(pair.before, missing.before, wanted)
    const right = read(pair.after, missing.after, wanted)
    if (left === null || right === null) continue
    for (const key of new Set([...left.keys(), ...right.keys()])) {
      const [was, is] = [left.get(key), right.get(key)]
      if (was?.oid === is?.oid && was?.mode === is?.mode) continue
      const rawPath = pair.rawPrefix + key
      if ((is ?? was)?.mode === Mode.tree)
        open.push({ rawPrefix: rawPath, depth: pair.depth + 1, before: was?.oid, after: is?.oid })
      // A file where the path goes on is not at or below it.
      else if (pair.depth + 1 >= names.length) {
        bytes += sizeOfDifference(rawPath)
        if (bytes > maxBytes) throw overLimit('maxBytes', maxBytes)
        differences.push({ rawPath, ...(was && { before: was }), ...(is && { after: is }) })
      }
    }
  }
  differences.sort((a, b) => (a.rawPath < b.rawPath ? -1 : 1))
  return { differences, missing }
}

/** Bytes that a difference at a path takes, roughly. */
export const sizeOfDifference = (path: string): number => 200 + path.length

const TYPE = 0o170000
const REGULAR = 0o100000

/** Modes that Git no longer writes, as its diff takes them: of a file's permissions only the owner's execution counts. */
function canonicalMode(mode: number): number {
  if ((mode & TYPE) === REGULAR) return mode & 0o100 ? Mode.executable : Mode.file
  return (mode & TYPE) === Mode.tree ? Mode.tree : mode
}

export function changeOf({ rawPath, before, after }: Difference): Change {
  const sides = {
    ...placed('path', rawPath),
    ...(before && { oldOid: before.oid, oldMode: before.mode }),
    ...(after && { oid: after.oid, mode: after.mode }),
  }
  if (before === undefined) return { status: 'A', ...sides }
  if (after === undefined) return { status: 'D', ...sides }
  return { status: (before.mode & TYPE) === (after.mode & TYPE) ? 'M' : 'T', ...sides }
}

/** Another name for one content; both sides are there. */
export function renameOf(from: Difference, to: Difference): Change {
  const { before } = from
  return {
    ...changeOf({ ...to, ...(before && { before }) }),
    status: 'R',
    ...placed('oldPath', from.rawPath),
  }
}

function placed(field: 'path', rawPath: string): { path: string; rawPath?: string }
function placed(field: 'oldPath', rawPath: string): { oldPath: string; rawOldPath?: string }
function placed(field: 'path' | 'oldPath', rawPath: string): object {
  const path = fromRawName(rawPath)
  const raw = field === 'path' ? 'rawPath' : 'rawOldPath'
  return { [field]: path, ...(toRawName(path) === rawPath ? {} : { [raw]: rawPath }) }
}
