import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fieldChange, parseField } from './field.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const json = (value: unknown): Uint8Array => bytes(JSON.stringify(value))

test('a value is found by a pointer and by dots, in lists by index or by a field of theirs', () => {
  const before = {
    a: {
      'b.c': [
        { id: 4, max: 1 },
        { id: 5, max: 2 },
      ],
    },
    'd/e': 1,
  }
  const after = {
    a: {
      'b.c': [
        { id: 5, max: 3 },
        { id: 4, max: 1 },
      ],
    },
    'd/e': 2,
  }
  const change = (field: string) => fieldChange(json(before), json(after), parseField(field))
  expect(change('a["b.c"][0].max')).toEqual({ from: '1', to: '3' })
  expect(change(String.raw`a.b\.c[1].max`)).toEqual({ from: '2', to: '1' })
  expect(change('a."b.c"[id=5].max')).toEqual({ from: '2', to: '3' })
  expect(change('a["b.c"][id=4].max')).toBeUndefined()
  expect(change('/a/b.c/1/id')).toEqual({ from: '5', to: '4' })
  expect(change('/d~1e')).toEqual({ from: '1', to: '2' })
  expect(change('nothing.there')).toBeUndefined()
  expect(change('a.toString')).toBeUndefined()
})

test('any key can be named by a pointer, and by quotes', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (outer, inner) => {
      const document = JSON.parse(JSON.stringify({ [outer]: { [inner]: 1 } })) as Record<string, Record<string, number>>
      // A key that JSON.parse makes no own property of a plain object.
      fc.pre(outer !== '__proto__' && inner !== '__proto__')
      const escaped = [outer, inner].map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1'))
      const quoted = [outer, inner].map((key) => `"${key.replaceAll(/["\\]/g, String.raw`\$&`)}"`)
      for (const text of [`/${escaped.join('/')}`, quoted.join('.')]) {
        expect(fieldChange(undefined, json(document), parseField(text)), text).toEqual({ from: null, to: '1' })
      }
    }),
  )
})

test('numbers count as they are spelt, and the order of keys does not', () => {
  const at = (text: string) => bytes(`limits: ${text}\n`)
  const field = parseField('limits')
  expect(fieldChange(at('{a: 1.50, b: 2}'), at('{b: 2, a: 1.50}'), field)).toBeUndefined()
  expect(fieldChange(bytes('{"limits": 1.5}'), bytes('{"limits": 1.50}'), field)).toEqual({ from: '1.5', to: '1.50' })
  expect(fieldChange(at('9007199254740992'), at('9007199254740993'), field)).toEqual({
    from: '9007199254740992',
    to: '9007199254740993',
  })
  expect(fieldChange(at('x'), undefined, field)).toEqual({ from: '"x"', to: null })
})

test('of several documents the first that has it; what cannot be read is said', () => {
  const many = (value: string) => bytes(`kind: A\n---\nkind: B\ndata: {limit: ${value}}\n`)
  expect(fieldChange(many('1'), many('2'), parseField('data.limit'))).toEqual({ from: '1', to: '2' })
  expect(fieldChange(many('1'), bytes('a: [\n'), parseField('data.limit'))).toEqual({ problem: expect.any(String) })
  expect(fieldChange(bytes('{"a": 1, "a": 2}'), many('1'), parseField('a'))).toEqual({ problem: expect.any(String) })
})

test.each(['', '.', 'a.', 'a..b', 'a[', 'a[]', '.a', 'a.[0]', 'a b[c', '"a"b'])('no field: %j', (text) => {
  expect(() => parseField(text)).toThrow(expect.objectContaining({ code: 'InvalidField' }))
})
