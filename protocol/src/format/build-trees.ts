import type { ObjectFormat, ObjectId } from './object-id.ts'
import { objectId } from './object-id.ts'
import { Mode, serializeTree, toRawName } from './tree.ts'
import type { TreeEntry } from './tree.ts'

/**
 * The trees that a folder with exactly these files has. Whoever knows the files of a folder knows its id without asking
 * a server, and needs to read nothing where the ids are equal.
 * @param files paths below the folder, none of them also a folder of another
 */
export function buildTrees(
  files: Iterable<{ readonly path: string; readonly oid: ObjectId; readonly mode?: number }>,
  format: ObjectFormat,
): { readonly root: ObjectId; readonly trees: ReadonlyMap<ObjectId, Buffer> } {
  const top: Folder = { entries: [], folders: new Map() }
  for (const { path, oid, mode = Mode.file } of files) {
    const names = path.split('/')
    const last = names.pop() ?? ''
    let folder = top
    for (const name of names) {
      let next = folder.folders.get(name)
      if (next === undefined) folder.folders.set(name, (next = { entries: [], folders: new Map() }))
      folder = next
    }
    folder.entries.push({ mode, rawName: toRawName(last), oid })
  }
  const trees = new Map<ObjectId, Buffer>()
  const write = (folder: Folder): ObjectId => {
    const below = [...folder.folders].map(([name, child]) => ({
      mode: Mode.tree,
      rawName: toRawName(name),
      oid: write(child),
    }))
    const bytes = serializeTree([...folder.entries, ...below])
    const oid = objectId(format, 'tree', bytes)
    trees.set(oid, bytes)
    return oid
  }
  return { root: write(top), trees }
}

interface Folder {
  readonly entries: TreeEntry[]
  readonly folders: Map<string, Folder>
}
