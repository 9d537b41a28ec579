import { GitError } from '../../format/errors.ts'
import { isObjectId } from '../../format/object-id.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { checkRefName } from '../ref-name.ts'
import type { Session } from '../session.ts'
import { lsRefs } from '../wire/ls-refs.ts'
import type { Ref } from '../wire/ls-refs.ts'

/** A name for a commit: a full id, a full ref name, a branch, a tag, or `HEAD`. */
export type Revision = string

export interface Resolved {
  /** Full name of the ref, or the id that was given. */
  readonly ref: string
  /** What the name stands for, tags followed to their end. An id that was given may be one of a tag, a commit or a tree. */
  readonly oid: ObjectId
  /** The annotated tag that the name leads to. */
  readonly tag?: ObjectId
}

/** The id that a ref shows: some servers send nothing but what refs point to, and with a tag what it stands for. */
export function shownId({ oid, tag = oid }: Resolved): ObjectId {
  return tag
}

/**
 * Finds what revisions name with one request for all, or none for full ids. A short name is a branch's, else a tag's.
 * @throws GitError `RefNotFound`, `InvalidInput`
 */
export async function resolveRevisions(session: Session, revisions: readonly string[]): Promise<Resolved[]> {
  const found = await findRevisions(session, revisions)
  return revisions.map((revision, index) => found[index] ?? notFound(session, revision))
}

/** The same; undefined for what does not exist. */
export async function findRevisions(session: Session, revisions: readonly string[]): Promise<(Resolved | undefined)[]> {
  const prefixes = new Set(revisions.flatMap((revision) => candidates(session, revision)))
  const refs = prefixes.size === 0 ? [] : await lsRefs(session, [...prefixes])
  return revisions.map((revision) => pick(session, revision, refs))
}

/** @throws GitError as {@link resolveRevisions} */
export async function resolveRevision(session: Session, revision: string): Promise<Resolved> {
  const [resolved] = await findRevisions(session, [revision])
  return resolved ?? notFound(session, revision)
}

function candidates(session: Session, revision: string): string[] {
  if (isObjectId(revision)) {
    session.formatOf(revision)
    return []
  }
  checkRefName(revision, 'revision')
  if (revision === 'HEAD' || revision.startsWith('refs/')) return [revision]
  return [`refs/heads/${revision}`, `refs/tags/${revision}`]
}

function pick(session: Session, revision: string, refs: readonly Ref[]): Resolved | undefined {
  if (isObjectId(revision)) return { ref: revision, oid: revision }
  for (const name of candidates(session, revision)) {
    const ref = refs.find((candidate) => candidate.name === name)
    if (!ref?.oid) continue
    return ref.peeled === undefined ? { ref: name, oid: ref.oid } : { ref: name, oid: ref.peeled, tag: ref.oid }
  }
  return undefined
}

export function notFound(session: Session, revision: string): never {
  throw new GitError('RefNotFound', `${session.remote.url} has no branch, tag or commit ${JSON.stringify(revision)}`, {
    ref: revision,
  })
}
