import type { Repository } from '@gitsync/protocol'

/** Commits of others that are gone through between two of ours. */
const MAX_FOREIGN = 256

/** Whether a commit has another among its ancestors. What cannot be found out is no reason for an alarm. */
export async function reaches(repository: Repository, tip: string, ancestor: string): Promise<boolean> {
  let count = 0
  try {
    for await (const { oid } of repository.history(tip, { limit: MAX_FOREIGN })) {
      if (oid === ancestor) return true
      count++
    }
  } catch {
    return true
  }
  return count === MAX_FOREIGN
}
