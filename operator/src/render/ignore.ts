/** Places of an object that are nobody's business: JSON pointers (RFC 6901), with `*` for any one part. */
import type { KubernetesObject } from '../objects/object.ts'
import { isRecord } from './tree.ts'

/** The parts of a pointer, unescaped; `undefined` stands for any one. */
export type Pointer = readonly (string | undefined)[]

/** Without these a file is no Kubernetes object any more, or another one. */
const REQUIRED = [['apiVersion'], ['kind'], ['metadata'], ['metadata', 'name'], ['metadata', 'namespace']]

/**
 * Reads a pointer such as `/metadata/annotations/example.com~1noise`: `~0` stands for `~`, `~1` for `/`, and `~*` for a star that
 * is meant as it stands.
 * @throws RangeError for text that is no pointer, and for places that every file needs
 */
export function parsePointer(text: string): Pointer {
  if (!text.startsWith('/')) throw new RangeError(`${JSON.stringify(text)} must start with /`)
  if (/~(?![01*])/.test(text)) throw new RangeError(`${JSON.stringify(text)}: ~ is written ~0, and / in a part ~1`)
  const parts = text
    .slice(1)
    .split('/')
    .map((part) => (part === '*' ? undefined : part.replaceAll('~*', '*').replaceAll('~1', '/').replaceAll('~0', '~')))
  const isRequired = REQUIRED.some(
    (path) => path.length === parts.length && path.every((key, i) => parts[i] === undefined || parts[i] === key),
  )
  if (isRequired) throw new RangeError(`${JSON.stringify(text)}: a file needs what this names`)
  return parts
}

/** The object without what the pointers name; maps that this leaves empty go as well, lists stay. */
export function removeIgnored(object: KubernetesObject, pointers: readonly Pointer[]): KubernetesObject {
  let rest: unknown = object
  for (const pointer of pointers) rest = without(rest, pointer)
  return rest as KubernetesObject
}

function without(value: unknown, [part, ...rest]: Pointer): unknown {
  const isLast = rest.length === 0
  const hits = (key: string): boolean => part === undefined || part === key
  if (Array.isArray(value)) {
    if (isLast) return value.some((_, i) => hits(String(i))) ? value.filter((_, i) => !hits(String(i))) : value
    const items = value.map((item, i) => (hits(String(i)) ? without(item, rest) : (item as unknown)))
    return items.some((item, i) => item !== value[i]) ? items : value
  }
  if (!isRecord(value)) return value
  let isChanged = false
  const kept: [string, unknown][] = []
  for (const [key, inner] of Object.entries(value)) {
    if (!hits(key)) {
      kept.push([key, inner])
      continue
    }
    const after = isLast ? undefined : without(inner, rest)
    const isEmptied = after !== inner && isRecord(after) && Object.keys(after).length === 0
    if (after !== inner) isChanged = true
    if (!isLast && !isEmptied) kept.push([key, after])
  }
  return isChanged ? Object.fromEntries(kept) : value
}

/** The object with the values that a file has at the ignored places. */
export function keepIgnored(object: unknown, file: unknown, pointers: readonly Pointer[]): unknown {
  return pointers.reduce((kept, pointer) => withKept(kept, file, pointer), object)
}

function withKept(value: unknown, file: unknown, [part, ...rest]: Pointer): unknown {
  const isLast = rest.length === 0
  if (Array.isArray(file)) {
    // An ignored item has no place of its own in another list.
    if (isLast || !Array.isArray(value)) return value
    return value.map((item: unknown, i) =>
      part === undefined || part === String(i) ? withKept(item, file[i], rest) : item,
    )
  }
  if (!isRecord(file) || !(isRecord(value) || value === undefined)) return value
  const kept = new Map<string, unknown>()
  for (const [key, inner] of Object.entries(file)) {
    if (part !== undefined && part !== key) continue
    const before = value !== undefined && Object.hasOwn(value, key) ? value[key] : undefined
    const after = isLast ? inner : withKept(before, inner, rest)
    if (after !== undefined && after !== before) kept.set(key, after)
  }
  return kept.size === 0 ? value : Object.fromEntries([...Object.entries(value ?? {}), ...kept])
}
