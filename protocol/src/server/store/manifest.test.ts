import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SHA1, SHA256 } from '../../format/object-id.ts'
import { parseState, printState } from './manifest.ts'

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom('0', '3', '9', 'a', 'f'), minLength: length, maxLength: length })

test('what is printed is read as it was', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(SHA1, SHA256),
      fc.dictionary(fc.string(), fc.record({ oid: hex(40), peeled: hex(40) }, { requiredKeys: ['oid'] }), {
        noNullPrototype: true,
      }),
      fc.array(fc.record({ id: fc.uuid(), name: hex(40), size: fc.nat(), objects: fc.nat() })),
      fc.array(fc.record({ id: fc.uuid(), at: fc.nat() })),
      (format, refs, packs, retired) => {
        const state = { id: 'x', format, head: 'refs/heads/ü"\n', refs: new Map(Object.entries(refs)), packs, retired }
        expect(parseState(printState(state))).toEqual(state)
      },
    ),
  )
})

test.each([
  ['', /is no JSON object/],
  ['[]', /has version undefined/],
  ['{"version":2}', /has version 2, and this release reads 1/],
  ['{"version":1,"id":"a","head":"b","format":"md5"}', /lacks id, head or format/],
  ['{"version":1,"id":"a","head":"b","format":"sha1","refs":[]}', /lacks refs, packs or retired packs/],
  [
    '{"version":1,"id":"a","head":"b","format":"sha1","refs":[["x","y"]],"packs":[],"retired":[]}',
    /has a ref that is none/,
  ],
  [
    '{"version":1,"id":"a","head":"b","format":"sha1","refs":[],"packs":[["../x","a",1,1]],"retired":[]}',
    /has a pack that is none/,
  ],
])('%j is refused', (text, message) => {
  expect(() => parseState(text)).toThrow(message)
})
