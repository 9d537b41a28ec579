import { parseCommit } from '../../format/commit.ts'
import type { Commit } from '../../format/commit.ts'
import { GitError } from '../../format/errors.ts'
import type { ObjectId, ObjectType } from '../../format/object-id.ts'
import type { GitObject } from '../../format/pack-reader.ts'
import { parseTag } from '../../format/tag.ts'
import type { Tag } from '../../format/tag.ts'
import type { Session } from '../session.ts'
import { fetchCommit } from '../wire/object-forms.ts'
import { resolveRevision, shownId } from './resolve.ts'

/** A commit and its id. */
export interface CommitInfo extends Commit {
  readonly oid: ObjectId
  /** What the signature is over: the object without it. Of histories with `payloads`. */
  readonly payload?: Buffer
  /** What the commit did to the path of a history with `path`. */
  readonly change?: PathChange
}

/** What stood at a path in the first parent, and what stands there now; null where there is nothing. */
export interface PathChange {
  readonly before: PathState | null
  readonly after: PathState | null
}

/** A file, folder, link or submodule. */
export interface PathState {
  readonly mode: number
  readonly oid: ObjectId
}

/** A tag and what it stands for. A light tag is a name only: it has no message, and its `oid` is that of its object. */
export interface TagInfo extends Tag {
  readonly oid: ObjectId
  /** False for a light tag. */
  readonly annotated: boolean
  /** The object at the end, where a tag is of a tag; else the same as `object` and `type`. */
  readonly peeled: { readonly oid: ObjectId; readonly type: ObjectType }
}

/**
 * @throws GitError `RefNotFound`; `UnexpectedType` where the revision is no commit, nor a tag of one
 */
export async function readCommitInfo(session: Session, revision: string): Promise<CommitInfo> {
  const resolved = await resolveRevision(session, revision)
  const { object } = await fetchPeeled(session, shownId(resolved))
  if (object.type !== 'commit') throw unexpected(resolved.ref, object, 'commit')
  return { oid: object.oid, ...parseCommit(object.bytes) }
}

/**
 * @param name a tag's short or full name, or the id of an annotated tag
 * @throws GitError `RefNotFound`; `UnexpectedType` for an id that is no tag's
 */
export async function readTagInfo(session: Session, name: string): Promise<TagInfo> {
  const isId = /^[0-9a-f]{40,64}$/.test(name)
  const { ref, oid, tag } = await resolveRevision(
    session,
    isId || name.startsWith('refs/') ? name : `refs/tags/${name}`,
  )
  const { object, tags } = await fetchPeeled(session, tag ?? oid)
  const [first] = tags
  const peeled = { oid: object.oid, type: object.type }
  if (first !== undefined) return { ...first.tag, oid: first.oid, annotated: true, peeled }
  if (isId) throw unexpected(ref, object, 'tag')
  const { type } = object
  return { oid, annotated: false, object: oid, type, name: ref.replace(/^refs\/tags\//, ''), message: '', peeled }
}

/** An object, and the tags that were followed to it. The object comes with its root tree where the server sends that. */
export interface Peeled {
  readonly object: GitObject
  readonly tags: readonly { readonly oid: ObjectId; readonly tag: Tag }[]
  readonly found: ReadonlyMap<ObjectId, GitObject>
}

/** Reads the object of an id and, where it is a tag, follows it. One request, since a server sends what a tag is of. */
export async function fetchPeeled(
  session: Session,
  oid: ObjectId,
  held: ReadonlyMap<ObjectId, GitObject> = new Map(),
): Promise<Peeled> {
  const found = new Map(held)
  const tags: { oid: ObjectId; tag: Tag }[] = []
  for (let next = oid; ;) {
    if (!found.has(next)) for (const [id, object] of await fetchCommit(session, next)) found.set(id, object)
    const object = found.get(next)
    if (object === undefined) throw new GitError('ObjectMissing', `the server does not send ${next}`, { oid: next })
    if (object.type !== 'tag') return { object, tags, found }
    const tag = parseTag(object.bytes)
    tags.push({ oid: next, tag })
    next = tag.object
  }
}

export function unexpected(
  ref: string,
  { oid, type }: Pick<GitObject, 'oid' | 'type'>,
  expected: ObjectType,
): GitError {
  return new GitError('UnexpectedType', `${ref} is at a ${type}, not at a ${expected}`, {
    ref,
    oid,
    expected,
    actual: type,
  })
}
