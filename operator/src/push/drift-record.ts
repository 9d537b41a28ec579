import type { Drift, ForeignEdit, LastChange } from '../plan/drift.ts'

/** What others have done to a member's folder in Git, and what became of it. */
export class DriftRecord {
  /** Who last changed a file that is not as wanted, by path and content id: spares requests. */
  readonly lastChanges = new Map<string, LastChange | null>()
  #foundAt: number | undefined
  #isOpen = false
  #last: Drift | undefined

  /** When a foreign change was last found, milliseconds since the epoch. */
  get foundAt(): number | undefined {
    return this.#foundAt
  }

  /** Foreign edits as they were found last. */
  get last(): Drift | undefined {
    return this.#last
  }

  /** There are foreign changes that the next comparison writes over. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  found(now: number): void {
    this.#foundAt = now
    this.#isOpen = true
  }

  /** Somebody has said that the edits are to be written over. */
  confirmed(): void {
    this.#isOpen = true
  }

  /** These edits stay as they are, since their time has not come or since somebody has to decide. */
  leftAlone(outcome: 'Adopted' | 'Stalled', edits: readonly ForeignEdit[]): void {
    const [first] = edits
    if (first !== undefined) {
      const { time, commit } = first.change
      this.#last = { outcome, time, files: edits.length, commit }
    } else if (this.#last?.outcome === outcome) this.#last = undefined
  }

  /** The folder has been compared. @param overwritten files of foreign edits that were written over */
  compared(overwritten: number, now: number): void {
    this.#isOpen = false
    if (overwritten > 0) this.#last = { outcome: 'Overwritten', time: now, files: overwritten }
  }
}
