/** Copies of a value in which some parts are others, or gone. */
import { isRecord } from '../tree.ts'
import { follow, type Pointer } from './pointer.ts'
import type { Position } from './sensitive.ts'

/** Replaces every value that is neither map, list nor null, keys and order kept. */
export function mapLeaves(
  value: unknown,
  change: (leaf: unknown, at: Position) => unknown,
  at: Position = [],
): unknown {
  if (Array.isArray(value)) return value.map((item, i) => mapLeaves(item, change, [...at, i]))
  if (isRecord(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, mapLeaves(inner, change, [...at, key])]),
    )
  return value === null ? null : change(value, at)
}

/** As {@link mapLeaves}, of what the pointers lead to. */
export function mapSensitive(
  value: unknown,
  pointers: readonly Pointer[],
  change: (leaf: unknown, at: Position) => unknown,
  at: Position = [],
): unknown {
  if (pointers.length === 0) return value
  if (pointers.some((pointer) => pointer.length === 0)) return mapLeaves(value, change, at)
  return mapParts(value, (inner, part) => mapSensitive(inner, follow(pointers, String(part)), change, [...at, part]))
}

/** Leaves out what the pointers lead to; a map that becomes empty goes too. */
export function omitSensitive(value: unknown, pointers: readonly Pointer[]): unknown {
  const stays = (part: string | number): boolean =>
    !follow(pointers, String(part)).some((pointer) => pointer.length === 0)
  if (Array.isArray(value))
    return value.flatMap((item, i) => (stays(i) ? [omitSensitive(item, follow(pointers, String(i)))] : []))
  if (!isRecord(value)) return value
  const kept = Object.entries(value).flatMap(([key, inner]) => {
    if (!stays(key)) return []
    const rest = omitSensitive(inner, follow(pointers, key))
    return isEmptied(inner, rest) ? [] : [[key, rest] as const]
  })
  return Object.fromEntries(kept)
}

function isEmptied(before: unknown, after: unknown): boolean {
  return isRecord(before) && isRecord(after) && Object.keys(after).length === 0 && Object.keys(before).length > 0
}

function mapParts(value: unknown, change: (inner: unknown, part: string | number) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item, i) => change(item, i))
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner, key)]))
}
