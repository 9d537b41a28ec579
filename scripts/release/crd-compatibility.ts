/** A definition as far as it says what objects may be. */
export interface Definition {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly group: string
    readonly scope: string
    readonly names: { readonly kind: string; readonly plural: string }
    readonly versions: readonly {
      readonly name: string
      readonly served: boolean
      readonly schema: { readonly openAPIV3Schema: Schema }
    }[]
  }
}

/** OpenAPI v3 as a CustomResourceDefinition has it, structural. */
export interface Schema {
  readonly type?: string
  readonly format?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly nullable?: boolean
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string }[]
  readonly [limit: string]: unknown
}

/** A higher value leaves less. */
const LEAST = ['minimum', 'minLength', 'minItems', 'minProperties'] as const
/** A lower value leaves less. */
const MOST = ['maximum', 'maxLength', 'maxItems', 'maxProperties'] as const

/**
 * What of an older definition a newer one no longer takes, or takes for something else: objects that are stored in clusters
 * would be refused when they are written again, lose fields, or mean another thing.
 * @returns one line each, beginning with the place; none where every object of the older one is as good as before
 */
export function incompatibilities(older: Definition, newer: Definition): string[] {
  const { name } = older.metadata
  const found: string[] = []
  for (const [field, before, after] of [
    ['group', older.spec.group, newer.spec.group],
    ['scope', older.spec.scope, newer.spec.scope],
    ['names.kind', older.spec.names.kind, newer.spec.names.kind],
    ['names.plural', older.spec.names.plural, newer.spec.names.plural],
  ] as const) {
    if (before !== after) found.push(`${name} ${field}: was ${before}, is ${after}`)
  }
  for (const version of older.spec.versions) {
    if (!version.served) continue
    const at = `${name} ${version.name}`
    const next = newer.spec.versions.find((candidate) => candidate.name === version.name)
    if (next?.served !== true) found.push(`${at}: is no longer served`)
    else found.push(...compare(at, version.schema.openAPIV3Schema, next.schema.openAPIV3Schema))
  }
  return found
}

function* compare(at: string, older: Schema, newer: Schema): Generator<string> {
  yield* value(at, older, newer)
  yield* bounds(at, older, newer)
  yield* members(at, older, newer)
}

function* value(at: string, older: Schema, newer: Schema): Generator<string> {
  for (const field of ['type', 'format', 'default', 'x-kubernetes-int-or-string'] as const) {
    const [before, after] = [JSON.stringify(older[field]), JSON.stringify(newer[field])]
    // A default where there was none gives objects what they had not said.
    if (before !== after) yield `${at}: ${field} was ${before ?? 'absent'}, is ${after ?? 'absent'}`
  }
  for (const field of ['nullable', 'x-kubernetes-preserve-unknown-fields'] as const) {
    if (older[field] === true && newer[field] !== true) yield `${at}: no longer ${field}`
  }
  if (newer.enum === undefined) return
  if (older.enum === undefined) yield `${at}: only some values are left: ${newer.enum.join(', ')}`
  for (const one of older.enum ?? []) if (!newer.enum.includes(one)) yield `${at}: the value ${String(one)} is gone`
}

function* bounds(at: string, older: Schema, newer: Schema): Generator<string> {
  for (const limit of LEAST) {
    const [before, after] = [numberOf(older[limit]), numberOf(newer[limit])]
    if (after !== undefined && (before === undefined || after > before)) yield changed(at, limit, before, after)
  }
  for (const limit of MOST) {
    const [before, after] = [numberOf(older[limit]), numberOf(newer[limit])]
    if (after !== undefined && (before === undefined || after < before)) yield changed(at, limit, before, after)
  }
  // Whether one pattern or rule allows what another does cannot be told.
  if (newer.pattern !== undefined && newer.pattern !== older.pattern) {
    yield changed(at, 'pattern', older.pattern, newer.pattern)
  }
  const known = new Set(older['x-kubernetes-validations']?.map(({ rule }) => rule))
  for (const { rule } of newer['x-kubernetes-validations'] ?? []) {
    if (!known.has(rule)) yield `${at}: a rule is new: ${rule}`
  }
}

function* members(at: string, older: Schema, newer: Schema): Generator<string> {
  for (const name of newer.required ?? []) {
    const isNew = older.required?.includes(name) !== true
    if (isNew && newer.properties?.[name]?.default === undefined) yield `${at}.${name}: is now required`
  }
  for (const [name, schema] of Object.entries(older.properties ?? {})) {
    const next = newer.properties?.[name]
    if (next !== undefined) yield* compare(`${at}.${name}`, schema, next)
    else if (newer['x-kubernetes-preserve-unknown-fields'] !== true) yield `${at}.${name}: is gone`
  }
  yield* inner(`${at}[]`, older.items, newer.items)
  yield* inner(`${at}.*`, schemaOf(older.additionalProperties), schemaOf(newer.additionalProperties))
}

function* inner(at: string, older: Schema | undefined, newer: Schema | undefined): Generator<string> {
  if (older !== undefined && newer !== undefined) yield* compare(at, older, newer)
  else if (older !== undefined) yield `${at}: is gone`
}

const schemaOf = (given: Schema | boolean | undefined): Schema | undefined =>
  typeof given === 'object' ? given : given === true ? {} : undefined

const numberOf = (given: unknown): number | undefined => (typeof given === 'number' ? given : undefined)

const changed = (at: string, what: string, before: number | string | undefined, after: number | string): string =>
  `${at}: ${what} was ${before ?? 'absent'}, is ${after}`
