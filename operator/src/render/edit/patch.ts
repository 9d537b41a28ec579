/** Changes one document of a YAML or JSON text so that it stands for another value, and leaves everything else as it is. */
import { isScalar } from 'yaml'
import type { Scalar } from 'yaml'
import { stringStyle } from '../scalar.ts'
import { isRecord } from '../tree.ts'
import { toYaml } from '../yaml.ts'
import { align } from './align.ts'
import { parseYaml } from './exact-yaml.ts'
import type { ParsedYaml, YamlNode } from './exact-yaml.ts'
import { collectionOf, endOf, isBlockScalar, isEmptyScalar, UneditableError } from './nodes.ts'
import type { Collection, Entry } from './nodes.ts'
import { flowString, printFlow, printJson, printNumber, printString, styleOf } from './print.ts'
import type { TextStyle } from './print.ts'
import { same } from './same.ts'
import { indentRest, SourceText } from './source-text.ts'
import { Splices } from './splices.ts'

/** An anchor that changes changes what its aliases stand for: those are looked at again. */
const MAX_ROUNDS = 6

/**
 * The text with as few changes as make it stand for the value. Comments, order, quotes and indentation of what is equal stay.
 * New keys come after the one that precedes them in the value.
 * @throws UneditableError when that cannot be done
 */
export function patchText(text: string, value: unknown): string {
  let current = text
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const parsed = parse(current)
    if (same(parsed.value, value)) return current
    const patcher = new Patcher(current, parsed)
    current = patcher.patch(value)
  }
  throw new UneditableError('the edits come to no end')
}

function parse(text: string): ParsedYaml {
  try {
    return parseYaml(text)
  } catch (error) {
    throw new UneditableError('an edit made the text unreadable', { cause: error })
  }
}

/** Where a value stands, for when it is replaced as a whole. */
type Slot =
  | { readonly kind: 'value' | 'item'; readonly after: number; readonly column: number }
  | { readonly kind: 'flow'; readonly start: number }

class Patcher {
  readonly #source: SourceText
  readonly #parsed: ParsedYaml
  readonly #style: TextStyle
  readonly #splices = new Splices()

  constructor(text: string, parsed: ParsedYaml) {
    this.#source = new SourceText(text)
    this.#parsed = parsed
    this.#style = styleOf(text, parsed)
  }

