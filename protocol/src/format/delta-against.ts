import { deflateObject } from '#platform/zlib'
import { DeltaWriter } from './delta.ts'
import type { ObjectFormat, ObjectId, ObjectType } from './object-id.ts'
import type { PackEntry } from './pack-writer.ts'

/** Shorter runs that are alike cost more than they save. */
const BLOCK = 16
/** Larger contents are sent whole: what is alike in them is not looked for. */
const MAX_BYTES = 16 << 20
const FACTOR = 0x01000193
/** What the byte that leaves the window has been multiplied with. */
const LEAVING = powerOf(FACTOR, BLOCK - 1)

/**
 * What makes `target` of `base`: what is alike at the start and at the end, and blocks of the base that are found
 * between. In the order of both sizes, in time and memory.
 */
export function deltaAgainst(base: Uint8Array, target: Uint8Array): Buffer {
  const writer = new DeltaWriter(base.length)
  const start = commonStart(base, target)
  const tail = commonEnd(base, target, start)
  if (start > 0) writer.copy(0, start)
  writeMiddle(writer, base, target, start, target.length - tail)
  if (tail > 0) writer.copy(base.length - tail, tail)
  return writer.finish()
}

/**
 * An object as a delta against one that the receiver has, or whole where that is shorter.
 * @param base of the same type
 */
export function shortestEntry(
  type: ObjectType,
  target: Uint8Array,
  base: { readonly oid: ObjectId; readonly bytes: Uint8Array },
  format: ObjectFormat,
): PackEntry {
  const whole: PackEntry = { type, bytes: target }
  if (target.length > MAX_BYTES || base.bytes.length > MAX_BYTES) return whole
  const delta = deltaAgainst(base.bytes, target)
  const saves = deflateObject(delta).length + format.size < deflateObject(target).length
  return saves ? { type: 'ref-delta', base: base.oid, bytes: delta } : whole
}

function commonStart(base: Uint8Array, target: Uint8Array): number {
  const max = Math.min(base.length, target.length)
  let length = 0
  while (length < max && base[length] === target[length]) length++
  return length
}

function commonEnd(base: Uint8Array, target: Uint8Array, start: number): number {
  const max = Math.min(base.length, target.length) - start
  let length = 0
  while (length < max && base[base.length - 1 - length] === target[target.length - 1 - length]) length++
  return length
}

/** Goes through the target with a window of one block; a block of the base that is met is extended both ways. */
function writeMiddle(writer: DeltaWriter, base: Uint8Array, target: Uint8Array, start: number, end: number): void {
  const blocks = end - start < BLOCK ? undefined : indexBlocks(base)
  let pending = start
  let at = start
  let hash = 0
  let hashed = false
  while (blocks !== undefined && at + BLOCK <= end) {
    hash = hashed ? roll(hash, target, at) : hashBlock(target, at)
    hashed = true
    const found = blocks.get(hash)
    const length = found === undefined ? 0 : matchLength(base, found, target, at, end)
    if (found === undefined || length < BLOCK) {
      at++
      continue
    }
    let back = 0
    while (at - back > pending && found > back && base[found - back - 1] === target[at - back - 1]) back++
    if (at - back > pending) writer.insert(target.subarray(pending, at - back))
    writer.copy(found - back, length + back)
    at += length
    pending = at
    hashed = false
  }
  if (pending < end) writer.insert(target.subarray(pending, end))
}

/** The first place of each block, at multiples of its size. */
function indexBlocks(base: Uint8Array): Map<number, number> {
  const blocks = new Map<number, number>()
  for (let at = 0; at + BLOCK <= base.length; at += BLOCK) {
    const hash = hashBlock(base, at)
    if (!blocks.has(hash)) blocks.set(hash, at)
  }
  return blocks
}

function matchLength(base: Uint8Array, from: number, target: Uint8Array, at: number, end: number): number {
  const max = Math.min(base.length - from, end - at)
  let length = 0
  while (length < max && base[from + length] === target[at + length]) length++
  return length
}

function hashBlock(bytes: Uint8Array, at: number): number {
  let hash = 0
  for (let i = 0; i < BLOCK; i++) hash = (Math.imul(hash, FACTOR) + (bytes[at + i] ?? 0)) | 0
  return hash
}

/** From the block before to the one that begins at `at`. */
function roll(hash: number, bytes: Uint8Array, at: number): number {
  const without = hash - Math.imul(bytes[at - 1] ?? 0, LEAVING)
  return (Math.imul(without, FACTOR) + (bytes[at + BLOCK - 1] ?? 0)) | 0
}

function powerOf(factor: number, exponent: number): number {
  let power = 1
  for (let i = 0; i < exponent; i++) power = Math.imul(power, factor)
  return power
}
