/** YAML → JSON values, numbers as they are spelled, in the sense in which Kubernetes reads YAML. */
import { isAlias, isMap, isScalar, isSeq, Lexer, parseDocument, Scalar, visit } from 'yaml'
import type { Alias, Document, Node, Pair, ParsedNode, YAMLMap } from 'yaml'
import { parseExact } from '../../objects/exact-json.ts'
import { isRecord } from '../tree.ts'

/** Text that cannot be read, or not in one sense only. */
export class UnreadableYamlError extends Error {
  override readonly name = 'UnreadableYamlError'
}

export type YamlNode = ParsedNode
export type YamlPair = Pair<YamlNode, YamlNode | null>

export interface ParsedYaml {
  readonly document: Document.Parsed
  readonly value: unknown
  /** What a node stands for; aliases and merged keys are resolved. */
  valueOf(node: Node | null): unknown
}

/** Nodes that one document may come to when its aliases are resolved. */
const MAX_NODES = 200_000
const MAX_DEPTH = 200
/** Pieces of syntax in one file: reading takes some microseconds for each, without a pause. */
const MAX_LEXEMES = 400_000
/** Longer whole numbers in spellings of YAML alone are not worked out. */
const MAX_DIGITS = 400

/**
 * One YAML document, or JSON, which is YAML as well.
 * @throws UnreadableYamlError with the place
 */
export function parseYaml(text: string): ParsedYaml {
  limitLexemes([text])
  // With the failsafe schema every scalar is a text: what it stands for is settled below.
  const document = parseDocument(text, {
    schema: 'failsafe',
    keepSourceTokens: true,
    prettyErrors: false,
    logLevel: 'silent',
    // It compares each key with all others; the reader below sees to it that none is there twice.
    uniqueKeys: false,
  })
  const [error] = document.errors
  if (error !== undefined) throw new UnreadableYamlError(`${error.message} (${placeOf(text, error.pos[0])})`)
  const reader = new Reader(document)
  return {
    document,
    value: reader.read(document.contents, 0),
    valueOf: (node) => reader.read(node, 0),
  }
}

/** @throws UnreadableYamlError for documents that would take long to read, however few bytes they have */
export function limitLexemes(documents: readonly string[]): void {
  // There are fewer than characters.
  if (documents.reduce((length, text) => length + text.length, 0) <= MAX_LEXEMES) return
  let count = 0
  for (const text of documents) {
    for (const _ of new Lexer().lex(text)) {
      if (++count > MAX_LEXEMES) throw new UnreadableYamlError(`more than ${MAX_LEXEMES} keys, values and marks`)
    }
  }
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
}

class Reader {
  readonly #document: Document.Parsed
  readonly #known = new Map<Node, unknown>()
  #nodes = 0
  #targets: ReadonlyMap<Alias, Node> | undefined

  constructor(document: Document.Parsed) {
    this.#document = document
  }

