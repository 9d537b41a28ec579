import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { entrySpans, Mode } from '../../format/tree.ts'
import type { Session } from '../session.ts'
import { fetchExactTrees } from '../read/exact-trees.ts'

/** What stands at a path: mode and id as one text, equal for equal entries. Null where there is nothing. */
export type PathEntry = string | null

/** Bytes of trees of one level that are asked for at once; what the first of them take is the measure for the others. */
const LEVEL_BYTES = 32 << 20
const FIRST_WANTS = 1024

/**
 * Finds what stands at a path in many commits: folder by folder, only the trees on the path, each once however many
 * commits share it. A request per folder below the root, and a few more where folders are very large.
 * @param roots root trees of the commits
 * @param trees trees that are at hand
 * @throws GitError `ObjectMissing` where the server does not send trees by id
 */
export async function pathEntries(
  session: Session,
  roots: Iterable<ObjectId>,
  names: readonly string[],
  trees: ReadonlyMap<ObjectId, Buffer>,
): Promise<Map<ObjectId, PathEntry>> {
  // Of each root, the tree that is next on the way, or what the way has led to.
  const at = new Map([...roots].map((root) => [root, `${Mode.tree} ${root}` as PathEntry]))
  for (const rawName of names) {
    const steps = new Map<ObjectId, PathEntry>([[session.format.emptyTree, null]])
    const missing = new Set<ObjectId>()
    for (const entry of at.values()) {
      const oid = folderOf(entry)
      const bytes = oid === undefined ? undefined : trees.get(oid)
      if (oid === undefined || steps.has(oid)) continue
      if (bytes === undefined) missing.add(oid)
      else steps.set(oid, entryOf(bytes, rawName, session))
    }
    await readSteps(session, missing, rawName, steps)
    for (const [root, entry] of at) at.set(root, steps.get(folderOf(entry) ?? '') ?? null)
  }
  return at
}

/** Trees are looked into as they arrive, and not kept. */
async function readSteps(
  session: Session,
  missing: ReadonlySet<ObjectId>,
  rawName: string,
  steps: Map<ObjectId, PathEntry>,
): Promise<void> {
  let largest = 1
  let left = [...missing]
  for (let wants = FIRST_WANTS; left.length > 0; wants = Math.max(1, Math.floor(LEVEL_BYTES / largest))) {
    const refused = await fetchExactTrees(session, left.slice(0, wants), (oid, bytes) => {
      largest = Math.max(largest, bytes.length)
      steps.set(oid, entryOf(bytes, rawName, session))
    })
    for (const oid of refused) throw new GitError('ObjectMissing', `the server does not send tree ${oid}`, { oid })
    left = left.slice(wants)
  }
}

function folderOf(entry: PathEntry): ObjectId | undefined {
  const [mode, oid] = entry === null ? [] : entry.split(' ')
  return Number(mode) === Mode.tree ? oid : undefined
}

function entryOf(tree: Buffer, rawName: string, { format }: Session): PathEntry {
  for (const span of entrySpans(tree, format)) {
    if (span.rawName === rawName) return `${span.mode} ${tree.toString('hex', span.oidStart, span.end)}`
  }
  return null
}
