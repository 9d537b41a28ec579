/** How large a file will be, before it is printed: indentation makes hundreds of megabytes of a few kilobytes in brackets. */
import { ExactNumber } from '../objects/exact-json.ts'
import { stringStyle } from './scalar.ts'
import { isRecord } from './tree.ts'
import type { JsonRecord } from './tree.ts'

/**
 * Whether a value cannot be printed in so many bytes, told without printing it. What is not told so may still be larger, by
 * punctuation and escapes.
 */
export function isPrintedLarger(value: unknown, format: 'YAML' | 'JSON', maxBytes: number): boolean {
  let left = maxBytes
  // Lines that hold a value: those of brackets alone, and marks, are not counted.
  const spend = (item: unknown, depth: number): void => {
    if (left < 0) return
    if (Array.isArray(item) && item.length > 0) {
      for (const each of item) spend(each, depth + 1)
      return
    }
    const keys = isRecord(item) ? Object.keys(item) : []
    if (keys.length === 0) left -= 2 * depth + sizeOf(item, format, depth)
    for (const key of keys) {
      left -= key.length
      spend((item as JsonRecord)[key], depth + 1)
    }
  }
  // The outermost level of YAML is not indented.
  spend(value, format === 'YAML' ? -1 : 0)
  return left < 0
}

function sizeOf(value: unknown, format: 'YAML' | 'JSON', depth: number): number {
  if (value instanceof ExactNumber) return value.source.length
  if (typeof value !== 'string') return 1
  const isBlock = format === 'YAML' && value.includes('\n') && stringStyle(value) === 'block'
  return value.length + (isBlock ? 2 * depth * (value.match(/\n[^\n]/g)?.length ?? 0) : 0)
}
