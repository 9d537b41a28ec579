import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExact, stringifyExact } from '../objects/exact-json.ts'
import { DashboardError } from './dashboard-error.ts'
import { parseStrict } from './parse-json.ts'

test('reads what JSON.parse reads, numbers as they were spelt', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t', '\r\n '), (text, space) => {
      const spread = JSON.stringify(JSON.parse(text), null, space)
      expect(parseStrict(spread)).toEqual(parseExact(spread))
    }),
  )
  const text = '[9007199254740993,-0,0,1.0,1e5,1E+5,1.50e-3,12345678901234567890.5,true,null,"\\u00e9\\ud83d\\"\\\\"]'
  expect(stringifyExact(parseStrict(` ${text}\n`))).toBe(text.replace('\\u00e9', 'é'))
})

test('refuses what JSON.parse refuses', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '\\',
    '1',
    '-',
    '01',
    '1.',
    'true',
    'nul',
    ' ',
    '\n',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('')
      const read = (parse: (text: string) => unknown): string => {
        try {
          return JSON.stringify(parse(text))
        } catch (error) {
          return error instanceof DashboardError || error instanceof SyntaxError ? 'refused' : String(error)
        }
      }
      expect(read(parseStrict)).toBe(read(JSON.parse))
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ['{\n  "title": "x",\n}', 'line 3, column 1: a key in double quotes was expected, and "}" found'],
  ['{"a": 1 "b": 2}', 'line 1, column 9: "," or "}" was expected, and "\\"b\\": 2}" found'],
  ['{"a" 1}', 'line 1, column 6: ":" was expected, and "1}" found'],
  ['[1, 2', 'line 1, column 6: "," or "]" was expected, and the text ends'],
  ['', 'line 1, column 1: a value was expected, and the text ends'],
  ['// comment\n{}', 'line 1, column 1: a value was expected, and "// comment\\n{}" found'],
  ['{} {}', 'line 1, column 4: the end was expected, and "{}" found'],
  ['{"a": "x', 'line 1, column 7: a text without its closing quote'],
  ['{"a": "x\ny"}', 'line 1, column 7: a text with a line break, a control character or an unknown escape'],
  ['{"a": {"b": 1,\n"b": 2}}', 'line 2, column 1: key "b" stands twice in one object'],
  ['{"__proto__": 1, "__proto__": 2}', 'line 1, column 18: key "__proto__" stands twice in one object'],
  ['['.repeat(300), 'line 1, column 202: nested deeper than 200 levels'],
])('says where %j is wrong', (text, message) => {
  expect(() => parseStrict(text)).toThrow(new DashboardError(message))
})

test('more values than a dashboard has are not read', () => {
  expect(() => parseStrict(`[${'{},'.repeat(500_000)}{}]`)).toThrow(
    new DashboardError('it has more than 500000 values'),
  )
})

test('keys that other objects have of themselves are keys', () => {
  const text = '{"__proto__":{"a":1},"constructor":2,"toString":3}'
  expect(JSON.stringify(parseStrict(text))).toBe(text)
})
