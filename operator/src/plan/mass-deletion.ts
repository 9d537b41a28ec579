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
   * @param token what confirms just this deletion; see {@link deletionToken}
   * @param confirmation what a person answered to an earlier refusal
   * @returns whether somebody has to confirm
   */
  refuses(
    paths: readonly string[],
    files: number,
    now: number,
    { token, confirmation }: { readonly token: string; readonly confirmation: string | undefined },
  ): boolean {
    const recent = this.recent(now)
    const total = recent + paths.length
    const before = recent + files
    if (paths.length === 0 || total <= MORE_THAN || total * 2 <= before) return false
    return confirmation !== token
  }

  /** Counts deletions that were pushed. A confirmed one does not count: it says nothing of the next. */
  record(count: number, now: number, confirmed: boolean): void {
    if (count > 0 && !confirmed) this.#written.push({ time: now, count })
  }

  /** Deletions written within the last ten minutes. */
  recent(now: number): number {
    this.#written = this.#written.filter(({ time }) => now - time < WITHIN_MS)
    return this.#written.reduce((sum, { count }) => sum + count, 0)
  }
}

/**
 * The same for the same files, also after a restart; another one once it has been used, so that a forgotten answer does not
 * confirm the next deletion of the same files.
 * @param used the token that was confirmed last
 */
export function deletionToken(paths: readonly string[], used = ''): string {
  return createHash('sha256')
    .update([used, ...[...paths].sort()].join('\0'))
    .digest('hex')
    .slice(0, 12)
}
