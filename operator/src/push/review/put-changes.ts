import type { Change, Edit, Repository, Snapshot } from '@gitsync/protocol'

/** Contents that are read at once. */
const READ_AT_ONCE = 200
const SUBMODULE = 0o160000

/**
 * Stages what a snapshot has changed in an edit that begins elsewhere.
 * @param from the snapshot whose contents these are
 * @param mayReplace whether a folder at the path, or a file where it needs one, makes way
 */
export async function putChanges(
  repository: Repository,
  edit: Edit,
  { from, changes, mayReplace }: PutChanges,
): Promise<void> {
  for (const { path, oid } of changes) if (oid === undefined) edit.delete(path, { ifExists: true })
  const written = changes.filter(({ oid }) => oid !== undefined)
  for (let start = 0; start < written.length; start += READ_AT_ONCE) {
    const step = written.slice(start, start + READ_AT_ONCE)
    const oids = step.filter(({ mode }) => mode !== SUBMODULE).map(({ oid = '' }) => oid)
    const contents = oids.length === 0 ? new Map<string, Buffer>() : await repository.blobs(from, oids)
    for (const { path, oid = '', mode } of step) {
      const replace = mayReplace(path)
      const bytes = contents.get(oid)
      if (mode === SUBMODULE) edit.putSubmodule(path, oid, { replace })
      else if (bytes !== undefined) edit.put(path, bytes, { replace, ...(mode === undefined ? {} : { mode }) })
    }
  }
}

export interface PutChanges {
  readonly from: Snapshot
  readonly changes: readonly Change[]
  readonly mayReplace: (path: string) => boolean
}
