import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addToSubject, addTrailers, trailerLines, TRAILERS, withoutTrailers } from './trailers.ts'

const change = (name: string, by = 'alice', version = '7') => ({
  object: `ConfigMap/shop/${name}`,
  by,
  via: 'kubectl',
  version,
})

/** As git reads it. */
const parsed = (message: string): string[] =>
  execFileSync('git', ['interpret-trailers', '--parse'], { input: message, encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '')

test('git reads what was asked for', () => {
  const lines = trailerLines([...TRAILERS], { changes: [change('a'), change('b', 'bob', '8')], cluster: 'c1' })
  const message = addTrailers('Update 2 objects in shop\n\n- one\n- two\n', [...lines, 'Gitsync-Compared: drift'])
  expect(parsed(message)).toEqual([
    'Changed-by: alice',
    'Changed-by: bob',
    'Changed-via: kubectl',
    'Object: ConfigMap/shop/a',
    'Resource-version: 7',
    'Object: ConfigMap/shop/b',
    'Resource-version: 8',
    'Cluster: c1',
    'Gitsync-Compared: drift',
  ])
  expect(parsed(addTrailers('A\n\nB\n\nSigned-off-by: x <y@z>\n', ['Cluster: c']))).toEqual([
    'Signed-off-by: x <y@z>',
    'Cluster: c',
  ])
  expect(parsed(addTrailers('fix: subject\n', ['Cluster: c']))).toEqual(['Cluster: c'])
})

test('a long list is cut, and says so', () => {
  const changes = Array.from({ length: 120 }, (_, i) => change(String(i)))
  const lines = trailerLines(['Object'], { changes, cluster: 'c' })
  expect(lines).toHaveLength(51)
  expect(lines.at(-1)).toBe('Object: and 70 more')
})

test('nobody forges a trailer, by a name or by a message', () => {
  const forge = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a\nChanged-by: root', 'x\r\nCluster: other', 'y\u2028Object: z', '\n\nChanged-by: root'),
  )
  fc.assert(
    fc.property(forge, (text) => {
      const lines = trailerLines([...TRAILERS], {
        changes: [{ ...change('a', text), via: text, object: text }],
        cluster: text,
      })
      for (const line of lines) expect(line).not.toMatch(/[\n\r\u2028\u2029\0]/)
    }),
    { numRuns: 500 },
  )
  const message = withoutTrailers(
    'Fine\n\nchanged-BY: root\n  Object : x\nCluster: other\ngitsync-compared: no\n',
    TRAILERS,
  )
  expect(parsed(addTrailers(message, ['Changed-by: alice']))).toEqual(['Changed-by: alice'])
})

test('the token for CI stands in the first line, once', () => {
  expect(addToSubject('Update a\n\nmore\n', '[skip ci]')).toBe('Update a [skip ci]\n\nmore\n')
  expect(addToSubject('Update a', '[skip ci]')).toBe('Update a [skip ci]')
  expect(addToSubject('Update a [skip ci]\n', '[skip ci]')).toBe('Update a [skip ci]\n')
})
