import { expect, test } from 'vitest'
import { z } from 'zod'
import { withRule } from './rules.ts'
import { toStructural } from './structural.ts'

test('defaults, bounds, descriptions and rules come through; fields with a default are not required', () => {
  const name = withRule(z.string().max(5).meta({ description: 'A name.' }), {
    cel: "self != 'x'",
    test: (value) => value !== 'x',
    message: 'not x',
  })
  const schema = z.object({
    name,
    mode: z.enum(['A', 'B']).default('A'),
    more: z.object({ n: z.int32() }).prefault({ n: 1 }),
  })
  expect(toStructural(schema)).toEqual({
    type: 'object',
    required: ['name'],
    properties: {
      name: {
        type: 'string',
        maxLength: 5,
        description: 'A name.',
        'x-kubernetes-validations': [{ rule: "self != 'x'", message: 'not x' }],
      },
      mode: { type: 'string', enum: ['A', 'B'], default: 'A' },
      more: {
        type: 'object',
        default: { n: 1 },
        required: ['n'],
        properties: { n: { type: 'integer', minimum: -2147483648, maximum: 2147483647 } },
      },
    },
  })
})

test.each([
  ['a union', z.object({ a: z.union([z.string(), z.number()]) })],
  ['an unknown value', z.object({ a: z.unknown() })],
  ['a tuple', z.object({ a: z.tuple([z.string()]) })],
])('%s is refused when generating', (_name, schema) => {
  expect(() => toStructural(schema)).toThrow(/structural schema/)
})
