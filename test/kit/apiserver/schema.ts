import { copyOf, isFields, type Fields } from './json.ts'

/** The part of OpenAPI v3 that a structural schema may use. */
export interface Schema {
  readonly type?: string
  readonly properties?: Record<string, Schema>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly nullable?: boolean
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly not?: Schema
  readonly description?: string
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
}

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata'])

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/** Removes fields that the schema does not know from `value`, in place; returns their paths. */
export function prune(value: unknown, schema: Schema, path = '', isObject = true): string[] {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return []
    return value.flatMap((item, index) =>
      prune(item, items, `${path}[${index}]`, items['x-kubernetes-embedded-resource'] === true),
    )
  }
  if (!isFields(value)) return []
  const removed: string[] = []
  for (const [name, item] of Object.entries(value)) {
    if (isObject && OBJECT_FIELDS.has(name)) continue
    const child = childSchema(schema, name)
    if (child === undefined) {
      removed.push(join(path, name))
      delete value[name]
    } else if (child !== true) {
      removed.push(...prune(item, child, join(path, name), child['x-kubernetes-embedded-resource'] === true))
    }
  }
  return removed
}

/** The schema of a field, true when anything may be there, undefined when the field is unknown. */
function childSchema(schema: Schema, name: string): Schema | true | undefined {
  const { properties, additionalProperties } = schema
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name]
  if (additionalProperties === true) return true
  if (isFields(additionalProperties)) return additionalProperties
  return schema['x-kubernetes-preserve-unknown-fields'] === true ? true : undefined
}

/** Fills in defaults, in place. A null where null is not allowed counts as missing when there is a default. */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items !== undefined) for (const item of value) applyDefaults(item, items)
    return
  }
  if (!isFields(value)) return
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    defaultField(value, name, child)
    applyDefaults(value[name], child)
  }
  const rest = schema.additionalProperties
  if (!isFields(rest)) return
  for (const [name, item] of Object.entries(value)) {
    if (schema.properties === undefined || !Object.hasOwn(schema.properties, name)) applyDefaults(item, rest)
  }
}

function defaultField(value: Fields, name: string, child: Schema): void {
  if (child.default === undefined) return
  if (value[name] === undefined || (value[name] === null && child.nullable !== true)) {
    value[name] = copyOf(child.default)
  }
}
