/** A number whose text JavaScript would not give back (2^53 + 1, `1.0`, `1e3`): it keeps that text. */
interface RawNumber {
  readonly rawJSON: string
}

export type Fields = Record<string, unknown>

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const native = JSON as unknown as {
  rawJSON(text: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
  parse(text: string, reviver?: Reviver): unknown
}

/** May also match inside a string: parsing is then slower, not wrong. */
const SPECIAL_NUMBER = /\d{16}|\d[.eE]|-0/

/** Parses JSON so that every number is written back exactly as it was read. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  if (!SPECIAL_NUMBER.test(text)) return native.parse(text)
  return native.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? native.rawJSON(source) : value,
  )
}

export const isRawNumber = (value: unknown): value is RawNumber => native.isRawJSON(value)

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !native.isRawJSON(value)

/** The number's value, for comparing; undefined when it is not a number. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return isRawNumber(value) ? Number(value.rawJSON) : undefined
}

export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})
export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The value at a path of field names; undefined when any step is missing. */
export function at(value: unknown, ...path: string[]): unknown {
  let found: unknown = value
  for (const step of path) {
    if (!isFields(found) || !Object.hasOwn(found, step)) return undefined
    found = found[step]
  }
  return found
}

/** A deep copy; structuredClone would lose the text of raw numbers. */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T
  if (!isFields(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)])) as T
}

/** Deep equality; field order does not matter, the spelling of numbers does. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index]))
  }
  if (isRawNumber(a)) return isRawNumber(b) && a.rawJSON === b.rawJSON
  if (!isFields(a) || !isFields(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]))
}

/** How a value is shown in a validation message. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (isFields(value)) return 'object'
  return JSON.stringify(value)
}

/** The JSON type name of a value. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  const number = toNumber(value)
  if (number !== undefined) return Number.isInteger(number) ? 'integer' : 'number'
  return typeof value
}
