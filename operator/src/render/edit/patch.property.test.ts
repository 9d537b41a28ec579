import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { quote, stringStyle } from '../scalar.ts'
import { NASTY_STRINGS } from '../testing/samples.ts'
import { parseYaml } from './exact-yaml.ts'
import { UneditableError } from './nodes.ts'
import { patchText } from './patch.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'name', 'spec', 'e-f', 'g.h/i') },
  { weight: 1, arbitrary: fc.constantFrom('yes', '1', 'with space', '~', '#x', 'a: b') },
)
const leaf = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<Json>('x', 'y z', 'on', '1', 1, 2.5, true, null, '', 'l1\nl2\n', 'l1\n\nl2', 'end\n\n'),
  },
  { weight: 1, arbitrary: fc.constantFrom<Json>(...NASTY_STRINGS) },
)
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value
const map = fc.dictionary(key, json, { minKeys: 1, maxKeys: 5, noNullPrototype: true })

/** A text as a person may have written it: every place chooses its style, and comments stand wherever they can. */
class Author {
  readonly comments: { readonly text: string; readonly path: string }[] = []
  readonly #choose: (n: number) => number
  readonly #step: number
  readonly #listStep: number
  /** The text above would take blank lines for its own. */
  #isKept = false
  #isText = false

  constructor(choices: Iterator<number>) {
    this.#choose = (n) => (choices.next().value as number) % n
    this.#step = 1 + this.#choose(4)
    this.#listStep = this.#choose(2) * 2
  }

  write(value: Json): string {
    return this.#lines(value, '', '').join('\n') + (this.#choose(4) === 0 && !this.#isText ? '' : '\n')
  }

