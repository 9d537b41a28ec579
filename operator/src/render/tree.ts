/** JSON values: what they are, and copy-on-write edits of them: what isn't changed is shared with the original. */
import { ExactNumber } from '../objects/exact-json.ts'

export type JsonRecord = Readonly<Record<string, unknown>>
export type Path = readonly string[]

/** A JSON object; not an array, not an ExactNumber or other class. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** A value as a record: an empty one where it is none. */
export const asRecord = (value: unknown): JsonRecord => (isRecord(value) ? value : {})

/** The records of a list: none where it is no list. */
export const recordsIn = (value: unknown): JsonRecord[] =>
  Array.isArray(value) ? value.filter((item) => isRecord(item)) : []

/** Whether lists and records are nested deeper than that. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}

/** `record` itself when it has none of the keys. */
export function omitKeys(record: JsonRecord, keys: readonly string[]): JsonRecord {
  if (!keys.some((key) => Object.hasOwn(record, key))) return record
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)))
}

/**
 * Changes the record at `path`; does nothing where there is none. A record that the change leaves empty is removed from its
 * parent, so that taking the last label away leaves no `labels: {}`.
 */
export function updateAt(record: JsonRecord, path: Path, change: (inner: JsonRecord) => JsonRecord): JsonRecord {
  const [key, ...rest] = path
  if (key === undefined) return change(record)
  const before = Object.hasOwn(record, key) ? record[key] : undefined
  if (!isRecord(before)) return record
  const after = updateAt(before, rest, change)
  if (after === before) return record
  return Object.keys(after).length === 0 ? omitKeys(record, [key]) : { ...record, [key]: after }
}
