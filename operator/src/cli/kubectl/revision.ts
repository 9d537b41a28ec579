import type { Repository } from '@gitsync/protocol'
import { CommandFailure } from '../common/command-failure.ts'

/** A beginning of a commit id, or a whole one (SHA-1 or SHA-256). */
export const COMMIT = /^[0-9a-f]{7,64}$/
/** So many versions back. */
const BACK = /^~(\d{1,5})$/
/** Commits that are looked through for the beginning of an id. */
const MAX_SEARCHED = 10_000

/** What stands behind the last @ of `configmap/settings@~1`, and what before. */
export function splitRevision(text: string): { readonly what: string; readonly revision: string | undefined } {
  const at = text.lastIndexOf('@')
  return at <= 0 ? { what: text, revision: undefined } : { what: text.slice(0, at), revision: text.slice(at + 1) }
}

/**
 * The commit that a person means: an id or its beginning, a tag or branch, or `~1` for the version of the file before the
 * newest one.
 * @param path from the root: the file or folder whose versions count
 * @throws CommandFailure, GitError
 */
export async function findCommit(
  revision: string,
  { repository, branch, path }: { readonly repository: Repository; readonly branch: string; readonly path: string },
): Promise<string> {
  const [, back] = BACK.exec(revision) ?? []
  if (back !== undefined) return await versionBefore(Number(back), { repository, branch, path })
  if (revision.length < 40 && COMMIT.test(revision)) {
    const found = new Set<string>()
    for await (const { oid } of repository.history(branch, { limit: MAX_SEARCHED })) {
      if (oid.startsWith(revision)) found.add(oid)
    }
    const [only] = found
    if (found.size === 1 && only !== undefined) return only
    if (found.size > 1)
      throw new CommandFailure('usage', `${revision} begins ${found.size} commit ids: give more of it`)
    throw new CommandFailure(
      'notFound',
      `no commit ${revision} among the newest ${MAX_SEARCHED} of branch ${branch}: kubectl gitsync log lists them`,
    )
  }
  if (revision === '' || revision.startsWith('~')) {
    throw new CommandFailure(
      'usage',
      `@${revision} names no version: a commit id or its beginning, a tag, or ~1 stands behind the @`,
    )
  }
  return (await repository.commit(revision)).oid
}

async function versionBefore(
  back: number,
  { repository, branch, path }: { readonly repository: Repository; readonly branch: string; readonly path: string },
): Promise<string> {
  let seen = 0
  for await (const { oid } of repository.history(branch, { path, limit: back + 1 })) if (seen++ === back) return oid
  throw new CommandFailure(
    'notFound',
    `${path} has ${seen} versions on branch ${branch}: ~${back} is before the first of them`,
  )
}
