import { describe, expect, test } from 'vitest'
import { incompatibilities } from './crd-compatibility.ts'
import type { Definition, Schema } from './crd-compatibility.ts'

const definition = (openAPIV3Schema: Schema, served = true): Definition => ({
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Thing', plural: 'things' },
    versions: [{ name: 'v1', served, schema: { openAPIV3Schema } }],
  },
})

const spec = (schema: Schema): Schema => ({ type: 'object', properties: { spec: schema } })
const between = (older: Schema, newer: Schema): string[] =>
  incompatibilities(definition(spec(older)), definition(spec(newer)))

const FIELD: Schema = { type: 'object', properties: { name: { type: 'string', maxLength: 10 } } }
const withName = (name: Schema): Schema => ({ type: 'object', properties: { name } })

describe('what stays as it was, or takes more, is compatible', () => {
  test.each<[string, Schema, Schema]>([
    ['the same', FIELD, FIELD],
    ['a new field', FIELD, { ...FIELD, properties: { ...FIELD.properties, other: { type: 'string' } } }],
    ['a wider limit', FIELD, withName({ type: 'string', maxLength: 20 })],
    ['a limit gone', FIELD, withName({ type: 'string' })],
    ['one more value', withName({ enum: ['a'] }), withName({ enum: ['a', 'b'] })],
    ['required no longer', { ...FIELD, required: ['name'] }, FIELD],
    [
      'required with a default that was there',
      withName({ type: 'string', default: 'x' }),
      { ...withName({ type: 'string', default: 'x' }), required: ['name'] },
    ],
    ['a rule gone', { ...FIELD, 'x-kubernetes-validations': [{ rule: 'a' }] }, FIELD],
    [
      'unknown fields kept instead',
      FIELD,
      { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: {} },
    ],
  ])('%s', (_what, older, newer) => {
    expect(between(older, newer)).toEqual([])
  })
})

describe('what would refuse, drop or change stored objects is told with its place', () => {
  const at = 'things.example.com v1.spec'
  test.each<[Schema, Schema, string]>([
    [FIELD, { type: 'object', properties: {} }, `${at}.name: is gone`],
    [FIELD, withName({ type: 'integer' }), `${at}.name: type was "string", is "integer"`],
    [FIELD, withName({ type: 'string', maxLength: 9 }), `${at}.name: maxLength was 10, is 9`],
    [withName({ minimum: 1 }), withName({ minimum: 2 }), `${at}.name: minimum was 1, is 2`],
    [withName({}), withName({ minItems: 1 }), `${at}.name: minItems was absent, is 1`],
    [withName({}), withName({ pattern: '^a$' }), `${at}.name: pattern was absent, is ^a$`],
    [withName({ enum: ['a', 'b'] }), withName({ enum: ['a'] }), `${at}.name: the value b is gone`],
    [withName({}), withName({ enum: ['a'] }), `${at}.name: only some values are left: a`],
    [withName({ default: 'x' }), withName({ default: 'y' }), `${at}.name: default was "x", is "y"`],
    [withName({ nullable: true }), withName({}), `${at}.name: no longer nullable`],
    [FIELD, { ...FIELD, required: ['name'] }, `${at}.name: is now required`],
    [FIELD, { ...FIELD, 'x-kubernetes-validations': [{ rule: 'b' }] }, `${at}: a rule is new: b`],
    [{ type: 'array', items: FIELD }, { type: 'array', items: { type: 'object' } }, `${at}[].name: is gone`],
    [
      { type: 'object', additionalProperties: { type: 'string' } },
      { type: 'object', additionalProperties: { type: 'integer' } },
      `${at}.*: type was "string", is "integer"`,
    ],
    [{ type: 'object', additionalProperties: true }, { type: 'object' }, `${at}.*: is gone`],
  ])('%j → %j', (older, newer, line) => {
    expect(between(older, newer)).toContain(line)
  })

  test('a version that is no longer served, another scope', () => {
    const older = definition(spec(FIELD))
    expect(incompatibilities(older, definition(spec(FIELD), false))).toEqual([
      'things.example.com v1: is no longer served',
    ])
    const moved = { ...older, spec: { ...older.spec, scope: 'Cluster' } }
    expect(incompatibilities(older, moved)).toEqual(['things.example.com scope: was Namespaced, is Cluster'])
  })

  test('what was not served need not go on', () => {
    expect(incompatibilities(definition(spec(FIELD), false), definition(spec({ type: 'string' })))).toEqual([])
  })
})
