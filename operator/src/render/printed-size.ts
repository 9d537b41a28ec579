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
  const spend = (item: unknown, depth: number, isOfMap: boolean): void => {
    if (left < 0) return
    const items = Array.isArray(item) ? item : []
    const keys = isRecord(item) ? Object.keys(item) : []
    if (items.length + keys.length === 0) left -= 2 * depth + sizeOf(item, format, depth)
    // A line for each bracket; YAML has one for the key of what is in a map.
    else if (format === 'JSON') left -= 4 * depth
    else if (isOfMap) left -= 2 * depth
    for (const each of items) spend(each, depth + 1, false)
    for (const key of keys) {
      left -= key.length
      spend((item as JsonRecord)[key], depth + 1, true)
    }
  }
  // The outermost level of YAML is not indented.
  spend(value, format === 'YAML' ? -1 : 0, false)
  return left < 0
}

function sizeOf(value: unknown, format: 'YAML' | 'JSON', depth: number): number {
  if (value instanceof ExactNumber) return value.source.length
  if (typeof value !== 'string') return 1
  const isBlock = format === 'YAML' && value.includes('\n') && stringStyle(value) === 'block'
  return value.length + (isBlock ? 2 * depth * (value.match(/\n[^\n]/g)?.length ?? 0) : 0)
}
