import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'

/** A document of OpenAPI 3.0, as far as it is looked at. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly [kind: string]: Readonly<Record<string, unknown>> }
}

interface Operation {
  readonly parameters?: readonly (Parameter | Reference)[]
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> } | Reference>>
}
interface Reference {
  readonly $ref: string
}
interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: Schema
}
type Schema = Readonly<Record<string, any>>
interface Content {
  readonly schema: Schema
}

export interface Exchange {
  readonly method: string
  /** Decoded by nobody, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly body: unknown
}

export interface Validator {
  /** What is wrong with a request; nothing when it is as the document has it. */
  request(exchange: Exchange): string[]
  /** What is wrong with an answer. A stand-in may leave fields out, and may not make any up. */
  answer(exchange: Exchange, status: number, body: unknown): string[]
}

const JSON_TYPE = 'application/json'
/** Of what is wrong with an answer that lacks fields, and of what follows from that. */
const LEFT_OUT = ['required', 'anyOf', 'oneOf', 'allOf', 'null']
/** Any operation may be answered like this, whatever its description says. */
const ALWAYS = [401, 403, 404]

/** Holds requests and answers against a host's published description of its API. */
export function openApiValidator(document: OpenApi): Validator {
  const ajv = new Ajv({
    strict: false,
    validateFormats: false,
    coerceTypes: false,
    allErrors: true,
    validateSchema: false,
    logger: false,
  })
  ajv.addSchema(document, 'api')
  const compiled = new Map<string, ValidateFunction>()

  /** References in a schema are those of the document. */
  const compile = (schema: Schema): ValidateFunction => {
    const key = JSON.stringify(schema)
    const found = compiled.get(key) ?? ajv.compile(JSON.parse(key.replaceAll('"#/', '"api#/')) as Schema)
    compiled.set(key, found)
    return found
  }
  const check = (schema: Schema, value: unknown, where: string, passed: readonly string[] = []): string[] => {
    const validate = compile(schema)
    if (validate(value)) return []
    const errors = (validate.errors ?? []).filter(({ keyword }) => !passed.includes(keyword))
    return errors.map(({ instancePath, message }) => `${where}${instancePath}: ${message}`)
  }
  const resolve = <T extends object>(value: T | Reference): T => {
    if (!('$ref' in value)) return value
    const found = value.$ref
      .slice('#/'.length)
      .split('/')
      .reduce<any>((at, part) => at?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], document)
    if (found === undefined) throw new Error(`${value.$ref} is not in the document`)
    return resolve(found as T | Reference)
  }

  /** Names of the fields that an object may have; undefined where anything goes. */
  const fieldsOf = (schema: Schema): ReadonlySet<string> | undefined => {
    const { properties, oneOf, anyOf, allOf } = resolve<Schema>(schema)
    const parts: readonly Schema[] = [...(oneOf ?? []), ...(anyOf ?? []), ...(allOf ?? [])]
    const names = [...Object.keys(properties ?? {}), ...parts.flatMap((part) => [...(fieldsOf(part) ?? [])])]
    return names.length === 0 ? undefined : new Set(names)
  }
  const unknownFields = (schema: Schema, value: unknown, where: string): string[] => {
    if (Array.isArray(value)) {
      const { items } = resolve<Schema>(schema)
      return items === undefined ? [] : value.flatMap((item, i) => unknownFields(items, item, `${where}/${i}`))
    }
    if (typeof value !== 'object' || value === null) return []
    const known = fieldsOf(schema)
    if (known === undefined) return []
    return Object.keys(value)
      .filter((name) => !known.has(name))
      .map((name) => `${where}/${name}: there is no such field`)
  }
  const find = (exchange: Exchange): { operation: Operation; values: Readonly<Record<string, string>> } | undefined => {
    const method = exchange.method.toLowerCase()
    for (const [template, operations] of Object.entries(document.paths)) {
      const operation = operations[method]
      if (operation === undefined) continue
      const values = matchPath(template, exchange.path)
      if (values !== undefined) return { operation, values }
    }
    return undefined
  }

  return {
    request(exchange) {
      const found = find(exchange)
      const title = `${exchange.method} ${exchange.path}`
      if (found === undefined) return [`${title}: there is no such operation`]
      const { operation, values } = found
      const parameters = (operation.parameters ?? []).map((parameter) => resolve<Parameter>(parameter))
      const problems: string[] = []
      for (const { name, in: place, required = false, schema } of parameters) {
        if (place === 'header') continue
        const given = place === 'path' ? values[name] : (exchange.query.get(name) ?? undefined)
        if (given === undefined) {
          if (required) problems.push(`${title}: ${place} ${name} is missing`)
        } else problems.push(...check(schema, typed(given, resolve<Schema>(schema)), `${title} ${place} ${name}`))
      }
      const names = new Set(parameters.filter(({ in: place }) => place === 'query').map(({ name }) => name))
      for (const name of exchange.query.keys()) {
        if (!names.has(name)) problems.push(`${title}: there is no query parameter ${name}`)
      }
      const body = operation.requestBody?.content[JSON_TYPE]?.schema
      if (exchange.body === undefined) {
        if (operation.requestBody?.required === true) problems.push(`${title}: there is no body`)
      } else if (body === undefined) problems.push(`${title}: takes no body`)
      else {
        problems.push(...check(body, exchange.body, `${title} body`))
        problems.push(...unknownFields(body, exchange.body, `${title} body`))
      }
      return problems
    },
    answer(exchange, status, body) {
      const found = find(exchange)
      const title = `answer to ${exchange.method} ${exchange.path}`
      if (found === undefined) return [`${title}: there is no such operation`]
      const response = found.operation.responses[String(status)]
      if (response === undefined) return ALWAYS.includes(status) ? [] : [`${title}: ${status} is no answer to it`]
      const schema = resolve(response)
      const content = 'content' in schema ? schema.content?.[JSON_TYPE]?.schema : undefined
      if (content === undefined || body === undefined) return []
      return [...check(content, body, title, LEFT_OUT), ...unknownFields(content, body, title)]
    },
  }
}

function matchPath(template: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = template.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const values: Record<string, string> = {}
  for (const [i, part] of wanted.entries()) {
    const name = /^\{(.+)\}$/.exec(part)?.[1]
    const value = given[i] ?? ''
    if (name === undefined ? part !== value : value === '') return undefined
    if (name !== undefined) values[name] = decodeURIComponent(value)
  }
  return values
}

/** A parameter is text until its schema says otherwise. */
function typed(text: string, { type }: Schema): unknown {
  if ((type === 'integer' || type === 'number') && /^\d+$/.test(text)) return Number(text)
  if (type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true'
  return text
}
