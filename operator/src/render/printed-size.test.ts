import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExact } from '../objects/exact-json.ts'
import { toJson } from './json.ts'
import { isPrintedLarger } from './printed-size.ts'
import { toYaml } from './yaml.ts'

const formats = [
  ['JSON', toJson],
  ['YAML', toYaml],
] as const

test.each(formats)('what is deep is larger than its text: %s', (format, print) => {
  const value = parseExact(`${'['.repeat(100)}${'1.0,'.repeat(1_000)}[],{}${']'.repeat(100)}`)
  const { length } = print(value)
  expect(isPrintedLarger(value, format, length * 0.9)).toBe(true)
  expect(isPrintedLarger(value, format, length)).toBe(false)
})

test.each(formats)('each line of a text is indented: %s', (format, print) => {
  const deep = (inner: unknown, depth: number): unknown => (depth === 0 ? inner : { a: deep(inner, depth - 1) })
  const value = deep('a\n'.repeat(1_000), 100)
  expect(isPrintedLarger(value, format, print(value).length * 0.9)).toBe(true)
  expect(isPrintedLarger(value, format, print(value).length)).toBe(false)
})

test.each(formats)('brackets alone take room: %s', (format, print) => {
  const nested = (depth: number): unknown => (depth === 0 ? {} : { a: [nested(depth - 1)] })
  const value = nested(100)
  expect(isPrintedLarger(value, format, print(value).length * 0.9)).toBe(true)
})

test('what fits is never refused', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...formats), (value, [format, print]) => {
      expect(isPrintedLarger({ value }, format, Buffer.byteLength(print({ value })))).toBe(false)
    }),
  )
})
