/** One value of a file: where it is, what it is. */
import { stringifyExact } from '../objects/exact-json.ts'
import { parseStrict } from '../dashboard/parse-json.ts'
import { DashboardError } from '../dashboard/dashboard-error.ts'
import { clarify, parseYaml, UnreadableYamlError } from '../render/edit/exact-yaml.ts'
import { splitDocuments } from '../render/edit/segments.ts'
import { orderValue } from '../render/order.ts'
import { isRecord } from '../render/tree.ts'
import { AuditError } from './audit-error.ts'

/** A key or index; or the first item of a list in which a field has this value. */
type Step = string | { readonly key: string; readonly value: string }

/** A way through a document. */
export interface Field {
  readonly text: string
  readonly steps: readonly Step[]
}

/** A value before and after, as JSON, numbers as they are spelt; null where there is none. */
export interface FieldChange {
  readonly from: string | null
  readonly to: string | null
}

const PART =
  /\.?(?:"((?:[^"\\]|\\.)*)"|((?:[^."[\]\\]|\\.)+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[([^=\]"]+)=([^\]]*)\])/y

/**
 * Reads a JSON pointer (`/spec/replicas`, RFC 6901), or a path with dots: `data.limit`, `panels[0].title`,
 * `panels[id=4].fieldConfig.defaults.max`, `metadata.labels["app.kubernetes.io/name"]`.
 * @throws AuditError `InvalidField`
 */
export function parseField(text: string): Field {
  if (text.startsWith('/')) {
    const steps = text.slice(1).split('/')
    return { text, steps: steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')) }
  }
  const steps: Step[] = []
  PART.lastIndex = 0
  for (let at = 0; at < text.length; at = PART.lastIndex) {
    const [whole, quoted, plain, index, inBrackets, key, value = ''] = PART.exec(text) ?? []
    const isFirst = at === 0
    const hasDot = whole?.startsWith('.') === true
    const isBracket = whole?.replace(/^\./, '').startsWith('[') === true
    if (whole === undefined || (isFirst ? hasDot : !hasDot && !isBracket) || (hasDot && isBracket)) throw invalid(text)
    const name = quoted ?? plain ?? index ?? inBrackets
    steps.push(name === undefined ? { key: key ?? '', value: unescaped(value) } : unescaped(name))
  }
  if (steps.length === 0) throw invalid(text)
  return { text, steps }
}

const unescaped = (text: string): string => text.replaceAll(/\\(.)/g, '$1')

function invalid(text: string): AuditError {
  return new AuditError(
    'InvalidField',
    `field ${JSON.stringify(text)} names no value: write it as data.limit, panels[0].title, panels[id=4].max, labels["app.kubernetes.io/name"] or /data/limit`,
  )
}

/** A file that cannot be read says nothing of a value. */
export interface Unreadable {
  readonly problem: string
}

/**
 * What a change of a file did to one value. Of several documents in a file the first that has it is meant.
 * @param before undefined where there was no file
 * @returns undefined where it is what it was
 */
export function fieldChange(
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
  field: Field,
): FieldChange | Unreadable | undefined {
  const [from, to] = [valueIn(before, field), valueIn(after, field)]
  // Who mends a file has not changed the value, as far as anybody can say.
  if (typeof to === 'object' && to !== null) return to
  if (typeof from === 'object' && from !== null) return from
  return from === to ? undefined : { from, to }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function valueIn(bytes: Uint8Array | undefined, { steps }: Field): string | null | Unreadable {
  if (bytes === undefined) return null
  try {
    for (const document of documentsOf(decoder.decode(bytes))) {
      const found = lookUp(document, steps)
      if (found !== undefined) return stringifyExact(orderValue(found))
    }
    return null
  } catch (error) {
    if (error instanceof UnreadableYamlError || error instanceof DashboardError) return { problem: error.message }
    if (error instanceof TypeError) return { problem: 'it is not UTF-8' }
    throw error
  }
}

function* documentsOf(text: string): Generator<unknown, void, undefined> {
  if (/^\s*[{[]/.test(text)) {
    yield parseStrict(text)
    return
  }
  for (const document of splitDocuments(text)) yield clarify(parseYaml(document).value)
}

function lookUp(document: unknown, steps: readonly Step[]): unknown {
  let at = document
  for (const step of steps) {
    if (typeof step === 'object') {
      if (!Array.isArray(at)) return undefined
      at = at.find((item: unknown) => isRecord(item) && textOf(item[step.key]) === step.value)
    } else if (Array.isArray(at)) at = /^\d+$/.test(step) ? (at[Number(step)] as unknown) : undefined
    else at = isRecord(at) && Object.hasOwn(at, step) ? at[step] : undefined
  }
  return at
}

const textOf = (value: unknown): string | undefined =>
  value === undefined ? undefined : typeof value === 'string' ? value : stringifyExact(value)
