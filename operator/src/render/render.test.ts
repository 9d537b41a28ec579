import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExact } from '../objects/exact-json.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { renderObject, type RenderOptions } from './render.ts'

const render = (object: unknown, format: RenderOptions['format'] = 'YAML'): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    renderObject(object as KubernetesObject, { format, hasStatus: true }).bytes,
  )

const FROM_SERVER = `{"kind":"PriceList","apiVersion":"shop.example.com/v1","prices":[{"sku":"A","amount":1.0}],"catalogId":9007199254740993,
  "metadata":{"zone":"x","uid":"u","finalizers":["a/b"],"annotations":{"b":"2","a":"yes"},"namespace":"shop","name":"winter","labels":{}},"status":{}}`

test('YAML: documented order, exact numbers', () => {
  expect(render(parseExact(FROM_SERVER))).toBe(`apiVersion: shop.example.com/v1
kind: PriceList
metadata:
  name: winter
  namespace: shop
  labels: {}
  annotations:
    a: "yes"
    b: "2"
  finalizers:
    - a/b
  zone: x
catalogId: 9007199254740993
prices:
  - amount: 1.0
    sku: A
`)
})

test.each(['YAML', 'JSON'] as const)(
  'what indentation would make too large is refused before it is printed: %s',
  (format) => {
    const list = JSON.parse(`${'['.repeat(190)}${'1,'.repeat(100_000)}1${']'.repeat(190)}`) as unknown
    expect(() => render({ apiVersion: 'v1', kind: 'Tree', metadata: { name: 'x' }, list }, format)).toThrow(
      'its file would have more than 16777216 bytes',
    )
  },
)

test.each(['YAML', 'JSON'] as const)('what is nested without end is refused in words: %s', (format) => {
  const map = JSON.parse(`${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`) as unknown
  const object = { apiVersion: 'v1', kind: 'Tree', metadata: { name: 'x' }, map }
  expect(() => render(object, format)).toThrow('its fields are nested deeper than 256 levels')
})

test('JSON: two spaces, exact numbers, a newline at the end', () => {
  const json = render(parseExact(FROM_SERVER), 'JSON')
  expect(json.startsWith('{\n  "apiVersion": "shop.example.com/v1",\n  "kind"')).toBe(true)
  expect(json).toContain('"catalogId": 9007199254740993')
  expect(json).toContain('"amount": 1.0')
  expect(json.endsWith('}\n')).toBe(true)
})

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.jsonValue({ maxDepth: 0 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 5 }), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value

function shuffled(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [random(), key, shuffled(inner, random)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => a - b).map(([, key, inner]) => [key, inner]))
}

test.each(['YAML', 'JSON'] as const)('%s: the order of keys in the source does not matter', (format) => {
  fc.assert(
    fc.property(json, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (value, numbers) => {
      const object = {
        apiVersion: 'v1',
        kind: 'Thing',
        metadata: { name: 'a', labels: { x: '1', w: '2' } },
        spec: value,
        data: value,
      }
      const random = (): number => numbers.next().value ?? 0
      expect(render(shuffled(object, random), format)).toBe(render(object, format))
    }),
  )
})

test('a key named __proto__ is a key', () => {
  const object = parseExact(
    '{"apiVersion":"v1","kind":"Thing","metadata":{"name":"a","uid":"u"},"spec":{"__proto__":{"x":"1"}}}',
  )
  expect(render(object)).toContain('  __proto__:\n    x: "1"\n')
  expect(render(object, 'JSON')).toContain('"__proto__": {')
})
