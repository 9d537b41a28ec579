import { parseCommit } from '../../format/commit.ts'
import type { ObjectFormat, ObjectId, ObjectType } from '../../format/object-id.ts'
import { parseTag } from '../../format/tag.ts'
import { entrySpans, Mode } from '../../format/tree.ts'
import type { StoredObject } from '../pack/object-reader.ts'

/** What an object refers to, and as what. */
export interface Link {
  readonly oid: ObjectId
  readonly type: ObjectType
}

/** Submodules are of another repository. @throws GitError `Malformed` */
export function* linksOf({ type, bytes }: StoredObject, format: ObjectFormat): Generator<Link> {
  if (type === 'tree')
    for (const { mode, oidStart, end } of entrySpans(bytes, format)) {
      if (mode === Mode.gitlink) continue
      yield { oid: bytes.toString('hex', oidStart, end), type: mode === Mode.tree ? 'tree' : 'blob' }
    }
  if (type === 'tag') {
    const tag = parseTag(bytes)
    yield { oid: tag.object, type: tag.type }
  }
  if (type === 'commit') {
    const { tree, parents } = parseCommit(bytes)
    yield { oid: tree, type: 'tree' }
    for (const oid of parents) yield { oid, type: 'commit' }
  }
}
