import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { findEntry, Mode } from '../../format/tree.ts'
import type { Session } from '../session.ts'
import { fetchExactTrees } from '../read/exact-trees.ts'
import type { PathState } from '../read/objects.ts'

/** What stands at a path: mode and id as one text, equal for equal entries. Null where there is nothing. */
export type PathEntry = string | null

/** Bytes of trees of one level that are asked for at once; the largest that has come is the measure. */
const LEVEL_BYTES = 32 << 20
const FIRST_WANTS = 1024

/**
 * Finds what stands at a path in many commits: folder by folder, only the trees on the path, each once however many
 * commits of a batch share it. A request per folder below the root, and a few more for the first and where folders are very large.
 */
export class PathReader {
  readonly #session: Session
  readonly #names: readonly string[]
  /** By level, in bytes; empty until one has come. */
  readonly #largest: number[] = []

  /** @param names raw names from the root */
  constructor(session: Session, names: readonly string[]) {
    this.#session = session
    this.#names = names
  }

  /**
   * @param roots root trees of the commits
   * @param trees trees that are at hand
   * @returns what stands at the path by root, and how many trees the server was asked for
   * @throws GitError `ObjectMissing` where the server does not send trees by id
   */
  async entries(
    roots: Iterable<ObjectId>,
    trees: ReadonlyMap<ObjectId, Buffer>,
  ): Promise<{ readonly entries: ReadonlyMap<ObjectId, PathEntry>; readonly asked: number }> {
    let asked = 0
    // Of each root, the tree that is next on the way, or what the way has led to.
    const at = new Map([...roots].map((root) => [root, `${Mode.tree} ${root}` as PathEntry]))
    for (const [level, rawName] of this.#names.entries()) {
      const steps = new Map<ObjectId, PathEntry>([[this.#session.format.emptyTree, null]])
      const missing = new Set<ObjectId>()
      for (const entry of at.values()) {
        const oid = folderOf(entry)
        const bytes = oid === undefined ? undefined : trees.get(oid)
        if (oid === undefined || steps.has(oid)) continue
        if (bytes === undefined) missing.add(oid)
        else steps.set(oid, entryOf(bytes, rawName, this.#session))
      }
      asked += missing.size
      await this.#readSteps(missing, level, rawName, steps)
      for (const [root, entry] of at) at.set(root, steps.get(folderOf(entry) ?? '') ?? null)
    }
    return { entries: at, asked }
  }

  /** Trees are looked into as they arrive, and not kept. */
  async #readSteps(
    missing: ReadonlySet<ObjectId>,
    level: number,
    rawName: string,
    steps: Map<ObjectId, PathEntry>,
  ): Promise<void> {
    let left = [...missing]
    while (left.length > 0) {
      const largest = this.#largest[level]
      const wants = largest === undefined ? FIRST_WANTS : Math.max(1, Math.floor(LEVEL_BYTES / largest))
      const refused = await fetchExactTrees(this.#session, left.slice(0, wants), (oid, bytes) => {
        this.#largest[level] = Math.max(this.#largest[level] ?? 1, bytes.length)
        steps.set(oid, entryOf(bytes, rawName, this.#session))
      })
      for (const oid of refused) throw new GitError('ObjectMissing', `the server does not send tree ${oid}`, { oid })
      left = left.slice(wants)
    }
  }
}

export function stateOf(entry: PathEntry): PathState | null {
  if (entry === null) return null
  const [mode, oid = ''] = entry.split(' ')
  return { mode: Number(mode), oid }
}

function folderOf(entry: PathEntry): ObjectId | undefined {
  const [mode, oid] = entry === null ? [] : entry.split(' ')
  return Number(mode) === Mode.tree ? oid : undefined
}

function entryOf(tree: Buffer, rawName: string, { format }: Session): PathEntry {
  const entry = findEntry(tree, rawName, format)
  return entry === undefined ? null : `${entry.mode} ${entry.oid}`
}
