import type { Session } from '../session.ts'
import type { Snapshot } from '../snapshot.ts'
import { readTreeish, readTrees } from './read-trees.ts'
import { resolveRevision, shownId } from './resolve.ts'

/**
 * What a revision names, with folders of it.
 * @param options.folders as raw names from the root
 * @param options.recursive everything below them as well
 * @throws GitError `RefNotFound`, `UnexpectedType`, and as every request
 */
export async function readRevision(
  session: Session,
  revision: string,
  options: { readonly folders: readonly (readonly string[])[]; readonly recursive?: boolean },
): Promise<Snapshot> {
  const { folders, recursive = false } = options
  const resolved = await resolveRevision(session, revision)
  const depth = Math.max(0, ...folders.map((names) => names.length))
  const isWhole = recursive && depth === 0
  const snapshot = await readTreeish(session, resolved.ref, shownId(resolved), isWhole ? 'all' : depth)
  return readTrees(session, snapshot, { folders, recursive })
}