  read(node: Node | null, depth: number): unknown {
    if (node === null) return null
    if (this.#known.has(node)) return this.#known.get(node)
    if (++this.#nodes > MAX_NODES || depth > MAX_DEPTH) throw new UnreadableYamlError('too many or too deep aliases')
    const value = this.#fresh(node, depth)
    // An alias is resolved anew each time, so that what it comes to is counted.
    if (!isAlias(node) && this.#known.size < MAX_NODES) this.#known.set(node, value)
    return value
  }

  #fresh(node: Node, depth: number): unknown {
    if (isAlias(node)) {
      // One look at the document for all of them: the package would look through it for each.
      this.#targets ??= targetsOf(this.#document)
      const target = this.#targets.get(node)
      if (target === undefined) throw new UnreadableYamlError(`alias *${node.source} has no anchor`)
      const value = this.read(target, depth + 1)
      this.#nodes += sizeOf(value)
      return value
    }
    if (isScalar(node)) return scalarValue(node)
    if (isSeq(node)) return node.items.map((item) => this.read(item as Node | null, depth + 1))
    if (isMap(node)) return this.#map(node as YAMLMap<Node, Node | null>, depth)
    throw new UnreadableYamlError('a part is neither a map, a list nor a scalar')
  }

  #map({ items }: YAMLMap<Node, Node | null>, depth: number): unknown {
    const own: [string, unknown][] = []
    const merged: [string, unknown][] = []
    for (const { key, value } of items) {
      if (isMergeKey(key)) for (const pair of this.#merge(value, depth)) merged.push(pair)
      else own.push([keyText(key), this.read(value, depth + 1)])
    }
    const names = new Set(own.map(([name]) => name))
    if (names.size < own.length) throw new UnreadableYamlError('a map has a key twice')
    const first = new Map<string, unknown>()
    for (const [name, value] of merged) if (!names.has(name) && !first.has(name)) first.set(name, value)
    // fromEntries defines properties, so that a key named __proto__ stays a key.
    return Object.fromEntries([...own, ...first])
  }

  #merge(value: Node | null, depth: number): [string, unknown][] {
    const source = this.read(value, depth + 1)
    const maps = Array.isArray(source) ? source : [source]
    return maps.flatMap((map) => {
      if (typeof map !== 'object' || map === null || Array.isArray(map))
        throw new UnreadableYamlError('<< merges maps only')
      return Object.entries(map)
    })
  }
}

/** For each alias the last anchor of its name before it. */
function targetsOf(document: Document.Parsed): Map<Alias, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source)
        if (target !== undefined) targets.set(node, target)
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return targets
}

function sizeOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  let size = 1
  for (const inner of Object.values(value)) size += sizeOf(inner)
  return size
}

/** The key that stands for the entries of other maps. */
export const isMergeKey = (key: unknown): boolean =>
  isScalar(key) && key.type === Scalar.PLAIN && key.value === '<<' && key.tag === undefined

/** @throws UnreadableYamlError for a key that JSON cannot have */
export function keyText(key: unknown): string {
  if (!isScalar(key) || typeof key.value !== 'string') throw new UnreadableYamlError('a key is no text')
  return key.value
}

const WORDS = new Map<string, boolean | null>([
  ['', null],
  ['~', null],
  ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
])
const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/
const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]+|0|[1-9][0-9]*)$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const NO_JSON = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/

/** Readers differ about y and n: a scalar that is equal to nothing but itself, so that it is written anew where it is met. */
export class Unclear {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

function scalarValue(scalar: Scalar): unknown {
  const text = scalar.value
  if (typeof text !== 'string') throw new UnreadableYamlError('a scalar is no text')
  if (scalar.tag !== undefined && scalar.tag !== 'tag:yaml.org,2002:str') {
    throw new UnreadableYamlError(`the tag ${scalar.tag} is not JSON`)
  }
  return scalar.type === Scalar.PLAIN && scalar.tag === undefined ? plainValue(text) : text
}

/** As sigs.k8s.io/yaml, with which kubectl reads files, takes a scalar without quotes. */
function plainValue(text: string): unknown {
  const word = WORDS.get(text)
  if (word !== undefined) return word
  if (JSON_NUMBER.test(text)) return parseExact(text)
  if (/^[yYnN]$/.test(text) || NO_JSON.test(text)) return new Unclear(text)
  const digits = text.replaceAll('_', '')
  const [, sign = '', integer] = INTEGER.exec(digits) ?? []
  if (integer !== undefined && !text.startsWith('_')) {
    if (integer.length > MAX_DIGITS) return new Unclear(text)
    const octal = /^0[0-7]+$/.test(integer) ? `0o${integer.slice(1)}` : integer
    return parseExact(`${sign === '-' ? '-' : ''}${BigInt(octal)}`)
  }
  if (!FLOAT.test(text)) return text
  const number = Number(text)
  return Number.isFinite(number) ? parseExact(String(number)) : new Unclear(text)
}

/** Whether a value, or one in it, is one about which readers differ. */
export function hasUnclear(value: unknown): boolean {
  if (value instanceof Unclear) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(hasUnclear)
}

/** The value with the text of what is unclear in its place, so that it can be printed. */
export function clarify(value: unknown): unknown {
  if (value instanceof Unclear) return value.text
  if (Array.isArray(value)) return value.map(clarify)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clarify(inner)]))
}
