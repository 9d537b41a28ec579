import { MassDeletionGuard } from '../plan/mass-deletion.ts'
import type { Change } from '../plan/window.ts'
import type { MemberStatus } from './member-status.ts'

/** Deletions that were too many at once, until somebody confirms them. */
export class HeldDeletions {
  readonly guard = new MassDeletionGuard()
  /** By path and object: see `documentId`. */
  readonly #changes = new Map<string, Change>()
  #refusal: MemberStatus['massDeletion']

  get size(): number {
    return this.#changes.size
  }

  /** What has to be confirmed; undefined while nothing has. */
  get refusal(): MemberStatus['massDeletion'] {
    return this.#refusal
  }

  has(id: string): boolean {
    return this.#changes.has(id)
  }

  /** Whether anything of a file waits. */
  hasPath(path: string): boolean {
    return this.#changes.values().some((change) => change.path === path)
  }

  entries(): ReadonlyMap<string, Change> {
    return this.#changes
  }

  refuse(changes: ReadonlyMap<string, Change>, refusal: NonNullable<MemberStatus['massDeletion']>): void {
    for (const [id, change] of changes) this.#changes.set(id, change)
    this.#refusal = refusal
  }

  /** Nothing has to be confirmed any more. What was held is forgotten when it is in Git. */
  release(): void {
    this.#refusal = undefined
  }

  /** It is written, or not to be written any more. */
  forget(id: string): void {
    this.#changes.delete(id)
  }

  /** As {@link HeldDeletions.forget}, of everything. */
  clear(): void {
    this.#changes.clear()
  }

  /**
   * Whether what was held can go now: it is confirmed, or was on its way when a push failed.
   * @param confirmation what a person has answered
   */
  isReleased(confirmation: string | undefined): boolean {
    return this.#changes.size > 0 && (this.#refusal?.token ?? confirmation) === confirmation
  }
}
