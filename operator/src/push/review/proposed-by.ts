import { contentId } from '../member.ts'
import type { PlannedCommit } from '../planned-commit.ts'

/** What commits on top of the base propose: the last content of each path, from the repository's root. */
export function proposedBy(
  folder: string,
  commits: readonly PlannedCommit[],
): { readonly path: string; readonly oid: string | null }[] {
  const prefix = folder === '.' ? '' : `${folder}/`
  const last = new Map<string, string | null>()
  for (const { writes, deletes } of commits) {
    for (const { path, bytes } of writes) last.set(prefix + path, contentId(bytes))
    for (const path of deletes) last.set(prefix + path, null)
  }
  return [...last].map(([path, oid]) => ({ path, oid }))
}
