import { parseCommit } from '../../format/commit.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { parseTag } from '../../format/tag.ts'
import { Mode, parseTree } from '../../format/tree.ts'
import type { StoredObject } from '../pack/object-reader.ts'

/** Ids that an object refers to; submodules are of another repository. @throws GitError `Malformed` */
export function linksOf({ type, bytes }: StoredObject, format: ObjectFormat): ObjectId[] {
  if (type === 'blob') return []
  if (type === 'tag') return [parseTag(bytes).object]
  if (type === 'tree') return parseTree(bytes, format).flatMap(({ mode, oid }) => (mode === Mode.gitlink ? [] : [oid]))
  const { tree, parents } = parseCommit(bytes)
  return [tree, ...parents]
}
