import { badRequest } from './errors.ts'
import { fieldsOf, isRawNumber, listOf, textOf } from './json.ts'
import type { Resource } from './kinds.ts'
import type { KubeObject } from './object.ts'

interface Requirement {
  readonly key: string
  readonly operator: 'in' | 'notin' | 'exists' | 'absent' | 'gt' | 'lt'
  readonly values: readonly string[]
}

export type LabelSelector = readonly Requirement[]

const SET = /^([^\s,()=!<>]+)\s+(in|notin)\s*\(([^()]*)\)$/
const COMPARE = /^([^\s,()=!<>]+)\s*(==|=|!=|<|>)\s*([^\s,()=!<>]*)$/
const KEY = /^(!?)\s*([^\s,()=!<>]+)$/

/** Parses `labelSelector`. Throws ApiError 400. */
export function parseLabelSelector(text: string): LabelSelector {
  const parts = text.match(/(?:[^,(]|\([^)]*\))+/g) ?? []
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseRequirement)
}

function parseRequirement(part: string): Requirement {
  const set = SET.exec(part)
  if (set !== null) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim())
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'in' : 'notin', values }
  }
  const compare = COMPARE.exec(part)
  if (compare !== null) {
    const operators: Record<string, Requirement['operator']> = {
      '=': 'in',
      '==': 'in',
      '!=': 'notin',
      '<': 'lt',
      '>': 'gt',
    }
    return { key: compare[1] ?? '', operator: operators[compare[2] ?? '='] ?? 'in', values: [compare[3] ?? ''] }
  }
  const key = KEY.exec(part)
  if (key === null) throw badRequest(`unable to parse requirement: found '${part}', expected: identifier`)
  return { key: key[2] ?? '', operator: key[1] === '!' ? 'absent' : 'exists', values: [] }
}

/** Parses a LabelSelector object (`matchLabels`, `matchExpressions`). */
export function parseObjectSelector(selector: unknown): LabelSelector {
  const { matchLabels, matchExpressions } = fieldsOf(selector)
  const labels = Object.entries(fieldsOf(matchLabels)).map(([key, value]) => ({
    key,
    operator: 'in' as const,
    values: [textOf(value)],
  }))
  const operators: Record<string, Requirement['operator']> = {
    In: 'in',
    NotIn: 'notin',
    Exists: 'exists',
    DoesNotExist: 'absent',
  }
  const expressions = listOf(matchExpressions).map((expression) => {
    const { key, operator, values } = fieldsOf(expression)
    return { key: textOf(key), operator: operators[textOf(operator)] ?? 'exists', values: listOf(values).map(textOf) }
  })
  return [...labels, ...expressions]
}

export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>> = {}): boolean {
  return selector.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined
    switch (operator) {
      case 'in':
        return value !== undefined && values.includes(value)
      case 'notin':
        return value === undefined || !values.includes(value)
      case 'exists':
        return value !== undefined
      case 'absent':
        return value === undefined
      case 'gt':
        return value !== undefined && Number(value) > Number(values[0])
      case 'lt':
        return value !== undefined && Number(value) < Number(values[0])
      default:
        return false
    }
  })
}

interface FieldTest {
  readonly path: readonly string[]
  readonly value: string
  readonly isEqual: boolean
}

type FieldSelector = readonly FieldTest[]

/** Parses `fieldSelector` for a resource. Throws ApiError 400 for a field that can't be selected by. */
export function parseFieldSelector(text: string, resource: Resource): FieldSelector {
  const parts = text.split(',').filter((part) => part.trim() !== '')
  return parts.map((part) => {
    const match = /^([^=!]+?)\s*(!=|==|=)(.*)$/.exec(part.trim())
    if (match === null) throw badRequest(`Unable to find a valid field selector in ${JSON.stringify(text)}`)
    const field = match[1] ?? ''
    const known = ['metadata.name', ...(resource.namespaced ? ['metadata.namespace'] : []), ...resource.selectable]
    if (!known.includes(field)) {
      const listed = known.map((name) => JSON.stringify(name)).join(', ')
      throw badRequest(`${JSON.stringify(field)} is not a known field selector: only ${listed}`)
    }
    const path = field === 'source' && resource.kind === 'Event' ? ['source', 'component'] : field.split('.')
    return { path, value: match[3] ?? '', isEqual: match[2] !== '!=' }
  })
}

export const matchesFields = (selector: FieldSelector, object: KubeObject): boolean =>
  selector.every(({ path, value, isEqual }) => (textAt(object, path) === value) === isEqual)

function textAt(object: KubeObject, path: readonly string[]): string {
  let found: unknown = object
  for (const step of path) found = fieldsOf(found)[step]
  if (isRawNumber(found)) return found.rawJSON
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean' ? String(found) : ''
}
