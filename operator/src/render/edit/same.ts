import { ExactNumber } from '../../objects/exact-json.ts'
import { isRecord } from '../tree.ts'
import { Unclear } from './exact-yaml.ts'

/** Whether two JSON values are equal, numbers by spelling, maps in any order. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]))
  if (isRecord(a) && isRecord(b)) {
    const keys = Object.keys(a)
    if (keys.length !== Object.keys(b).length) return false
    return keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
  }
  if (a instanceof Unclear) return b instanceof Unclear && a.text === b.text
  return a instanceof ExactNumber && b instanceof ExactNumber && a.source === b.source
}
