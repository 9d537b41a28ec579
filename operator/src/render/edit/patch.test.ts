import { describe, expect, test } from 'vitest'
import { parseYaml } from './exact-yaml.ts'
import { patchText } from './patch.ts'

function copyOf(value: any): any {
  if (Array.isArray(value)) return value.map(copyOf)
  if (value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]))
}

/** Edits the value of a text, and shows what became of the text. */
function edited(text: string, change: (value: any) => void): string {
  const { value } = parseYaml(text)
  const copy = copyOf(value)
  change(copy)
  const result = patchText(text, copy)
  expect(parseYaml(result).value).toEqual(copy)
  return result
}

const DEPLOYMENT = `# The shop.
---
apiVersion: apps/v1   # stays
kind: Deployment
metadata:
    name: 'web'
    labels: {app: web, "tier": front}   # who
spec:
    replicas: 2 # two are enough

    # where it runs
    template:
        spec:
            containers:
            - name: web
              image: "shop:1"   # pinned
              args: [ "--a",
                      "--b" ]
              env:
              # for tests
              - {name: A, value: x}
              - name: B
                value: |   # text
                  one
                  two

            - name: side
              image: side:1
`

test('one changed value changes its own characters', () => {
  const text = edited(DEPLOYMENT.replace('# The shop.\n', ''), (value) => {
    value.spec.replicas = 3
    value.metadata.name = "it's"
    value.metadata.labels.tier = 'back'
    value.spec.template.spec.containers[0].image = 'shop:2'
    value.spec.template.spec.containers[0].env[1].value = 'one\nthree\n'
  })
  expect(text).toBe(
    DEPLOYMENT.replace('# The shop.\n', '')
      .replace('replicas: 2', 'replicas: 3')
      .replace("'web'", "'it''s'")
      .replace('front', 'back')
      .replace('shop:1', 'shop:2')
      .replace('two\n\n', 'three\n\n'),
  )
})

