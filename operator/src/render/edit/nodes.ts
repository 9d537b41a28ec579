/** Where the parts of a parsed document stand in its text. */
import { isMap, isScalar, isSeq, Scalar } from 'yaml'
import type { CollectionItem } from './yaml-tokens.ts'
import { keyText, isMergeKey } from './exact-yaml.ts'
import type { YamlNode } from './exact-yaml.ts'

/** The text has a form that is not edited in place. */
export class UneditableError extends Error {
  override readonly name = 'UneditableError'
}

/** One pair of a map or one item of a list. */
export interface Entry {
  /** Of a pair. */
  readonly key: string | undefined
  readonly value: YamlNode | null
  /** Of the key; of the dash of a list in lines; of the item of a list in brackets. */
  readonly start: number
  /** After the colon or dash; where the value stands in brackets of a list. */
  readonly after: number
  readonly end: number
}

export interface Collection {
  readonly kind: 'map' | 'list'
  /** In braces or brackets. */
  readonly isFlow: boolean
  readonly entries: readonly Entry[]
}

/** `key:` with nothing after it. */
export const isEmptyScalar = (node: YamlNode | null): boolean =>
  node === null || (isScalar(node) && node.type === Scalar.PLAIN && node.range[0] === node.range[1])

export const isBlockScalar = (node: YamlNode | null): boolean =>
  isScalar(node) && (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED)

/** Where a node ends, comments and line breaks after it left out. */
export function endOf(node: YamlNode, text: string): number {
  const [start, end] = node.range
  if (isBlockScalar(node)) {
    const body = text.slice(start, end)
    const isKept = /^[|>][0-9]*\+/.test(body)
    return start + body.replace(isKept ? /\r?\n$/ : /(?:\r?\n)+$/, '').length
  }
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last = collectionOf(node, text)?.entries.at(-1)
    if (last === undefined) throw new UneditableError('a collection without entries')
    return last.end
  }
  return end
}

/**
 * The entries of a map or list; undefined for other nodes.
 * @throws UneditableError for keys with a question mark or an anchor, and merged maps
 */
export function collectionOf(node: YamlNode, text: string): Collection | undefined {
  if (!isMap(node) && !isSeq(node)) return undefined
  const token = node.srcToken as { readonly type?: string; readonly items?: readonly CollectionItem[] } | undefined
  const items = token?.items
  if (items === undefined) throw new UneditableError('a part of the text has no tokens')
  const isFlow = node.flow === true
  // Trailing commas and comments make items without a node.
  const tokens = items.filter(({ key, value, sep, start }) =>
    isMap(node) ? key !== undefined || sep !== undefined : value !== undefined || start.some(isDash),
  )
  if (tokens.length !== node.items.length) throw new UneditableError('a part of the text is not plain')
  const entries = node.items.map((item, i) => {
    const source = tokens[i] as CollectionItem
    return isMap(node) ? pairEntry(item, source, text) : itemEntry(item as YamlNode | null, source, isFlow, text)
  })
  return { kind: isMap(node) ? 'map' : 'list', isFlow, entries }
}

const isDash = ({ type }: { readonly type: string }): boolean => type === 'seq-item-ind'
const BLANK = new Set(['space', 'newline', 'comment', 'comma', 'seq-item-ind'])

function pairEntry(item: unknown, source: CollectionItem, text: string): Entry {
  const { key, value } = item as { readonly key: YamlNode; readonly value: YamlNode | null }
  const colon = source.sep?.find(({ type }) => type === 'map-value-ind')
  if (colon === undefined || isMergeKey(key) || source.start.some(({ type }) => !BLANK.has(type))) {
    throw new UneditableError('a key has a question mark, an anchor, or no colon')
  }
  const after = colon.offset + 1
  const end = value === null || isEmptyScalar(value) ? after : endOf(value, text)
  return { key: keyText(key), value, start: key.range[0], after, end }
}

function itemEntry(value: YamlNode | null, source: CollectionItem, isFlow: boolean, text: string): Entry {
  const isEmpty = value === null || isEmptyScalar(value)
  if (isFlow) {
    if (value === null || isEmpty) throw new UneditableError('an item is empty')
    const start = source.start.find(({ type }) => !BLANK.has(type))?.offset ?? value.range[0]
    return { key: undefined, value, start, after: start, end: endOf(value, text) }
  }
  const dash = source.start.find(isDash)
  if (dash === undefined) throw new UneditableError('an item has no dash')
  const after = dash.offset + 1
  return { key: undefined, value, start: dash.offset, after, end: isEmpty ? after : endOf(value, text) }
}
