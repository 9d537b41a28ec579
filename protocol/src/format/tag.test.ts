import { expect, test } from 'vitest'
import { parseTag } from './tag.ts'

const object = 'a'.repeat(40)
const head = `object ${object}\ntype commit\ntag v1\n`
const tagger = 'tagger A <a@b> 5 +0100\n'

test('a tag with a tagger and a message', () => {
  expect(parseTag(Buffer.from(`${head}${tagger}\nOne\n\nMore\n`))).toEqual({
    object,
    type: 'commit',
    name: 'v1',
    tagger: { name: 'A', email: 'a@b', date: new Date(5000), utcOffset: 60 },
    message: 'One\n\nMore\n',
  })
})

test.each(['', '\n'])('a tag of the first year has no tagger, and perhaps no message (%j)', (rest) => {
  expect(parseTag(Buffer.from(head + rest))).toEqual({ object, type: 'commit', name: 'v1', message: '' })
})

test.each(['PGP SIGNATURE', 'PGP MESSAGE', 'SSH SIGNATURE', 'SIGNED MESSAGE'])('a signature of kind %s', (kind) => {
  const block = `-----BEGIN ${kind}-----\n\nAAAA\n-----END ${kind}-----\n`
  expect(parseTag(Buffer.from(`${head}${tagger}\nOne\n${block}`))).toMatchObject({ message: 'One\n', signature: block })
})

test('only the last block is the signature: a message may quote others', () => {
  const block = '-----BEGIN PGP SIGNATURE-----\nAAAA\n-----END PGP SIGNATURE-----\n'
  const tag = parseTag(Buffer.from(`${head}${tagger}\nSee\n${block}and\n${block}`))
  expect(tag).toMatchObject({ message: `See\n${block}and\n`, signature: block })
  expect(parseTag(Buffer.from(`${head}${tagger}\nNo -----BEGIN PGP SIGNATURE-----\n`)).signature).toBeUndefined()
})

test.each(['', 'object x\ntype commit\n\nm', `object ${object}\ntype house\n\nm`, `\n${head}\nm`])(
  '%j is no tag',
  (text) => {
    expect(() => parseTag(Buffer.from(text))).toThrowError(expect.objectContaining({ code: 'Malformed' }))
  },
)
