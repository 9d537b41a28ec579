import type { Repository } from '@gitsync/protocol'

/** Commits of others that are gone through between two of ours. */
const MAX_FOREIGN = 256

/**
 * Which of some commits a commit has neither among its ancestors nor is itself. What cannot be found out is no reason for
 * an alarm.
 */
export async function missingFrom(
  repository: Repository,
  at: { readonly tip: string; readonly parents: readonly string[] },
  commits: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const missing = new Set(commits)
  for (const commit of [at.tip, ...at.parents]) missing.delete(commit)
  let count = 0
  if (missing.size === 0) return missing
  try {
    for await (const { oid } of repository.history(at.tip, { limit: MAX_FOREIGN })) {
      missing.delete(oid)
      if (missing.size === 0) return missing
      count++
    }
  } catch {
    return new Set()
  }
  return count === MAX_FOREIGN ? new Set() : missing
}