describe('keys and items come and go where they belong', () => {
  const cases: Record<string, [before: string, change: (value: any) => void, after: string]> = {
    'a key between two': [
      'a: 1\nc: 3 # c\n',
      (v) => Object.assign(v, reordered(v, { a: 1, b: 2, c: 3 })),
      'a: 1\nb: 2\nc: 3 # c\n',
    ],
    'a key after a text with blank lines': [
      'a: |\n  x\n\nc: 3\n',
      (v) => reordered(v, { a: 'x\n', b: 'z', c: 3 }),
      'a: |\n  x\nb: z\n\nc: 3\n',
    ],
    'a key before all': ['# top\nb: 2\n', (v) => reordered(v, { a: 1, b: 2 }), '# top\na: 1\nb: 2\n'],
    'a key at the end without a line break': [
      'a: 1',
      (v) => {
        v.b = { c: [1] }
      },
      'a: 1\nb:\n  c:\n    - 1',
    ],
    'a key goes with its line': [
      'a: 1\n# about b\nb: 2 # b\nc: 3\n',
      (v) => {
        delete v.b
      },
      'a: 1\n# about b\nc: 3\n',
    ],
    'the first key of an item': [
      '- a: 1\n  b: 2\n',
      (v) => {
        delete v[0].a
      },
      '- b: 2\n',
    ],
    'the first key of an item, with a comment after it': [
      '- a: 1\n  # about b\n  b: 2\n',
      (v) => {
        delete v[0].a
      },
      '- # about b\n  b: 2\n',
    ],
    'a key before the first of an item': ['- b: 2\n', (v) => reordered(v[0], { a: 1, b: 2 }), '- a: 1\n  b: 2\n'],
    'an item, not indented': ['l:\n- a\n- c # c\n', (v) => v.l.splice(1, 0, 'b'), 'l:\n- a\n- b\n- c # c\n'],
    'an item goes': ['l:\n  - a # a\n  - b # b\n', (v) => v.l.shift(), 'l:\n  - b # b\n'],
    'items with names keep their own': [
      '- name: a # a\n  v: 1\n- name: b # b\n  v: 2\n',
      (v) => {
        v.shift()
        v[0].v = 3
        v.push({ name: 'c', v: 4 })
      },
      '- name: b # b\n  v: 3\n- name: c\n  v: 4\n',
    ],
    'a list in brackets': [
      'l: [a, b, c] # l\n',
      (v) => {
        v.l = ['a', 'x y', 'd']
      },
      'l: [a, "x y", d] # l\n',
    ],
    'in braces': [
      'm: {a: 1, b: 2}\n',
      (v) => {
        delete v.m.a
        v.m.c = []
      },
      'm: {b: 2, c: []}\n',
    ],
    'a value becomes a map, and its comment stays': [
      'a: 1 # why\nb: 2\n',
      (v) => {
        v.a = { x: 'l1\nl2\n' }
      },
      'a: # why\n  x: |\n    l1\n    l2\nb: 2\n',
    ],
    'a map becomes a value': [
      'a: # why\n  x: 1\n  y: 2\nb: 2\n',
      (v) => {
        v.a = 'z'
      },
      'a: z # why\nb: 2\n',
    ],
    'nothing becomes something': [
      'a: # why\nb:\n',
      (v) => {
        v.a = 1
        v.b = { c: 1 }
      },
      'a: 1 # why\nb:\n  c: 1\n',
    ],
    'the last key of a map': [
      'a:\n  b: 1\nc: 2\n',
      (v) => {
        v.a = {}
      },
      'a: {}\nc: 2\n',
    ],
    'a text becomes a line': [
      'a: |- # why\n  x\n  y\nb: 1\n',
      (v) => {
        v.a = 'x'
      },
      'a: x # why\nb: 1\n',
    ],
    'a text with lines at its end': [
      'a: 1\n\nb: 2\n',
      (v) => {
        v.a = 'x\n\n'
      },
      'a: |+\n  x\n\nb: 2\n',
    ],
    'line breaks of another system': [
      'a: 1\r\nb: 2\r\n',
      (v) => {
        v.a = [1]
        v.c = 3
      },
      'a:\r\n  - 1\r\nb: 2\r\nc: 3\r\n',
    ],
    'an alias is written out where it differs': [
      'a: &x {k: 1}\nb: *x\n',
      (v) => {
        v.b = { k: 2 }
      },
      'a: &x {k: 1}\nb:\n  k: 2\n',
    ],
    'an anchor that changes leaves its aliases as they were': [
      'a: &x 1\nb: *x\n',
      (v) => {
        v.a = 2
      },
      'a: &x 2\nb: 1\n',
    ],
    'a text with an indented first line': [
      'a: 1\n',
      (v) => {
        v.a = '  x\ny\n'
      },
      'a: |2\n    x\n  y\n',
    ],
  }
  test.each(Object.entries(cases))('%s', (_name, [before, change, after]) => {
    expect(edited(before, change)).toBe(after)
  })
})

function reordered(value: any, after: Record<string, unknown>): any {
  for (const key of Object.keys(value)) delete value[key]
  return Object.assign(value, after)
}

test('JSON keeps its indentation, its order and its numbers', () => {
  const text = '{\n\t"z": {"x": 1},\n\t"a": [\n\t\t1.0,\n\t\t9007199254740993\n\t],\n\t"e": {}\n}\n'
  expect(
    edited(text, (v) => {
      v.a.push({ k: 'v' })
      v.e = { f: 'g' }
      v.z.y = 2
    }),
  ).toBe(
    '{\n\t"z": {"x": 1, "y": 2},\n\t"a": [\n\t\t1.0,\n\t\t9007199254740993,\n\t\t{\n\t\t\t"k": "v"\n\t\t}\n\t],\n\t"e": {\n\t\t"f": "g"\n\t}\n}\n',
  )
})
