/** Reads values.yaml: the comment above a key describes it, lines with `@schema` hold what its default does not say. */
import { parse } from 'yaml'

export interface Value {
  /** `metrics.service.enabled` */
  readonly path: readonly string[]
  readonly description: string
  /** JSON Schema, besides type and description. */
  readonly schema: Readonly<Record<string, unknown>>
  readonly default: unknown
}

/** Every value that has a description, in the order of the file. @throws Error for a key without one, and for a schema that is not JSON */
export function readValues(text: string): Value[] {
  const values: Value[] = []
  const defaults = parse(text) as Record<string, unknown>
  const stack: { readonly indent: number; readonly key: string }[] = []
  let comment: string[] = []
  let above = -1
  for (const [index, line] of text.split('\n').entries()) {
    const key = /^( *)([A-Za-z]\w*):/.exec(line)
    if (/^ *#/.test(line)) {
      comment.push(line.trim().slice(1).trim())
      continue
    }
    if (key === null || (above >= 0 && indentOf(line) > above)) {
      comment = []
      continue
    }
    above = -1
    const [, spaces = '', name = ''] = key
    while ((stack.at(-1)?.indent ?? -1) >= spaces.length) stack.pop()
    stack.push({ indent: spaces.length, key: name })
    if (comment.length > 0) {
      const path = stack.map(({ key }) => key)
      const isSchema = (text: string): boolean => text.startsWith('@schema ')
      const schema = comment.filter(isSchema).map((text) => parseSchema(text.slice('@schema '.length), index))
      const description = comment.filter((text) => !isSchema(text)).join(' ')
      values.push({ path, description, schema: Object.assign({}, ...schema), default: lookUp(defaults, path) })
      // What is below is a default, not values of their own.
      above = spaces.length
    } else if (
      typeof lookUp(
        defaults,
        stack.map(({ key }) => key),
      ) !== 'object'
    ) {
      throw new Error(`values.yaml, line ${index + 1}: ${name} has no description above it`)
    }
    comment = []
  }
  return values
}

const indentOf = (line: string): number => line.length - line.trimStart().length

function parseSchema(text: string, index: number): object {
  try {
    return JSON.parse(text) as object
  } catch (error) {
    throw new Error(`values.yaml, above line ${index + 1}: ${String(error)}`, { cause: error })
  }
}

function lookUp(from: unknown, path: readonly string[]): unknown {
  return path.reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], from)
}

interface ObjectSchema {
  type: 'object'
  additionalProperties: false
  properties: Record<string, unknown>
}

/** Knows every value and refuses all others, so that a typo is an error. */
export function valuesSchema(values: readonly Value[]): object {
  const root: ObjectSchema & { $schema: string; title: string } = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart gitsync-operator',
    type: 'object',
    additionalProperties: false,
    // Helm adds it to the values of every chart that is a dependency.
    properties: { global: { type: 'object' } },
  }
  for (const { path, description, schema, default: value } of values) {
    let parent: ObjectSchema = root
    for (const key of path.slice(0, -1)) {
      parent.properties[key] ??= { type: 'object', additionalProperties: false, properties: {} }
      parent = parent.properties[key] as ObjectSchema
    }
    parent.properties[path.at(-1) ?? ''] = { description, type: typeOf(value), ...schema, default: value }
  }
  return root
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return 'integer'
  return typeof value
}
