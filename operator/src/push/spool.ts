/** One bound for the contents that all GitSyncs hold together. */
export class SpoolBudget {
  readonly #max: number
  #used = 0

  /** @param max bytes. Default 32 MiB */
  constructor(max = 32 << 20) {
    this.#max = max
  }

  get used(): number {
    return this.#used
  }

  take(bytes: number): boolean {
    if (this.#used + bytes > this.#max) return false
    this.#used += bytes
    return true
  }

  give(bytes: number): void {
    this.#used -= bytes
  }
}

/**
 * Contents of changes that the remote has not acknowledged yet, by content id. When the budget is used up, contents are
 * not kept and must be read again from the API server: the last state is right then, states between are gone.
 */
export class Spool {
  readonly #budget: SpoolBudget
  readonly #contents = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(budget: SpoolBudget) {
    this.#budget = budget
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.#bytes
  }

  /** @returns false when there was no room */
  put(oid: string, bytes: Uint8Array): boolean {
    if (this.#contents.has(oid)) return true
    if (!this.#budget.take(bytes.length)) return false
    this.#contents.set(oid, bytes)
    this.#bytes += bytes.length
    return true
  }

  get(oid: string): Uint8Array | undefined {
    return this.#contents.get(oid)
  }

  /** Forgets every content that is not named. */
  keepOnly(oids: ReadonlySet<string>): void {
    for (const [oid, bytes] of this.#contents) {
      if (oids.has(oid)) continue
      this.#contents.delete(oid)
      this.#bytes -= bytes.length
      this.#budget.give(bytes.length)
    }
  }
}
