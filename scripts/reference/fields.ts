import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { row } from './table.ts'

/** As much of a structural schema as a table shows. */
interface Schema {
  readonly type: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema
  readonly 'x-kubernetes-validations'?: readonly { readonly message: string }[]
}

/** The table of a kind's fields below `spec` or `status`, from its CustomResourceDefinition. */
export function fieldTables(plural: string, part: 'spec' | 'status'): string {
  const definition = parse(readFileSync(`crds/gitsync.dev_${plural}.yaml`, 'utf8')) as {
    readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] }
  }
  const schema = definition.spec.versions[0]?.schema.openAPIV3Schema.properties?.[part]
  if (schema === undefined) throw new Error(`${plural} has no ${part}`)
  const rows = [...rowsOf(part, schema)]
  return `| Field | Meaning |\n| --- | --- |\n${rows.join('\n')}\n`
}

function* rowsOf(path: string, schema: Schema): Generator<string> {
  const { properties = {}, required = [] } = schema
  for (const [name, inner] of Object.entries(properties)) {
    const at = `${path}.${name}`
    const shown = inner.type === 'array' ? `${at}[]` : at
    const facts = [typeOf(inner), defaultOf(inner, required.includes(name))].filter((fact) => fact !== '').join(', ')
    // Below the name: columns of their own leave the meaning no room.
    yield row(`\`${shown}\`<br>${facts}`, meaningOf(inner))
    yield* rowsOf(shown, inner.items ?? inner)
  }
}

function typeOf(schema: Schema): string {
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? { type: 'unknown' })}`
  if (schema.additionalProperties !== undefined) return `map of ${typeOf(schema.additionalProperties)}`
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  return schema.format === 'date-time' ? 'time' : schema.type
}

function defaultOf(schema: Schema, isRequired: boolean): string {
  if (isRequired) return 'required'
  // That of an object is the sum of its fields' own.
  if (schema.default === undefined || schema.type === 'object') return ''
  return `default \`${typeof schema.default === 'string' ? schema.default || '""' : JSON.stringify(schema.default)}\``
}

/** Description, then bounds and rules that the API server checks. */
function meaningOf(schema: Schema): string {
  const { items } = schema
  const { maxLength, maxItems, maxProperties, minItems = 0 } = schema
  const rules = [schema, ...(items === undefined ? [] : [items])].flatMap(
    (checked) => checked['x-kubernetes-validations'] ?? [],
  )
  const bounds = [
    rangeOf(schema),
    maxLength === undefined ? [] : `At most ${grouped(maxLength)} characters.`,
    maxItems === undefined ? [] : `${minItems > 0 ? `${minItems} to` : 'At most'} ${maxItems} entries.`,
    maxProperties === undefined ? [] : `At most ${maxProperties} entries.`,
    rules.length === 0 ? [] : `Checked: ${rules.map(({ message }) => message.replace(/\.$/, '')).join('; ')}.`,
  ].flat()
  return escaped([schema.description ?? '', ...bounds].filter((text) => text !== '').join(' '))
}

/** Bounds of a number, unless they are those of its type. */
function rangeOf({ minimum, maximum }: Schema): string {
  const isBounded = minimum !== undefined && maximum !== undefined && (minimum > 0 || maximum < INT32_MAX)
  return isBounded ? `From ${grouped(minimum)} to ${grouped(maximum)}.` : ''
}

const INT32_MAX = 2 ** 31 - 1
const grouped = (count: number): string => count.toLocaleString('en-US')
const escaped = (text: string): string => text.replaceAll('<', '&lt;').replaceAll('*', String.raw`\*`)
