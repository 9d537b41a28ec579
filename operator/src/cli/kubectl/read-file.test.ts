import { describe, expect, test } from 'vitest'
import { stringifyExact } from '../../objects/exact-json.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { renderObject } from '../../render/render.ts'
import { findWithheld, pick, readObjects } from './read-file.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n'

test('numbers stay as they are spelled, in YAML and JSON', () => {
  const [object] = readObjects(
    bytes(`${HEAD}big: 9007199254740993\nfraction: 1.0\nexponent: 1e3\nplain: 12\nhex: 0x10\n`),
    'f',
  )
  expect(stringifyExact(object)).toContain('"big":9007199254740993,"fraction":1.0,"exponent":1e3,"plain":12,"hex":16')
  const [json] = readObjects(
    bytes('{"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, "n": 9007199254740993}'),
    'f',
  )
  expect(stringifyExact(json)).toContain('"n":9007199254740993')
})

test('what the operator writes is read as it was', () => {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', namespace: 'b' },
    data: { yes: 'yes', null: 'null', block: 'a\nb\n', '1': '0x1', empty: '', colon: 'a: b', hash: '# no' },
  } as KubernetesObject
  for (const format of ['YAML', 'JSON'] as const) {
    const rendered = renderObject(object, { format, hasStatus: false })
    expect(readObjects(rendered.bytes, 'f')).toEqual([object])
  }
})

test('of several documents the object is picked, and others are passed over', () => {
  const objects = readObjects(bytes(`${HEAD}---\n# nothing\n---\n${HEAD.replace('name: a', 'name: b')}`), 'f')
  expect(objects.map(({ metadata }) => metadata.name)).toEqual(['a', 'b'])
  const wanted = { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'b' }
  expect(pick(objects, wanted)?.metadata.name).toBe('b')
  expect(pick(objects, { ...wanted, group: 'apps' })).toBeUndefined()
})

test('what is not YAML is named with its path', () => {
  expect(() => readObjects(bytes('a: [1'), 'x/y.yaml')).toThrow(/^x\/y\.yaml is not YAML any more/)
  expect(() => readObjects(bytes(`${HEAD}a: &x 1\nb: *x\n`), 'x/y.yaml')).toThrow(/anchor/)
})

describe('a value that was withheld is found', () => {
  test.each([
    ['data:\n  password: (redacted)\n', '/data/password'],
    ['data:\n  a/b: hmac-sha256:0123\n', '/data/a~1b'],
    ['data:\n  x: ENC[AES256_GCM,data:abc,type:str]\n', '/data/x'],
    ['sops:\n  age: []\n', '/sops'],
    ['list:\n  - ok\n  - (redacted)\n', '/list/1'],
    ['data:\n  note: it was (redacted) once\n', undefined],
  ])('%j at %s', (text, at) => {
    const [object] = readObjects(bytes(HEAD + text), 'f')
    expect(findWithheld(object as KubernetesObject)).toBe(at)
  })
})
