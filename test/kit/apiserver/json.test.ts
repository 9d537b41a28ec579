import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { copyOf, isEqual, parseJson } from './json.ts'
import { evaluate } from './json-path.ts'

const number = fc.oneof(
  fc.bigInt().map(String),
  fc.tuple(fc.integer(), fc.nat(999), fc.nat(3)).map(([whole, part, zeros]) => `${whole}.${part}${'0'.repeat(zeros)}`),
  fc.tuple(fc.integer(), fc.integer({ min: -30, max: 30 })).map(([base, exponent]) => `${base}e${exponent}`),
  fc.constantFrom('-0', '0.0', '1E5', '1e+400'),
)

test('numbers of every spelling survive parsing, copying and writing', () => {
  fc.assert(
    fc.property(fc.array(number), fc.string(), (numbers, text) => {
      const source = `{"text":${JSON.stringify(text)},"numbers":[${numbers.join(',')}]}`
      const parsed = parseJson(source)
      expect(JSON.stringify(copyOf(parsed))).toBe(source)
      expect(isEqual(parsed, copyOf(parsed))).toBe(true)
    }),
  )
})

test('values that are written differently are not equal', () => {
  expect(isEqual(parseJson('{"a":1.0}'), parseJson('{"a":1}'))).toBe(false)
  expect(isEqual(parseJson('{"a":1,"b":[2]}'), parseJson('{"b":[2],"a":1}'))).toBe(true)
  expect(isEqual(parseJson('[1]'), parseJson('{"0":1}'))).toBe(false)
})

test.each([
  ['.spec.a', [1]],
  ['.spec.list[1]', ['y']],
  ['.spec.list[*]', ['x', 'y']],
  ['.metadata.annotations.a\\.b/c', ['dotted']],
  [".metadata.annotations['a.b/c']", ['dotted']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  ['.nothing.here', []],
])('a printer column selects %s', (path, found) => {
  const object = {
    metadata: { annotations: { 'a.b/c': 'dotted' } },
    spec: { a: 1, list: ['x', 'y'] },
    status: {
      conditions: [
        { type: 'Other', status: 'No' },
        { type: 'Ready', status: 'True' },
      ],
    },
  }
  expect(evaluate(path, object)).toEqual(found)
})
