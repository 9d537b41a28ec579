const HOUR_MS = 3_600_000

/** Bytes sent within any hour. Moments are milliseconds of one clock. */
export class ByteWindow {
  /** The oldest first; moments that are close together are one. */
  #sent: { readonly at: number; bytes: number }[] = []
  #sum = 0

  /** Bytes of the last hour. */
  used(now: number): number {
    this.#forget(now)
    return this.#sum
  }

  add(bytes: number, now: number): void {
    const last = this.#sent.at(-1)
    // Counted until an hour after the later of them.
    if (last !== undefined && now - last.at < MERGE_MS && now >= last.at)
      this.#sent.splice(-1, 1, { at: now, bytes: last.bytes + bytes })
    else this.#sent.push({ at: now, bytes })
    this.#sum += bytes
  }

  /** When so many more bytes can be sent with at most `limit` in an hour; Infinity when never. */
  nextAt(bytes: number, limit: number, now: number): number {
    this.#forget(now)
    let over = this.#sum + bytes - limit
    if (over <= 0) return now
    for (const { at, bytes: sent } of this.#sent) {
      over -= sent
      if (over <= 0) return at + HOUR_MS
    }
    return Number.POSITIVE_INFINITY
  }

  #forget(now: number): void {
    while (this.#sent[0] !== undefined && this.#sent[0].at <= now - HOUR_MS) this.#sum -= this.#sent.shift()?.bytes ?? 0
  }
}

const MERGE_MS = 1_000