  #comment(path: string): string {
    const text = `# c${this.comments.length}.`
    this.comments.push({ text, path })
    return text
  }

  /** Lines of a map or list that has entries. */
  #lines(value: Json, indent: string, path: string): string[] {
    const lines: string[] = []
    const entries: [string, Json, string][] = Array.isArray(value)
      ? value.map((item, i) => ['-', item, `${path}/${i}`])
      : Object.entries(value as object).map(([name, inner]) => [`${this.#key(name)}:`, inner, `${path}/${name}`])
    for (const [head, inner, below] of entries) {
      if (this.#choose(5) === 0) lines.push(`${indent}${this.#comment(below)}`)
      if (this.#choose(9) === 0 && !this.#isKept) lines.push('')
      this.#isKept = false
      this.#isText = false
      lines.push(...this.#entry(indent, head, { value: inner, path: below }))
    }
    return lines
  }

  #entry(indent: string, head: string, { value, path }: { readonly value: Json; readonly path: string }): string[] {
    const hasTrailing = this.#choose(4) === 0
    const trailing = (): string => (hasTrailing ? `  ${this.#comment(path)}` : '')
    const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0
    if (typeof value !== 'object' || value === null || isEmpty || this.#choose(6) === 0) {
      if (typeof value === 'string' && stringStyle(value) === 'block' && !/^\s/.test(value) && this.#choose(3) > 0) {
        const chomping = value.endsWith('\n\n') ? '+' : value.endsWith('\n') ? '' : '-'
        this.#isKept = chomping === '+'
        this.#isText = true
        const body = value.replace(/\n$/, '').split('\n')
        const space = ' '.repeat(this.#step)
        return [
          `${indent}${head} |${chomping}${trailing()}`,
          ...body.map((line) => (line === '' ? '' : indent + space + line)),
        ]
      }
      return [`${indent}${head} ${this.#flow(value)}${trailing()}`]
    }
    const isList = Array.isArray(value)
    if (head === '-' && this.#choose(2) === 0) {
      const [first = '', ...rest] = this.#lines(value, `${indent}  `, path)
      if (!/^\s*(?:#|$)/.test(first)) return [`${indent}- ${first.trimStart()}`, ...rest]
      return [`${indent}-${trailing()}`, first, ...rest]
    }
    const step = head === '-' ? 2 : isList ? this.#listStep : this.#step
    return [`${indent}${head}${trailing()}`, ...this.#lines(value, indent + ' '.repeat(step), path)]
  }

  #key(name: string): string {
    return stringStyle(name) === 'plain' && this.#choose(4) > 0 ? name : JSON.stringify(name)
  }

  #flow(value: Json): string {
    if (Array.isArray(value)) return `[${value.map((item) => this.#flow(item)).join(this.#choose(2) ? ', ' : ',  ')}]`
    if (typeof value === 'object' && value !== null)
      return `{${Object.entries(value)
        .map(([name, inner]) => `${JSON.stringify(name)}: ${this.#flow(inner)}`)
        .join(', ')}}`
    if (typeof value !== 'string') return String(value)
    if (/^[a-z0-9]+$/.test(value) && stringStyle(value) === 'plain' && this.#choose(2) === 0) return value
    if (/^[\x20-\x7e]*$/.test(value) && this.#choose(2) === 0) return `'${value.replaceAll("'", "''")}'`
    const quoted = quote(value)
    return quoted
  }
}

function* cycle(numbers: readonly number[]): Generator<number> {
  for (;;) yield* numbers
}

/** A value like the other one, with some places changed. */
function change(value: Json, choices: Iterator<number>, fresh: readonly Json[], depth = 0): Json {
  const choose = (n: number): number => (choices.next().value as number) % n
  const other = (): Json => fresh[choose(fresh.length)] ?? null
  if (depth > 0 && choose(8) === 0) return other()
  if (Array.isArray(value)) {
    const items = value.flatMap((item) => (choose(7) === 0 ? [] : [change(item, choices, fresh, depth + 1)]))
    return choose(4) === 0 ? items.toSpliced(choose(items.length + 1), 0, other()) : items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([name, inner]) =>
    choose(7) === 0 ? [] : [[name, change(inner, choices, fresh, depth + 1)] as [string, Json]],
  )
  if (choose(3) === 0) entries.splice(choose(entries.length + 1), 0, [`new${choose(3)}`, other()])
  return Object.fromEntries(entries)
}

/** Paths that are the same in both, by place; in lists whose length differs nothing is. */
function* untouched(before: Json, after: Json, path = ''): Generator<string> {
  if (typeof before !== 'object' || before === null) {
    if (before === after) yield path
    return
  }
  if (typeof after !== 'object' || after === null || Array.isArray(before) !== Array.isArray(after)) return
  if (Array.isArray(before)) {
    if (JSON.stringify(before) !== JSON.stringify(after)) return
  } else if (Object.keys(before).length > 0 && !Object.keys(before).some((name) => name in after)) return
  yield path
  for (const [name, inner] of Object.entries(before)) {
    if (Object.hasOwn(after, name))
      yield* untouched(inner, (after as Record<string, Json>)[name] ?? null, `${path}/${name}`)
  }
}

const OPTIONS = { schema: 'core', logLevel: 'silent' } as const

test('whatever a text looks like and whatever changes, it stands for the new value, and comments of what is untouched stay', () => {
  let edits = 0
  let refused = 0
  fc.assert(
    fc.property(
      map,
      fc.array(fc.nat(5039), { minLength: 1, maxLength: 60 }),
      fc.array(json, { minLength: 1, maxLength: 4 }),
      (value, numbers, fresh) => {
        const choices = cycle(numbers)
        const author = new Author(choices)
        const text = author.write(value)
        expect(parse(text, OPTIONS), text).toEqual(value)
        expect(parseYaml(text).value).toEqual(value)
        const after = change(value, choices, fresh)
        let result: string
        edits++
        try {
          result = patchText(text, after)
        } catch (error) {
          if (!(error instanceof UneditableError)) throw error
          // Where every key of the whole is another there is nothing to keep.
          if (Object.keys(value).some((name) => Object.hasOwn(after as object, name))) refused++
          return
        }
        expect(parse(result, OPTIONS), `${text}\nbecame\n${result}`).toEqual(after)
        const stays = new Set(untouched(value, after))
        for (const comment of author.comments) if (stays.has(comment.path)) expect(result, text).toContain(comment.text)
        if (JSON.stringify(value) === JSON.stringify(after)) expect(result).toBe(text)
      },
    ),
    { numRuns: 1000 },
  )
  expect(refused).toBeLessThan(edits / 100)
}, 300_000)
