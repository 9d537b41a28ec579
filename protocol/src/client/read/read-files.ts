import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { Session } from '../session.ts'
import type { Snapshot } from '../snapshot.ts'
import { fetchBlobs } from '../wire/object-forms.ts'
import { fileAt } from './file-entry.ts'
import type { FileEntry } from './file-entry.ts'

export interface FileContent extends FileEntry {
  readonly bytes: Buffer
}

/**
 * Files of a snapshot whose folders have been read: one request for all contents.
 * @param revision the name of the snapshot, for errors
 * @throws GitError `PathNotFound`, `UnexpectedType`, `ObjectMissing`, and as every request
 */
export async function readFiles(
  session: Session,
  snapshot: Snapshot,
  paths: readonly string[],
  revision: string,
): Promise<FileContent[]> {
  const entries = paths.map((path) => fileAt(snapshot, path, revision))
  const oids = entries.map(({ oid }) => oid)
  const contents = await readBlobs(session, snapshot, oids)
  return entries.map((entry) => {
    const bytes = contents.get(entry.oid)
    if (bytes === undefined) throw new GitError('ObjectMissing', `nobody has the content ${entry.oid}`, entry)
    return { ...entry, bytes }
  })
}

/** Contents by id; none from a snapshot of an empty repository. @throws GitError `ObjectMissing`, and as every request */
export async function readBlobs(
  session: Session,
  { shown }: Snapshot,
  oids: readonly ObjectId[],
): Promise<Map<ObjectId, Buffer>> {
  if (oids.length === 0 || shown === null) return new Map()
  const wants = [...new Set(oids)]
  const found = await fetchBlobs(session, wants, shown)
  return new Map(
    wants.flatMap((oid) => {
      const bytes = found.get(oid)
      return bytes === undefined ? [] : [[oid, bytes]]
    }),
  )
}
