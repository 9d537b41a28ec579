import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseExact } from '../../objects/exact-json.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { renderObject } from '../render.ts'
import { createProtection, type ProtectionMode } from './protection.ts'
import { ProtectionError } from './protection-error.ts'

const KEYS = {
  dataKey: new Uint8Array(32).fill(7),
  wrapped: [{ recipient: 'age1x', enc: 'wrapped' }],
  created: '2026-01-02T03:04:05Z',
}
const MODES: Readonly<Record<'Exclude' | 'Redact' | 'Hash' | 'Encrypt' | 'Refuse', ProtectionMode>> = {
  Exclude: { policy: 'Exclude' },
  Redact: { policy: 'Redact' },
  Hash: { policy: 'Hash', hashKey: new Uint8Array(32).fill(9) },
  Encrypt: { policy: 'Encrypt', keys: KEYS },
  Refuse: { policy: 'Refuse', why: 'the key is not there' },
}
type Policy = keyof typeof MODES

const file = (
  object: unknown,
  policy: Policy,
  sensitive: readonly string[] = [],
  format: 'YAML' | 'JSON' = 'YAML',
): string => {
  const protection = createProtection(MODES[policy], sensitive)
  const { bytes } = renderObject(object as KubernetesObject, { format, hasStatus: false, protection })
  return new TextDecoder().decode(bytes)
}

const secret = (data: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', namespace: 'shop', ...metadata },
  type: 'Opaque',
  data,
})
const map = (data: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'db', namespace: 'shop' },
  data,
})

test('a Secret is refused where nothing protects it', () => {
  const options = { format: 'YAML', hasStatus: false } as const
  expect(() => renderObject(secret({}), options)).toThrow(ProtectionError)
  expect(() => file(secret({}), 'Exclude')).toThrow(/while spec.secrets is Exclude/)
})

test('Redact: keys, labels and type stay; values and annotations do not', () => {
  const object = secret({ user: 'YQ==', password: 'Yg==' }, { labels: { a: 'b' }, annotations: { copy: 'Yg==' } })
  expect(file({ ...object, later: { field: ['x'] } }, 'Redact')).toBe(`apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
  labels:
    a: b
  annotations:
    copy: (redacted)
data:
  password: (redacted)
  user: (redacted)
later:
  field:
    - (redacted)
type: Opaque
`)
})

test('Hash: the same value in the same place, and only there, gives the same hash; another key another', () => {
  const hashOf = (text: string): string | undefined => /hmac-sha256:[0-9a-f]{64}/.exec(text)?.[0]
  const one = hashOf(file(secret({ a: 'YQ==' }), 'Hash'))
  expect(one).toBeDefined()
  expect(hashOf(file(secret({ a: 'YQ==' }, { labels: { x: 'y' } }), 'Hash'))).toBe(one)
  expect(hashOf(file(secret({ a: 'Yg==' }), 'Hash'))).not.toBe(one)
  expect(hashOf(file(secret({ b: 'YQ==' }), 'Hash'))).not.toBe(one)
  expect(hashOf(file(secret({ a: 'YQ==' }, { name: 'other' }), 'Hash'))).not.toBe(one)
  const other = createProtection({ policy: 'Hash', hashKey: new Uint8Array(32) }, [])
  const { bytes } = renderObject(secret({ a: 'YQ==' }), { format: 'YAML', hasStatus: false, protection: other })
  expect(hashOf(new TextDecoder().decode(bytes))).not.toBe(one)
})

