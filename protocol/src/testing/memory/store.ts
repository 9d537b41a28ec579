import { parseCommit } from '../../format/commit.ts'
import type { Commit } from '../../format/commit.ts'
import type { ObjectFormat, ObjectId, ObjectType } from '../../format/object-id.ts'
import { parseTag } from '../../format/tag.ts'
import { Mode, parseTree } from '../../format/tree.ts'

export interface StoredObject {
  readonly type: ObjectType
  readonly bytes: Buffer
}

/** A repository in memory. */
export interface Store {
  readonly format: ObjectFormat
  readonly objects: Map<ObjectId, StoredObject>
  /** Full name → id, `HEAD` apart. */
  readonly refs: Map<string, ObjectId>
  /** Full name of the branch that `HEAD` stands for. */
  readonly head: string
}

export function commitOf({ objects }: Store, oid: ObjectId): Commit | undefined {
  const object = objects.get(oid)
  return object?.type === 'commit' ? parseCommit(object.bytes) : undefined
}

/** What an annotated tag stands for in the end; undefined for what is no tag. */
export function peel({ objects }: Store, oid: ObjectId): ObjectId | undefined {
  let at = oid
  for (let object = objects.get(at); object?.type === 'tag'; object = objects.get(at))
    at = parseTag(object.bytes).object
  return at === oid ? undefined : at
}

/** Ids that an object refers to; submodules are of another repository. */
export function linksOf({ type, bytes }: StoredObject, format: ObjectFormat): ObjectId[] {
  if (type === 'blob') return []
  if (type === 'tag') return [parseTag(bytes).object]
  if (type === 'tree') {
    return parseTree(bytes, format).flatMap(({ mode, oid }) => (mode === Mode.gitlink ? [] : [oid]))
  }
  const { tree, parents } = parseCommit(bytes)
  return [tree, ...parents]
}
