import type { Cause } from './errors.ts'
import { isEqual, isFields, listOf, shown, toNumber, typeName, type Fields } from './json.ts'
import type { Schema } from './schema.ts'

/** Every rule of a structural schema that `value` breaks; CEL rules are not looked at. */
export function validate(value: unknown, schema: Schema, path = ''): Cause[] {
  if (value === null && schema.nullable === true) return []
  const wrongType = checkType(value, schema, path)
  if (wrongType !== undefined) return [wrongType]
  const causes = [...checkEnum(value, schema, path), ...checkCombined(value, schema, path)]
  const number = toNumber(value)
  if (number !== undefined) causes.push(...checkNumber(number, schema, path))
  else if (typeof value === 'string') causes.push(...checkString(value, schema, path))
  else if (Array.isArray(value)) causes.push(...checkList(value, schema, path))
  else if (isFields(value)) causes.push(...checkFields(value, schema, path))
  return causes
}

const wrong = (field: string, value: unknown, rule: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${shown(value)}: ${field} in body ${rule}`,
  field,
})

function checkType(value: unknown, schema: Schema, path: string): Cause | undefined {
  const actual = typeName(value)
  const name = path === '' ? '<nil>' : path
  const mustBe = (type: string): Cause => ({
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: ${JSON.stringify(actual)}: ${name} in body must be of type ${type}: ${JSON.stringify(actual)}`,
    field: name,
  })
  if (schema['x-kubernetes-int-or-string'] === true) {
    return actual === 'integer' || actual === 'string' ? undefined : mustBe('integer,string')
  }
  if (schema.type === undefined || schema.type === '' || schema.type === actual) return undefined
  if (schema.type === 'number' && actual === 'integer') return undefined
  return mustBe(schema.type)
}

function checkEnum(value: unknown, schema: Schema, path: string): Cause[] {
  if (schema.enum === undefined || schema.enum.some((allowed) => isEqual(allowed, value))) return []
  const allowed = schema.enum.map((item) => JSON.stringify(item)).join(', ')
  return [
    {
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${shown(value)}: supported values: ${allowed}`,
      field: path,
    },
  ]
}

function checkCombined(value: unknown, schema: Schema, path: string): Cause[] {
  const holds = (part: Schema): boolean => validate(value, part, path).length === 0
  const causes = (schema.allOf ?? []).flatMap((part) => validate(value, part, path))
  if (schema.anyOf !== undefined && !schema.anyOf.some(holds)) {
    causes.push(wrong(path, value, 'must validate at least one schema (anyOf)'))
  }
  if (schema.oneOf !== undefined && schema.oneOf.filter(holds).length !== 1) {
    causes.push(wrong(path, value, 'must validate one and only one schema (oneOf)'))
  }
  if (schema.not !== undefined && holds(schema.not))
    causes.push(wrong(path, value, 'must not validate the schema (not)'))
  return causes
}

function checkNumber(value: number, schema: Schema, path: string): Cause[] {
  const { minimum, maximum, multipleOf, format } = schema
  const causes: Cause[] = []
  if (minimum !== undefined && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    const orEqual = schema.exclusiveMinimum === true ? '' : ' or equal to'
    causes.push(wrong(path, value, `should be greater than${orEqual} ${minimum}`))
  }
  if (maximum !== undefined && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    const orEqual = schema.exclusiveMaximum === true ? '' : ' or equal to'
    causes.push(wrong(path, value, `should be less than${orEqual} ${maximum}`))
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) {
    causes.push(wrong(path, value, `should be a multiple of ${multipleOf}`))
  }
  if (format === 'int32' && (value < -(2 ** 31) || value >= 2 ** 31)) {
    causes.push(wrong(path, value, 'must be of type int32'))
  }
  return causes
}

const FORMATS: Record<string, RegExp> = {
  'date-time': /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
  date: /^\d{4}-\d\d-\d\d$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  ipv4: /^\d{1,3}(\.\d{1,3}){3}$/,
  byte: /^[A-Za-z0-9+/]*={0,2}$/,
}

function checkString(value: string, schema: Schema, path: string): Cause[] {
  const { minLength, maxLength, pattern, format } = schema
  const causes: Cause[] = []
  const length = Array.from(value).length
  if (maxLength !== undefined && length > maxLength) {
    causes.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${maxLength} bytes`,
      field: path,
    })
  }
  if (minLength !== undefined && length < minLength) {
    causes.push(wrong(path, value, `should be at least ${minLength} chars long`))
  }
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
    causes.push(wrong(path, value, `should match '${pattern}'`))
  }
  const shape = format === undefined ? undefined : FORMATS[format]
  if (shape !== undefined && !shape.test(value)) {
    causes.push(wrong(path, value, `must be of type ${format}: ${JSON.stringify(value)}`))
  }
  return causes
}

function checkList(value: readonly unknown[], schema: Schema, path: string): Cause[] {
  const { minItems, maxItems, items } = schema
  const causes: Cause[] = []
  if (maxItems !== undefined && value.length > maxItems) {
    causes.push({
      reason: 'FieldValueTooMany',
      message: `Too many: ${value.length}: must have at most ${maxItems} items`,
      field: path,
    })
  }
  if (minItems !== undefined && value.length < minItems) {
    causes.push(wrong(path, value.length, `should have at least ${minItems} items`))
  }
  if (items !== undefined) {
    causes.push(...value.flatMap((item, index) => validate(item, items, `${path}[${index}]`)))
  }
  return [...causes, ...checkDuplicates(value, schema, path)]
}

/** Lists of type `set` and `map` hold each item, or each combination of the key fields, once. */
function checkDuplicates(value: readonly unknown[], schema: Schema, path: string): Cause[] {
  const type = schema['x-kubernetes-list-type']
  if (type !== 'set' && type !== 'map') return []
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const identity = (item: unknown): unknown =>
    type === 'map' && isFields(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : item
  const seen: unknown[] = []
  const causes: Cause[] = []
  for (const [index, item] of listOf(value).entries()) {
    const id = identity(item)
    if (seen.some((other) => isEqual(other, id))) {
      const message = `Duplicate value: ${JSON.stringify(id)}`
      causes.push({ reason: 'FieldValueDuplicate', message, field: `${path}[${index}]` })
    }
    seen.push(id)
  }
  return causes
}

function checkFields(value: Fields, schema: Schema, path: string): Cause[] {
  const count = Object.keys(value).length
  const inside = (name: string): string => (path === '' ? name : `${path}.${name}`)
  const causes: Cause[] = (schema.required ?? [])
    .filter((name) => value[name] === undefined)
    .map((name) => ({ reason: 'FieldValueRequired', message: 'Required value', field: inside(name) }))
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    causes.push(wrong(path, count, `should have at least ${schema.minProperties} properties`))
  }
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    const message = `Too many: ${count}: must have at most ${schema.maxProperties} items`
    causes.push({ reason: 'FieldValueTooMany', message, field: path })
  }
  const rest = schema.additionalProperties
  for (const [name, item] of Object.entries(value)) {
    const known = schema.properties
    const child = known !== undefined && Object.hasOwn(known, name) ? known[name] : isFields(rest) ? rest : undefined
    if (child !== undefined && item !== undefined) causes.push(...validate(item, child, inside(name)))
  }
  return causes
}
