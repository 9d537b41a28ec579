/** zod → structural OpenAPI schema, as a CustomResourceDefinition wants it. */
import { z } from 'zod'

export interface StructuralSchema {
  readonly [keyword: string]: unknown
}

/** What apiextensions.k8s.io/v1 allows and we use; anything else is a mistake in a schema, found when generating. */
const KEYWORDS = new Set([
  'type',
  'format',
  'description',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
  'properties',
  'required',
  'items',
  'additionalProperties',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
])

export function toStructural(schema: z.ZodType): StructuralSchema {
  return structural(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }), '')
}

function structural(node: unknown, path: string): StructuralSchema {
  if (typeof node !== 'object' || node === null) throw new TypeError(`${path}: not a schema`)
  const result: Record<string, unknown> = {}
  const isOpen = 'x-kubernetes-preserve-unknown-fields' in node
  for (const [keyword, value] of Object.entries(node)) {
    // Of an object that may hold anything zod says so in its own words.
    if (isOpen && (keyword === 'additionalProperties' || keyword === 'properties')) continue
    // zod says it for every object; a structural schema prunes unknown fields anyway and forbids the keyword.
    if (keyword === 'additionalProperties' && value === false) continue
    // Bounds that zod.int() adds: they are those of a JavaScript number, not of the field.
    if ((keyword === 'minimum' || keyword === 'maximum') && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER)
      continue
    if (!KEYWORDS.has(keyword)) throw new TypeError(`${path}: ${keyword} is not allowed in a structural schema`)
    result[keyword] = value
  }
  if (typeof result['type'] !== 'string') throw new TypeError(`${path}: a structural schema needs a type`)
  if (result['properties'] !== undefined) {
    result['properties'] = Object.fromEntries(
      Object.entries(result['properties'] as object).map(([name, inner]) => [
        name,
        structural(inner, `${path}.${name}`),
      ]),
    )
  }
  if (result['items'] !== undefined) result['items'] = structural(result['items'], `${path}[]`)
  if (result['additionalProperties'] !== undefined) {
    result['additionalProperties'] = structural(result['additionalProperties'], `${path}.*`)
  }
  return result
}
