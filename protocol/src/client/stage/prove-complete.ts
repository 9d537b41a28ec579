import { GitError } from '../../format/errors.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { entrySpans, fromRawName, Mode } from '../../format/tree.ts'
import type { Snapshot } from '../snapshot.ts'
import type { NewObjects } from './write-trees.ts'

/**
 * Proves that the server will have every object that the new commits refer to: each entry of each new tree is in the pack,
 * or stands in a tree that the server has. Some servers check nothing, and would leave a broken branch.
 * @throws GitError `IncompletePack` naming the first object that nobody has
 */
export function proveComplete(objects: NewObjects, base: Snapshot): void {
  const known = new Set<ObjectId>([base.root])
  const seen = new Set<ObjectId>()
  const learn = (oid: ObjectId): void => {
    if (seen.has(oid)) return
    seen.add(oid)
    const tree = base.trees.get(oid)
    if (tree !== undefined) for (const entry of entryIds(tree, base.format)) known.add(entry.oid)
  }
  const learnAll = (): void => {
    for (const oid of base.trees.keys()) learn(oid)
  }
  for (const { tree } of objects.values()) {
    if (tree === undefined) continue
    learn(tree.base)
    for (const { oid, rawName } of entryIds(tree.bytes, base.format)) {
      if (objects.has(oid) || known.has(oid)) continue
      learnAll()
      if (known.has(oid)) continue
      throw new GitError(
        'IncompletePack',
        `the pack lacks ${oid} (${fromRawName(rawName)}), and the server has not shown it`,
        {
          oid,
        },
      )
    }
  }
}

function* entryIds(tree: Buffer, format: ObjectFormat): Generator<{ oid: ObjectId; rawName: string }> {
  for (const { mode, rawName, oidStart, end } of entrySpans(tree, format)) {
    // A submodule's commit lives in another repository.
    if (mode !== Mode.gitlink) yield { oid: tree.toString('hex', oidStart, end), rawName }
  }
}
