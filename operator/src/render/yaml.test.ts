import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ExactNumber, parseExact } from '../objects/exact-json.ts'
import { NASTY_STRINGS } from './testing/samples.ts'
import { stringStyle } from './scalar.ts'
import { toYaml } from './yaml.ts'

const SCHEMAS = [
  { version: '1.2', schema: 'core', maxAliasCount: 0 },
  { version: '1.1', schema: 'yaml-1.1', merge: true, maxAliasCount: 0 },
] as const

const text = fc.oneof(
  fc.constantFrom(...NASTY_STRINGS),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom(...Array.from(' \t\n\r-:#?!&*|>\'"%@`{}[],=<~.+_0127aexyYnNTZ\u0085\u2028\ufeff\\/')),
    maxLength: 12,
  }),
)
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value

test.each(SCHEMAS)('any value comes back, read as YAML $version', (options) => {
  fc.assert(
    fc.property(value, (value) => {
      expect(parse(toYaml({ value }), options)).toEqual({ value })
    }),
    { numRuns: 5000 },
  )
})

test.each(SCHEMAS)('nasty strings come back as values, list items and keys, read as YAML $version', (options) => {
  for (const nasty of NASTY_STRINGS) {
    const object = {
      a: nasty,
      b: [nasty, [nasty, { c: nasty }]],
      d: { e: { f: nasty } },
      [nasty]: { [nasty]: [nasty] },
    }
    expect(parse(toYaml(object), options), JSON.stringify(nasty)).toEqual(object)
  }
})

test('common strings need no quotes, doubtful ones have them, texts are blocks', () => {
  const written = (text: string): string => toYaml(text).trimEnd()
  for (const plain of [
    'web',
    'None',
    'nginx:1.27',
    '--flag=value',
    '-Xmx512m',
    '/etc/shop',
    'https://a.example/b?c=d',
    '100m',
    '10.0.0.0/8',
    'a, b',
    "it's",
    'naïve',
  ]) {
    expect(written(plain)).toBe(plain)
  }
  for (const doubtful of ['no', '1.27', '10.0.0.1', '0x1F', '12:30', '2024-01-01', '=', '<<', 'x ', 'a #b', '*']) {
    expect(written(doubtful)).toBe(`"${doubtful}"`)
  }
  expect(written('{"it\'s": "\\d+"}')).toBe(`'{"it''s": "\\d+"}'`)
  expect(toYaml({ a: '#!/bin/sh\nset -e\n\nrun  \n' })).toBe('a: |\n  #!/bin/sh\n  set -e\n\n  run  \n')
  expect(stringStyle('a\r\nb')).toBe('quoted')
})

test('numbers are written as they were read', () => {
  const numbers = '[9007199254740993,1.0,1e3,-0,0.1,123456789012345678901234567890,1E400,3]'
  expect(toYaml(parseExact(numbers))).toBe(
    numbers
      .slice(1, -1)
      .split(',')
      .map((number) => `- ${number}\n`)
      .join(''),
  )
  fc.assert(
    fc.property(fc.bigInt(), (n) => {
      expect(toYaml({ value: new ExactNumber(String(n)) })).toBe(`value: ${n}\n`)
    }),
  )
})

test('no line is folded, nothing is an alias, empty collections are on one line', () => {
  const shared = { a: 'word '.repeat(500) + 'end' }
  const yaml = toYaml({ x: shared, y: shared, z: {}, l: [] })
  expect(yaml.split('\n')).toHaveLength(7)
  expect(yaml).toMatch(/z: \{\}\nl: \[\]\n$/)
  expect(yaml).not.toMatch(/[&*]/)
})

test('what is no JSON is refused', () => {
  expect(() => toYaml({ a: undefined })).toThrow(TypeError)
})
