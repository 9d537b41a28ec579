import { inflateObject } from '#platform/zlib'
import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { PackEntry, StreamedEntry } from '../../format/pack-writer.ts'
import { Mode } from '../../format/tree.ts'
import type { TreeEntry } from '../../format/tree.ts'
import { overLimit } from '../../format/over-limit.ts'
import { splitPath } from '../path.ts'
import { checkIsFile } from '../read/file-entry.ts'
import { readTrees } from '../read/read-trees.ts'
import type { Session } from '../session.ts'
import type { ListedEntry, Snapshot } from '../snapshot.ts'
import { fetchBlobs } from '../wire/object-forms.ts'

/** A tree that exists here only, above folders and files that the server has. */
export interface StagedView {
  readonly snapshot: Snapshot
  /** What the server shows and everything else comes with; null without any. */
  readonly shown: ObjectId | null
  /** Contents that the server has not. */
  readonly held: (oid: ObjectId) => PackEntry | StreamedEntry | undefined
}

export interface StagedContent {
  readonly path: string
  readonly mode: number
  readonly oid: ObjectId
  /** The caller's own: changing them changes nothing that is staged. */
  readonly bytes: Uint8Array
}

/** @throws GitError `PathNotFound`, `UnexpectedType`, and as every request */
export async function stagedFile(session: Session, view: StagedView, path: string): Promise<StagedContent> {
  const entry = await stagedEntry(session, view, path)
  if (entry === null) throw new GitError('PathNotFound', `${JSON.stringify(path)} does not exist`, { path })
  const { mode, oid } = entry
  checkIsFile(path, mode)
  const content = view.held(oid)
  const bytes =
    content?.type === 'blob'
      ? await contentBytes(content, session)
      : view.shown === null
        ? undefined
        : (await fetchBlobs(session, [oid], view.shown)).get(oid)
  if (bytes === undefined) throw new GitError('ObjectMissing', `nobody has the content ${oid}`, { path, oid })
  return { path, mode, oid, bytes }
}

/** @throws GitError `LimitExceeded` for what is too large to hold */
async function contentBytes(
  content: PackEntry | StreamedEntry,
  { remote: { limits } }: Session,
): Promise<Uint8Array | undefined> {
  if (!('deflated' in content)) return Buffer.from(content.bytes)
  const { size } = content
  if (size > limits.maxObjectBytes) throw overLimit('maxObjectBytes', limits.maxObjectBytes)
  const chunks: Uint8Array[] = []
  for await (const chunk of content.deflated()) chunks.push(chunk)
  return inflateObject(Buffer.concat(chunks), size)?.bytes
}

/** @throws GitError `UnexpectedType`, `LimitExceeded`, and as every request */
export async function stagedList(
  session: Session,
  view: StagedView,
  path: string,
  recursive: boolean,
): Promise<ListedEntry[]> {
  return [...(await read(session, view, splitPath(path), recursive)).list(path, recursive)]
}

/** Null where there is nothing. @throws GitError as every request */
export async function stagedEntry(session: Session, view: StagedView, path: string): Promise<TreeEntry | null> {
  const names = splitPath(path)
  if (names.length === 0) return { mode: Mode.tree, rawName: '', oid: view.snapshot.root }
  const entry = (await read(session, view, names.slice(0, -1), false)).entryAt(names)
  return entry === 'unread' ? null : entry
}

function read(
  session: Session,
  { snapshot, shown }: StagedView,
  names: readonly string[],
  recursive: boolean,
): Promise<Snapshot> {
  return readTrees(session, snapshot.at({ shown }), { folders: [names], recursive })
}
