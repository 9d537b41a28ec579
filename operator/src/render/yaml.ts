/** JSON values → YAML: block style, 2 spaces, no folding, no anchors; numbers as they were read. */
import { Document, Pair, Scalar, YAMLMap, YAMLSeq, type Node, type ScalarTag, type SchemaOptions } from 'yaml'
import { ExactNumber } from '../objects/exact-json.ts'
import { quote, stringStyle } from './scalar.ts'
import { isRecord } from './tree.ts'

/** Text that is written as it stands. */
class Verbatim {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const verbatimTag: ScalarTag = {
  tag: 'tag:yaml.org,2002:str',
  default: true,
  identify: (value) => value instanceof Verbatim,
  resolve: (text) => text,
  stringify: ({ value }) => (value as Verbatim).text,
}

// The failsafe schema has no opinion on what strings look like: that is settled in scalar.ts.
const OPTIONS: SchemaOptions = { schema: 'failsafe', customTags: [verbatimTag] }

/** How a file that somebody else wrote is indented. */
export interface YamlStyle {
  /** Spaces for each level. Default 2. */
  readonly indent?: number
  /** Whether a list in a map is indented below its key. Default true. */
  readonly indentSeq?: boolean
}

/** The value as a YAML document. Ends with one newline; more only where the last text ends with blank lines. */
export function toYaml(value: unknown, { indent = 2, indentSeq = true }: YamlStyle = {}): string {
  const document: Document = new Document(undefined, OPTIONS)
  document.contents = toNode(value)
  return document.toString({ lineWidth: 0, indent, indentSeq })
}

function toNode(value: unknown): Node {
  if (typeof value === 'string') return stringNode(value)
  if (Array.isArray(value)) {
    const sequence = new YAMLSeq()
    for (const item of value) sequence.items.push(toNode(item))
    return sequence
  }
  if (isRecord(value)) {
    const map = new YAMLMap()
    for (const key of Object.keys(value)) map.items.push(new Pair(keyNode(key), toNode(value[key])))
    return map
  }
  if (value instanceof ExactNumber) return verbatim(value.source)
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return verbatim(String(value))
  throw new TypeError(`${typeof value} is not JSON`)
}

function stringNode(text: string): Scalar {
  const style = stringStyle(text)
  if (style === 'plain') return verbatim(text)
  if (style === 'quoted') return verbatim(quote(text))
  const scalar = new Scalar(text)
  scalar.type = Scalar.BLOCK_LITERAL
  return scalar
}

function keyNode(key: string): Scalar {
  return verbatim(stringStyle(key) === 'plain' ? key : quote(key))
}

const verbatim = (text: string): Scalar => new Scalar(new Verbatim(text))
