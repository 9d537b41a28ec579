import { isRecord } from '../tree.ts'
import { same } from './same.ts'

/** Lists whose lengths multiply to more are aligned by their ends alone. */
const MAX_TABLE = 250_000

/**
 * Which old item becomes which new one: for each new item the index of an old one, in order, or undefined where it is new.
 * Equal items stay, then those with one `name`, then what stands at the same place.
 */
export function align(before: readonly unknown[], after: readonly unknown[]): (number | undefined)[] {
  let start = 0
  while (start < before.length && start < after.length && same(before[start], after[start])) start++
  let end = 0
  while (
    end < before.length - start &&
    end < after.length - start &&
    same(before[before.length - 1 - end], after[after.length - 1 - end])
  )
    end++
  const result: (number | undefined)[] = Array.from({ length: after.length }, () => undefined)
  for (let i = 0; i < start; i++) result[i] = i
  for (let i = 0; i < end; i++) result[after.length - 1 - i] = before.length - 1 - i
  const oldMiddle = before.slice(start, before.length - end)
  const newMiddle = after.slice(start, after.length - end)
  const anchors =
    oldMiddle.length * newMiddle.length > MAX_TABLE ? [] : commonItems(oldMiddle, newMiddle, (a, b) => same(a, b))
  fillGaps(oldMiddle, newMiddle, anchors, (oldIndex, newIndex) => {
    result[start + newIndex] = start + oldIndex
  })
  return result
}

type Match = readonly [oldIndex: number, newIndex: number]

/** Longest common subsequence. */
function commonItems(
  before: readonly unknown[],
  after: readonly unknown[],
  matches: (a: unknown, b: unknown) => boolean,
): Match[] {
  const width = after.length + 1
  const lengths = new Uint32Array((before.length + 1) * width)
  const equal = new Uint8Array(before.length * after.length)
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const hit = matches(before[i], after[j])
      if (hit) equal[i * after.length + j] = 1
      lengths[i * width + j] = hit
        ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
        : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0)
    }
  }
  const found: Match[] = []
  let i = 0
  let j = 0
  while (i < before.length && j < after.length) {
    if (equal[i * after.length + j] === 1) found.push([i++, j++])
    else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) i++
    else j++
  }
  return found
}

/** Between equal items: first those that have one name, then one after the other. */
function fillGaps(
  before: readonly unknown[],
  after: readonly unknown[],
  anchors: readonly Match[],
  pair: (oldIndex: number, newIndex: number) => void,
): void {
  let i = 0
  let j = 0
  for (const [oldEnd, newEnd] of [...anchors, [before.length, after.length] as const]) {
    fillGap(before, after, { from: [i, j], to: [oldEnd, newEnd] }, pair)
    if (oldEnd < before.length && newEnd < after.length) pair(oldEnd, newEnd)
    i = oldEnd + 1
    j = newEnd + 1
  }
}

function fillGap(
  before: readonly unknown[],
  after: readonly unknown[],
  { from, to }: { readonly from: Match; readonly to: Match },
  pair: (oldIndex: number, newIndex: number) => void,
): void {
  const oldItems = before.slice(from[0], to[0])
  const newItems = after.slice(from[1], to[1])
  const named =
    oldItems.length * newItems.length > MAX_TABLE
      ? []
      : commonItems(oldItems, newItems, (a, b) => nameOf(a) !== undefined && nameOf(a) === nameOf(b))
  let i = 0
  let j = 0
  for (const [oldEnd, newEnd] of [...named, [oldItems.length, newItems.length] as const]) {
    // What has a name of its own becomes nothing else.
    for (; i < oldEnd && j < newEnd; i++, j++) {
      if (nameOf(oldItems[i]) === undefined && nameOf(newItems[j]) === undefined) pair(from[0] + i, from[1] + j)
    }
    if (oldEnd < oldItems.length && newEnd < newItems.length) pair(from[0] + oldEnd, from[1] + newEnd)
    i = oldEnd + 1
    j = newEnd + 1
  }
}

function nameOf(item: unknown): string | undefined {
  if (!isRecord(item)) return undefined
  return typeof item['name'] === 'string' ? item['name'] : undefined
}
