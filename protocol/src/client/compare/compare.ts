import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { splitPath } from '../path.ts'
import type { Session } from '../session.ts'
import { Snapshot } from '../snapshot.ts'
import { fetchTrees } from '../wire/object-forms.ts'
import { changeOf, diffTrees } from './diff-trees.ts'
import type { Change, Difference } from './diff-trees.ts'
import { readBeyond, readFar, readNear } from './differing-trees.ts'
import type { Side, Trees } from './differing-trees.ts'
import { withExactRenames } from './exact-renames.ts'
import { fetchExactTrees } from '../read/exact-trees.ts'
import { readTreeish } from '../read/read-trees.ts'
import { resolveRevisions, shownId } from '../read/resolve.ts'

export interface CompareOptions {
  /** Only what is at or below this path. Default: everything. */
  readonly path?: string
  /**
   * A file that is deleted here and added there with the same content is one change of status `R`. Similar content is
   * not looked for: files are never read. Default false.
   */
  readonly renames?: boolean
  /**
   * The two are known to differ in most folders: both are read whole, in one request, without looking whether less
   * would do. Costs some 30 bytes for each file; without it, 64 KiB and a request or two more. Not
   * together with `path`, which is walked down to at less. Default false.
   */
  readonly far?: boolean
}

/** Of comparisons whose size somebody else has chosen. */
interface BoundedOptions extends CompareOptions {
  /** Bytes of what differs, see `DiffOptions`. */
  readonly maxBytes?: number | undefined
}

/** A revision, or one that is at hand: folders that a snapshot has read are not fetched. */
export type Comparand = string | Snapshot

/** @throws GitError `InvalidInput`, `RefNotFound`, `UnexpectedType`, `LimitExceeded`, `ObjectMissing` */
export async function compare(
  session: Session,
  base: Comparand,
  head: Comparand,
  options: BoundedOptions = {},
): Promise<Change[]> {
  const names = splitPath(options.path ?? '')
  if (names.length > 0 && options.far === true) {
    throw new GitError('InvalidInput', 'far reads everything: leave out far or path', { field: 'far' })
  }
  const trees: Trees = new Map()
  for (const side of [base, head]) {
    if (side instanceof Snapshot) for (const [oid, bytes] of side.trees) trees.set(oid, bytes)
  }
  const [before, after] = await sides(session, base, head)
  if (before.commit === after.commit) return []
  // A path is walked down at less than both commits whole.
  await prefetch(session, before, after, trees, names.length > 0 ? 'near' : options.far === true ? 'far' : 'any')
  const roots = await Promise.all([rooted(session, before, trees), rooted(session, after, trees)])
  const differences = await walk(session, ...roots, { trees, names, maxBytes: options.maxBytes })
  return options.renames === true ? withExactRenames(differences) : differences.map(changeOf)
}

async function sides(session: Session, base: Comparand, head: Comparand): Promise<[Side, Side]> {
  const both = [base, head]
  const resolved = await resolveRevisions(
    session,
    both.filter((one) => typeof one === 'string'),
  )
  const [before, after] = both.map((one): Side => {
    if (one instanceof Snapshot) {
      const commit = one.commit ?? one.root
      return { commit, shown: one.shown ?? commit, root: one.root }
    }
    const revision = resolved.shift() ?? { ref: one, oid: '' }
    return { commit: revision.oid, shown: shownId(revision), root: undefined }
  })
  if (before === undefined || after === undefined) throw new GitError('InvalidInput', 'two revisions are needed')
  return [before, after]
}

/** Brings most trees that differ, in one to three requests. Whatever is missing afterwards is read level by level. */
async function prefetch(
  session: Session,
  before: Side,
  after: Side,
  trees: Trees,
  distance: 'near' | 'far' | 'any',
): Promise<void> {
  if (before.root !== undefined && after.root !== undefined) return
  if (before.root !== undefined || after.root !== undefined) {
    const [held, wanted] = before.root === undefined ? [after, before] : [before, after]
    await readBeyond(session, held, wanted, trees)
    return
  }
  if (distance !== 'far' && (await readNear(session, before, after, trees))) return
  if (distance !== 'near') await readFar(session, before, after, trees)
}

async function rooted(session: Session, side: Side, trees: Trees): Promise<Rooted> {
  const { root, shown } = side
  if (root !== undefined) return { shown, root }
  // The id is one of a tree or an annotated tag, or the server takes nothing but the plainest forms.
  const snapshot = await readTreeish(session, side.commit, shown)
  for (const [oid, bytes] of snapshot.trees) trees.set(oid, bytes)
  return { shown, root: snapshot.root }
}

interface Rooted {
  readonly shown: ObjectId
  readonly root: ObjectId
}

async function walk(
  session: Session,
  before: Rooted,
  after: Rooted,
  options: { readonly trees: Trees; readonly names: readonly string[]; readonly maxBytes: number | undefined },
): Promise<readonly Difference[]> {
  for (;;) {
    const { format, remote } = session
    const { trees, names, maxBytes } = options
    const tree = (oid: ObjectId): Buffer | undefined => trees.get(oid)
    const { maxEntries } = remote.limits
    const { differences, missing } = diffTrees(before.root, after.root, { format, tree, names, maxEntries, maxBytes })
    const all = missing.before.union(missing.after)
    if (all.size === 0) return differences
    const left = await fetchExactTrees(session, all, (oid, bytes) => trees.set(oid, bytes))
    for (const [{ shown }, ids] of [
      [before, missing.before],
      [after, missing.after],
    ] as const) {
      const wanted = [...ids].filter((oid) => left.has(oid) && !trees.has(oid))
      if (wanted.length === 0) continue
      for (const [oid, bytes] of await fetchTrees(session, wanted, shown)) trees.set(oid, bytes)
    }
  }
}
