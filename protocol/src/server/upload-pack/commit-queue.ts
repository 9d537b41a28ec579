import type { ObjectId } from '../../format/object-id.ts'

interface Item {
  readonly oid: ObjectId
  readonly time: number
}

/** Commits, the latest first: a binary heap. */
export class CommitQueue {
  readonly #heap: Item[] = []

  get length(): number {
    return this.#heap.length
  }

  push(item: Item): void {
    const heap = this.#heap
    let at = heap.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as Item
      if (above.time >= item.time) break
      heap[at] = above
      at = parent
    }
    heap[at] = item
  }

  pop(): ObjectId | undefined {
    const heap = this.#heap
    const [first] = heap
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first?.oid
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && right.time > (heap[child] as Item).time) child++
      const below = heap[child] as Item
      if (below.time <= last.time) break
      heap[at] = below
      at = child
    }
    heap[at] = last
    return first.oid
  }
}
