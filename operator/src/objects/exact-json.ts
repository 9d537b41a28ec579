/**
 * JSON in and out without changing a number. JavaScript would turn 9007199254740993 into …992 and 1.0 into 1; here such
 * a number keeps the text it came with.
 */

/** A number whose source text a JavaScript number cannot give back: too large, too precise, or spelled differently. */
export class ExactNumber {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
  toJSON(): unknown {
    return rawJSON(this.source)
  }
}

export type JsonValue = null | boolean | number | string | ExactNumber | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

// ECMAScript 2026, in V8 since 13.6; not yet in TypeScript's library files.
const { rawJSON } = JSON as unknown as { rawJSON(this: void, text: string): unknown }
type SourceReviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseWithSource = JSON.parse as (text: string, reviver: SourceReviver) => unknown

/**
 * Text without any of these holds only numbers that print as they were read: a value that is long, has a fraction or an
 * exponent, or is -0. Strings may match by chance, harmlessly.
 */
const NEEDS_SOURCE = /(?:^|[:[,])\s*(?:-0|-?\d+[.eE]|-?\d{16})/

/**
 * Parses JSON; numbers that would change become {@link ExactNumber}.
 * @throws SyntaxError when the text is not JSON
 */
export function parseExact(text: string): unknown {
  return NEEDS_SOURCE.test(text) ? parseWithSource(text, keepSource) : JSON.parse(text)
}

function keepSource(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value !== 'number' || context.source === undefined ? value : exactNumber(context.source)
}

/** @param source a number as JSON spells it */
export function exactNumber(source: string): number | ExactNumber {
  const value = Number(source)
  return Object.is(value, -0) || String(value) !== source ? new ExactNumber(source) : value
}

/** Prints a value that {@link parseExact} gave, numbers as they were read. `space` as for `JSON.stringify`. */
export function stringifyExact(value: unknown, space?: number): string {
  return JSON.stringify(value, null, space)
}
