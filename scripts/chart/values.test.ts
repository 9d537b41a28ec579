import { expect, test } from 'vitest'
import { readValues, valuesSchema } from './values.ts'

const TEXT = `# How many.
# @schema {"minimum": 1}
replicas: 1
image:
  # Where from,
  # whole name.
  repository: a/b
# Passed on as it is.
resources:
  limits:
    # a note for readers of the file
    memory: 1Gi
# Which.
# @schema {"items": {"type": "string"}}
namespaces: []
`

test('each commented key is a value, with what its comment and its default say', () => {
  expect(readValues(TEXT)).toEqual([
    { path: ['replicas'], description: 'How many.', schema: { minimum: 1 }, default: 1 },
    { path: ['image', 'repository'], description: 'Where from, whole name.', schema: {}, default: 'a/b' },
    { path: ['resources'], description: 'Passed on as it is.', schema: {}, default: { limits: { memory: '1Gi' } } },
    { path: ['namespaces'], description: 'Which.', schema: { items: { type: 'string' } }, default: [] },
  ])
})

test('the schema refuses what is not there', () => {
  expect(valuesSchema(readValues(TEXT))).toMatchObject({
    additionalProperties: false,
    properties: {
      replicas: { type: 'integer', minimum: 1, default: 1 },
      image: { additionalProperties: false, properties: { repository: { type: 'string' } } },
      resources: { type: 'object' },
      namespaces: { type: 'array', items: { type: 'string' } },
    },
  })
})

test('a key without a comment is an error, and so is a schema that is not JSON', () => {
  expect(() => readValues('# One.\na: 1\nb: 2\n')).toThrow('values.yaml, line 3: b has no description above it')
  expect(() => readValues('# One.\n# @schema {minimum: 1}\na: 1\n')).toThrow('values.yaml, above line 3')
})
