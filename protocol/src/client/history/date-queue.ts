import type { ObjectId } from '../../format/object-id.ts'

/** Commits that may come next: the newest first, of equally new ones the one that has waited longest. */
export class DateQueue {
  /** Ascending; of equal times the later arrival stands before the earlier one. */
  readonly #items: { readonly oid: ObjectId; readonly time: number }[] = []

  get first(): ObjectId | undefined {
    return this.#items.at(-1)?.oid
  }

  add(oid: ObjectId, time: number): void {
    let [low, high] = [0, this.#items.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#items[middle]?.time ?? 0) < time) low = middle + 1
      else high = middle
    }
    this.#items.splice(low, 0, { oid, time })
  }

  shift(): void {
    this.#items.pop()
  }

  /** Keeps those for which a condition holds. */
  keep(condition: (oid: ObjectId) => boolean): void {
    const kept = this.#items.filter(({ oid }) => condition(oid))
    this.#items.splice(0, this.#items.length, ...kept)
  }

  /** In the order in which they would come. */
  list(): ObjectId[] {
    return this.#items.map(({ oid }) => oid).reverse()
  }
}
