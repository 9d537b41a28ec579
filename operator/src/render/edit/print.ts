/** Values in the style of the text that they are put into. */
import { isMap, isScalar, Scalar, visit } from 'yaml'
import { ExactNumber, stringifyExact } from '../../objects/exact-json.ts'
import { quote, stringStyle } from '../scalar.ts'
import { isRecord } from '../tree.ts'
import type { YamlStyle } from '../yaml.ts'
import type { ParsedYaml } from './exact-yaml.ts'

export interface TextStyle extends Required<YamlStyle> {
  /** Everything in braces, brackets and double quotes. */
  readonly isJson: boolean
  /** One level in braces. */
  readonly unit: string
}

/** How a text is indented, by the first places that tell. */
export function styleOf(text: string, { document }: ParsedYaml): TextStyle {
  let indent: number | undefined
  let indentSeq: boolean | undefined
  const column = (offset: number): number => offset - (text.lastIndexOf('\n', offset - 1) + 1)
  visit(document, {
    Pair(_key, { key, value }) {
      if (!isScalar(key) || key.range === undefined || key.range === null) return undefined
      if (typeof value !== 'object' || value === null || !('items' in value) || !('range' in value)) return undefined
      const { flow, range } = value as { readonly flow?: boolean; readonly range?: readonly number[] }
      if (flow === true || range === undefined) return undefined
      const deeper = column(range[0] ?? 0) - column(key.range[0])
      if (isMap(value)) indent ??= deeper > 0 && deeper <= 8 ? deeper : undefined
      else indentSeq ??= deeper > 0
      return indent !== undefined && indentSeq !== undefined ? visit.BREAK : undefined
    },
  })
  const root = document.contents
  const isJson = isMap(root) && root.flow === true && isStrictJson(text)
  const unit = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
  return { indent: indent ?? 2, indentSeq: indentSeq ?? true, isJson, unit }
}

export function isStrictJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A string in place of another, quoted as that was where it can be; undefined where it needs lines of its own. */
export function printString(text: string, before: Scalar | undefined): string | undefined {
  if (before?.type === Scalar.QUOTE_DOUBLE && (!text.includes('\n') || String(before.value).includes('\n'))) {
    return doubleQuote(text)
  }
  if (before?.type === Scalar.QUOTE_SINGLE && /^[\x20-\x7e]*$/.test(text)) return `'${text.replaceAll("'", "''")}'`
  const style = stringStyle(text)
  if (style === 'block') return undefined
  return style === 'plain' ? text : quote(text)
}

/** JSON's quotes, which are YAML's too; what YAML readers stumble over is escaped. */
function doubleQuote(text: string): string {
  const quoted = quote(text)
  return quoted.startsWith('"') ? quoted : JSON.stringify(text)
}

/** A value in one line, between braces or brackets. */
export function printFlow(value: unknown, isJson: boolean): string {
  if (Array.isArray(value)) return `[${value.map((item) => printFlow(item, isJson)).join(', ')}]`
  if (isRecord(value)) {
    const pairs = Object.entries(value).map(([key, inner]) => `${flowString(key, isJson)}: ${printFlow(inner, isJson)}`)
    return pairs.length === 0 ? '{}' : `{${pairs.join(', ')}}`
  }
  return typeof value === 'string' ? flowString(value, isJson) : printNumber(value)
}

/** A value over several lines, as JSON; the first line has no indentation. */
export function printJson(value: unknown, unit: string, prefix: string): string {
  return JSON.stringify(value, null, unit).replaceAll('\n', `\n${prefix}`)
}

export function flowString(text: string, isJson: boolean): string {
  if (isJson) return JSON.stringify(text)
  return stringStyle(text) === 'plain' && /^[A-Za-z0-9_./-]+$/.test(text) ? text : doubleQuote(text)
}

/** Anything but texts, lists and maps. */
export function printNumber(value: unknown): string {
  return value instanceof ExactNumber ? value.source : stringifyExact(value)
}
