import { createHash } from 'node:crypto'

const MORE_THAN = 10
const WITHIN_MS = 10 * 60_000

/**
 * Refuses to delete more than ten files and more than half of a folder within ten minutes, until somebody confirms
 * just this deletion.
 */
export class MassDeletionGuard {
  /** Deletions written, newest last. */
  #written: { readonly time: number; readonly count: number }[] = []

  /**
   * @param paths files about to be deleted
   * @param files files in the folder now
   * @param confirmation what a person answered to an earlier refusal
   * @returns the token to confirm with when the deletion is refused
   */
  check(paths: readonly string[], files: number, now: number, confirmation: string | undefined): string | undefined {
    const recent = this.#recent(now)
    const total = recent + paths.length
    const before = recent + files
    if (paths.length === 0 || total <= MORE_THAN || total * 2 <= before) return undefined
    const token = deletionToken(paths)
    return confirmation === token ? undefined : token
  }

  /** Counts deletions that were pushed. A confirmed one does not count: it says nothing of the next. */
  record(count: number, now: number, confirmed: boolean): void {
    if (count > 0 && !confirmed) this.#written.push({ time: now, count })
  }

  #recent(now: number): number {
    this.#written = this.#written.filter(({ time }) => now - time < WITHIN_MS)
    return this.#written.reduce((sum, { count }) => sum + count, 0)
  }
}

/** The same for the same files, also after a restart. */
export function deletionToken(paths: readonly string[]): string {
  return createHash('sha256')
    .update([...paths].sort().join('\0'))
    .digest('hex')
    .slice(0, 12)
}