  patch(value: unknown): string {
    const root = this.#parsed.document.contents
    if (root === null || !this.#patchCollection(root, value)) throw new UneditableError('nothing of the text stays')
    const { text } = this.#source
    try {
      const result = this.#splices.apply(text)
      return text.includes('\r\n') ? result.replaceAll(/\r?\n/g, '\r\n') : result
    } catch (error) {
      throw new UneditableError('edits overlap', { cause: error })
    }
  }

  #patchNode(node: YamlNode | null, value: unknown, slot: Slot): void {
    if (same(this.#parsed.valueOf(node), value)) return
    if (node !== null && this.#patchCollection(node, value)) return
    if (node !== null && isScalar(node) && !isEmptyScalar(node) && this.#patchScalar(node, value, slot)) return
    if (slot.kind === 'flow') this.#replaceFlow(node, value, slot.start)
    else this.#replaceBlock(node, value, slot)
  }

  /** @returns whether the node could be changed without being replaced */
  #patchCollection(node: YamlNode, value: unknown): boolean {
    const collection = collectionOf(node, this.#source.text)
    if (collection === undefined || collection.entries.length === 0) return false
    if (collection.kind === 'map') return isRecord(value) && this.#patchMap(node, collection, value)
    return Array.isArray(value) && this.#patchList(node, collection, value)
  }

  #patchMap(node: YamlNode, collection: Collection, value: Readonly<Record<string, unknown>>): boolean {
    const known = new Map(collection.entries.map((entry) => [entry.key ?? '', entry]))
    const plan = Object.keys(value).map((key) => ({ key, value: value[key], entry: known.get(key) }))
    return this.#patchEntries(node, collection, plan)
  }

  #patchList(node: YamlNode, collection: Collection, value: readonly unknown[]): boolean {
    const before = this.#parsed.valueOf(node)
    if (!Array.isArray(before)) return false
    const origins = align(before, value)
    const plan = value.map((item, i) => {
      const origin = origins[i]
      return { key: undefined, value: item, entry: origin === undefined ? undefined : collection.entries[origin] }
    })
    return this.#patchEntries(node, collection, plan)
  }

  #patchEntries(
    node: YamlNode,
    { entries, isFlow, kind }: Collection,
    plan: readonly { readonly key: string | undefined; readonly value: unknown; readonly entry: Entry | undefined }[],
  ): boolean {
    const kept = new Set(plan.map(({ entry }) => entry).filter((entry) => entry !== undefined))
    const [first] = kept
    const [front] = entries
    if (first === undefined || front === undefined) return false
    const firstKept = entries.find((entry) => kept.has(entry)) ?? first
    const column = this.#source.column(front.start)
    for (const { entry, value } of plan) {
      if (entry === undefined) continue
      const slot: Slot = isFlow
        ? { kind: 'flow', start: kind === 'map' ? entry.after : entry.start }
        : { kind: kind === 'map' ? 'value' : 'item', after: entry.after, column }
      this.#patchNode(entry.value, value, slot)
    }
    if (isFlow) this.#removeFlow(entries, kept)
    else this.#removeBlock(entries, kept)
    // Keys of a map stay in the order of the text: what is new follows the nearest one before it.
    let previous: Entry | undefined
    for (const { key, value, entry } of plan) {
      if (entry !== undefined) {
        previous = entry
        continue
      }
      const place = { previous, next: firstKept }
      if (isFlow) this.#insertFlow(node, entries, { ...place, key, value })
      else this.#insertBlock({ ...place, key, value, column })
    }
    return true
  }

  #insertBlock(added: {
    readonly previous: Entry | undefined
    readonly next: Entry
    readonly key: string | undefined
    readonly value: unknown
    readonly column: number
  }): void {
    const { previous, next, key, value, column } = added
    const prefix = ' '.repeat(column)
    const snippet = indentRest(toYaml(key === undefined ? [value] : { [key]: value }, this.#style), prefix)
    if (previous === undefined) {
      this.#splices.insert(next.start, snippet + prefix)
      return
    }
    const at = this.#source.nextLine(previous.end)
    const isLast = at === this.#source.text.length && !this.#source.text.endsWith('\n')
    this.#splices.insert(at, isLast ? `\n${prefix}${snippet.replace(/\n$/, '')}` : prefix + snippet)
  }

  #removeBlock(entries: readonly Entry[], kept: ReadonlySet<Entry>): void {
    const source = this.#source
    const firstKept = entries.findIndex((entry) => kept.has(entry))
    const [front] = entries
    const next = entries[firstKept]
    let from = 0
    if (front !== undefined && next !== undefined && firstKept > 0 && !source.isFirstOnLine(front.start)) {
      // `- first: …` goes, and the next key takes its place; comments between them stay.
      const gaps = entries.slice(0, firstKept).map(({ end }, i) => source.text.slice(end, entries[i + 1]?.start))
      const comments = gaps.flatMap((gap) => gap.split('\n').slice(1)).filter((line) => line.trim().startsWith('#'))
      const prefix = `\n${' '.repeat(source.column(front.start))}`
      this.#splices.replace(front.start, next.start, comments.map((line) => line.trim() + prefix).join(''))
      from = firstKept
    }
    for (const entry of entries.slice(from)) {
      if (kept.has(entry)) continue
      if (!source.isFirstOnLine(entry.start)) throw new UneditableError('an entry shares its line')
      const end = source.nextLine(entry.end)
      this.#splices.replace(source.lineStart(entry.start), end, '')
    }
  }

  #removeFlow(entries: readonly Entry[], kept: ReadonlySet<Entry>): void {
    let isLeading = true
    for (const [i, entry] of entries.entries()) {
      if (kept.has(entry)) isLeading = false
      else if (isLeading) this.#splices.replace(entry.start, entries[i + 1]?.start ?? entry.end, '')
      else this.#splices.replace(entries[i - 1]?.end ?? entry.start, entry.end, '')
    }
  }

  #insertFlow(
    node: YamlNode,
    entries: readonly Entry[],
    {
      previous,
      next,
      key,
      value,
    }: {
      readonly previous: Entry | undefined
      readonly next: Entry
      readonly key: string | undefined
      readonly value: unknown
    },
  ): void {
    const source = this.#source
    const { isJson, unit } = this.#style
    const onOwnLine = entries.find(({ start }) => source.isFirstOnLine(start))
    const prefix = onOwnLine === undefined ? '' : source.text.slice(source.lineStart(onOwnLine.start), onOwnLine.start)
    const isCompact = !source.text.slice(node.range[0], node.range[1]).includes('\n')
    const printed = isCompact || !isJson ? printFlow(value, isJson) : printJson(value, unit, prefix)
    const entry = key === undefined ? printed : `${flowString(key, isJson)}: ${printed}`
    const separator = onOwnLine === undefined ? ', ' : `,\n${prefix}`
    if (previous === undefined) this.#splices.insert(next.start, entry + separator)
    else this.#splices.insert(previous.end, separator + entry)
  }

  /** @returns false where the new text needs lines of its own, or the old one had them */
  #patchScalar(node: Scalar.Parsed, value: unknown, slot: Slot): boolean {
    if (Array.isArray(value) || isRecord(value)) return false
    if (isBlockScalar(node)) return typeof value === 'string' && this.#patchLines(node, value)
    let text: string | undefined
    if (typeof value !== 'string') text = node.tag === undefined ? printNumber(value) : undefined
    else if (slot.kind === 'flow')
      text = node.type === 'PLAIN' ? flowString(value, this.#style.isJson) : quoted(value, node)
    else text = printString(value, node)
    if (text === undefined) return false
    this.#splices.replace(node.range[0], node.range[1], text)
    return true
  }

  /** Lines of a text that has lines already: its indicator, its comment and its indentation stay. */
  #patchLines(node: Scalar.Parsed, value: string): boolean {
    const source = this.#source
    const from = source.lineEnd(node.range[0])
    const indicator = /^\|([-+]?)(?:\s|$)/.exec(source.text.slice(node.range[0], from))
    const chomping = value.endsWith('\n\n') ? '+' : value.endsWith('\n') ? '' : '-'
    const end = endOf(node, source.text)
    const indentation = /\n( +)\S/.exec(source.text.slice(from, end))?.[1]
    if (indicator?.[1] !== chomping || chomping === '+' || indentation === undefined) return false
    if (stringStyle(value) !== 'block' || /^\s/.test(value)) return false
    this.#splices.replace(from, end, indentRest(`\n${value.replace(/\n$/, '')}`, indentation))
    return true
  }

  #replaceFlow(node: YamlNode | null, value: unknown, start: number): void {
    if (node === null || isEmptyScalar(node)) throw new UneditableError('a value in braces is empty')
    const { isJson, unit } = this.#style
    const source = this.#source
    const isCompact = !source.text.includes('\n')
    const line = source.text.slice(source.lineStart(start), start)
    const prefix = /^[ \t]*/.exec(line)?.[0] ?? ''
    const text = isJson && !isCompact ? printJson(value, unit, prefix) : printFlow(value, isJson)
    this.#splices.replace(node.range[0], node.range[1], text)
  }

  #replaceBlock(node: YamlNode | null, value: unknown, slot: Exclude<Slot, { readonly kind: 'flow' }>): void {
    const source = this.#source
    const { after, column } = slot
    // What follows the key or the dash is the same for every key.
    const whole =
      slot.kind === 'value' ? toYaml({ k: value }, this.#style).slice(2) : toYaml([value], this.#style).slice(1)
    let text = indentRest(whole, ' '.repeat(column)).replace(/\n$/, '')
    let end = node === null || isEmptyScalar(node) ? after : endOf(node, source.text)
    const comments: string[] = []
    const header =
      node !== null && isBlockScalar(node) ? source.text.slice(node.range[0], source.lineEnd(node.range[0])) : ''
    const before = source.commentAfter(after) ?? / (#.*)$/.exec(header)?.[1]
    if (before !== undefined) comments.push(before)
    const isOneLine = !text.includes('\n')
    if (source.lineEnd(after) < end || end === after || !isOneLine) {
      const trailing = source.commentAfter(end)
      if (trailing !== undefined) {
        if (trailing !== before) comments.push(trailing)
        end = source.lineEnd(end)
      }
    }
    const comment = comments.length === 0 ? '' : ` ${comments.join(' ')}`
    text = isOneLine ? text + comment : text.replace('\n', `${comment}\n`)
    // Blank lines after a text that keeps them would be its own.
    if (text.endsWith('\n')) end = source.text.length - source.text.slice(end).replace(/^(?:\r?\n)+/, '\n').length
    this.#splices.replace(after, end, text)
  }
}

const quoted = (text: string, before: Scalar): string | undefined =>
  before.type === 'QUOTE_SINGLE' && /^[\x20-\x7e]*$/.test(text)
    ? `'${text.replaceAll("'", "''")}'`
    : flowString(text, true)