describe('Encrypt', () => {
  const lines = (data: object): string[] => file(secret(data), 'Encrypt').split('\n')

  test('is the same file for the same object, and keeps the ciphertext of what did not change', () => {
    const before = lines({ a: 'YQ==', b: 'Yg==' })
    expect(lines({ a: 'YQ==', b: 'Yg==' })).toEqual(before)
    const after = lines({ a: 'YQ==', b: 'Yw==' })
    const changed = after.filter((line) => !before.includes(line)).map((line) => line.trim().split(':')[0])
    expect(changed).toEqual(['b', 'mac'])
  })

  test('equal values of different places do not look alike', () => {
    const values = [
      ...lines({ a: 'YQ==', b: 'YQ==' }),
      ...file(secret({ a: 'YQ==' }, { name: 'other' }), 'Encrypt').split('\n'),
    ]
      .filter((line) => /^ {2}[ab]: ENC/.test(line))
      .map((line) => line.split(': ')[1])
    expect(new Set(values).size).toBe(3)
  })

  test('what has nothing sensitive is an ordinary file', () => {
    const protection = createProtection(MODES.Encrypt, ['/data/password'])
    const render = (data: object) => renderObject(map(data), { format: 'YAML', hasStatus: false, protection })
    expect(render({ a: 'b' }).replaceWhole).toBe(false)
    expect(render({ password: 'b' }).replaceWhole).toBe(true)
  })

  test.each([
    ['a field named sops', { ...map({ a: 'b' }), sops: {} }, /field sops/],
    [
      'a number that sops cannot keep',
      parseExact('{"apiVersion":"e/v1","kind":"W","metadata":{"name":"w"},"data":{"a":1},"n":10000000000000000000}'),
      /number/,
    ],
  ])('%s is refused, without the value', (_name, object, message) => {
    expect(() => file(object, 'Encrypt', ['/data/a'])).toThrow(message)
  })

  test('JSON numbers that sops would change are refused', () => {
    const object = parseExact(
      '{"apiVersion":"e/v1","kind":"W","metadata":{"name":"w"},"data":{"a":"x"},"n":9007199254740993}',
    )
    expect(() => file(object, 'Encrypt', ['/data/a'], 'JSON')).toThrow(/number/)
    expect(file(object, 'Encrypt', ['/data/a'])).toContain('9007199254740993')
  })
})

test('Exclude leaves marked fields out, and maps that become empty', () => {
  const object = {
    ...map({ password: 'x' }),
    users: [
      { name: 'a', pin: 1 },
      { name: 'b', pin: { x: 1 } },
    ],
    empty: {},
  }
  const text = file(object, 'Exclude', ['/data/password', '/users/*/pin', '/nothing/here'])
  expect(text).not.toMatch(/^data|password|pin/m)
  expect(text).toContain('  - name: a\n  - name: b\n')
  expect(text).toContain('empty: {}')
})

test('pointers: escapes, wildcards of lists and maps, indexes', () => {
  const object = map({ 'a/b': '1', 'c~d': '2', e: '3', list: ['x', 'y'] })
  const text = file(object, 'Redact', ['/data/a~1b', '/data/c~0d', '/data/list/1'])
  expect(text.match(/redacted/g)).toHaveLength(3)
  expect(text).toContain('- x')
  expect(file(object, 'Redact', ['/data/*']).match(/redacted/g)).toHaveLength(5)
})

test('without the keys an object with something sensitive is refused, and others are written', () => {
  expect(() => file(secret({}), 'Refuse')).toThrow('the key is not there')
  expect(() => file(map({ a: 'b' }), 'Refuse', ['/data/a'])).toThrow('the key is not there')
  expect(file(map({ a: 'b' }), 'Refuse')).toContain('a: b')
})

test('no policy shows a value, in whatever type and however deep it is', () => {
  const CANARY = 'c4n4ryX'
  const key = fc.string({ minLength: 1, maxLength: 4, unit: 'grapheme-ascii' })
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constant(CANARY),
      fc.string().map((text) => `${text}${CANARY}`),
      fc.constant(`${CANARY}\n: #`),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { noNullPrototype: true, maxKeys: 3 }),
    ),
  })).value
  fc.assert(
    fc.property(
      value,
      fc.constantFrom<Policy>('Exclude', 'Redact', 'Hash', 'Encrypt', 'Refuse'),
      fc.constantFrom<'YAML' | 'JSON'>('YAML', 'JSON'),
      (hidden, policy, format) => {
        const attempts = [
          () => file({ ...secret({ hidden }, { annotations: { hidden } }), hidden }, policy, [], format),
          () =>
            file(
              { ...map({ hidden }), spec: { a: [{ hidden }] } },
              policy,
              ['/data/hidden', '/spec/a/*/hidden'],
              format,
            ),
        ]
        for (const attempt of attempts) {
          let text: string
          try {
            text = attempt()
          } catch (error) {
            text = (error as Error).stack ?? ''
          }
          expect(text).not.toContain(CANARY)
        }
      },
    ),
  )
})

test('the id tells files apart and keys not at all', () => {
  const ids = Object.values(MODES).map((mode) => createProtection(mode, []).id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(createProtection(MODES.Encrypt, []).id).toBe(ids[3])
  expect(createProtection(MODES.Redact, ['/data/a']).id).not.toBe(ids[1])
  expect(ids.join()).not.toContain(Buffer.from(KEYS.dataKey).toString('base64'))
})
