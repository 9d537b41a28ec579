import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { git } from '../../../test/kit/remote/git.ts'
import { parseCommit, serializeCommit } from './commit.ts'
import type { Commit } from './commit.ts'
import { checkIdentity, parseIdentity } from './identity.ts'
import { objectId, SHA1 } from './object-id.ts'

const oid = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 40, maxLength: 40 })
const word = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  // oxlint-disable-next-line no-control-regex
  .map((text) => text.replace(/[<>\n\0]/g, '').trim())
  .filter((text) => text !== '')
const identity = fc.record({
  name: word,
  email: word,
  date: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000)),
  utcOffset: fc.integer({ min: -14 * 60, max: 14 * 60 }),
})
const message = fc.string({ unit: 'binary', maxLength: 200 }).map((text) => text.replaceAll('\0', ''))
const commit: fc.Arbitrary<Commit> = fc.record({
  tree: oid,
  parents: fc.array(oid, { maxLength: 3 }),
  author: identity,
  committer: identity,
  message,
})

test('what is written is read back, and the message ends in one line break', () => {
  fc.assert(
    fc.property(commit, (one) => {
      const read = parseCommit(serializeCommit(one))
      expect(read).toEqual({ ...one, message: one.message.replace(/\n*$/, '\n') })
      expect(serializeCommit(read).equals(serializeCommit(one))).toBe(true)
    }),
  )
})

test('git takes the commits, under the same id', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-commits-'))
  try {
    await git(dir, dir, ['init', '--quiet', '--bare'])
    for (const one of fc.sample(commit, { numRuns: 25, seed: 3 })) {
      const bytes = serializeCommit(one)
      expect(await git(dir, dir, ['hash-object', '-t', 'commit', '--stdin'], { input: bytes })).toBe(
        objectId(SHA1, 'commit', bytes),
      )
    }
    const bytes = serializeCommit({
      tree: SHA1.emptyTree,
      parents: [],
      author: { name: ' Zoë ', email: 'z@example.com', date: new Date(1_700_000_000_999), utcOffset: -210 },
      committer: { name: 'Bot', email: 'b@example.com', date: new Date(0) },
      message: 'Subject\n\nBody\n\n\n',
    })
    const id = await git(dir, dir, ['hash-object', '-w', '-t', 'commit', '--stdin'], { input: bytes })
    await git(dir, dir, ['hash-object', '-w', '-t', 'tree', '--stdin'])
    const format = '--format=%an|%ae|%ai|%cn|%ct|%B|'
    expect(await git(dir, dir, ['log', '-1', '--date=raw', format, id])).toBe(
      'Zoë|z@example.com|2023-11-14 18:43:20 -0330|Bot|0|Subject\n\nBody\n|',
    )
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

test.each([
  [{ name: 'A\nparent 1' }, 'author.name'],
  [{ name: 'A <x@y> 0 +0000' }, 'author.name'],
  [{ name: 'A\0' }, 'author.name'],
  [{ name: '  ' }, 'author.name'],
  [{ email: 'a@b>\ncommitter X <x@y' }, 'author.email'],
  [{ email: 'a@b\n' }, 'author.email'],
  [{ email: '' }, 'author.email'],
  [{ date: new Date(Number.NaN) }, 'author.date'],
  [{ date: new Date(-1) }, 'author.date'],
  [{ utcOffset: 1.5 }, 'author.utcOffset'],
  [{ utcOffset: 1440 }, 'author.utcOffset'],
])('the identity %o is refused by name of its field', (wrong, field) => {
  const good = { name: 'A', email: 'a@b', date: new Date() }
  expect(() => {
    checkIdentity('author', { ...good, ...wrong })
  }).toThrowError(expect.objectContaining({ code: 'InvalidInput', details: expect.objectContaining({ field }) }))
  checkIdentity('author', good)
})

test.each([
  ['A U Thor <a@b> 1700000000 +0130', { name: 'A U Thor', email: 'a@b', utcOffset: 90, seconds: 1_700_000_000 }],
  ['A <a@b> 1 -2459', { name: 'A', email: 'a@b', utcOffset: -1499, seconds: 1 }],
  ['A <a@b> 1 +1', { name: 'A', email: 'a@b', utcOffset: 0, seconds: 1 }],
  ['A <a@b>', { name: 'A', email: 'a@b', utcOffset: 0, seconds: 0 }],
  ['<> 5 +0000', { name: '', email: '', utcOffset: 0, seconds: 5 }],
  // As git reads them (git log --format=%ce).
  ['A <a <b@c>> 5 +0000', { name: 'A', email: 'a <b@c', utcOffset: 0, seconds: 5 }],
  ['A <a@b> c> 5 +0000', { name: 'A', email: 'a@b', utcOffset: 0, seconds: 5 }],
  ['A> b <a@b> 5 +0000', { name: 'A> b', email: 'a@b', utcOffset: 0, seconds: 5 }],
  ['nobody', { name: 'nobody', email: '', utcOffset: 0, seconds: 0 }],
])('old histories hold %j', (line, { seconds, ...rest }) => {
  expect(parseIdentity(line)).toEqual({ ...rest, date: new Date(seconds * 1000) })
})

test('other headers are passed over: signatures, encodings, merge tags', () => {
  const tree = 'a'.repeat(40)
  const parent = 'b'.repeat(40)
  const text = [
    `tree ${tree}`,
    `parent ${parent}`,
    'author A <a@b> 1 +0000',
    'committer C <c@d> 2 +0000',
    'encoding latin1',
    'gpgsig -----BEGIN PGP SIGNATURE-----',
    ' ',
    ` tree ${'c'.repeat(40)}`,
    ' -----END PGP SIGNATURE-----',
    `mergetag object ${'d'.repeat(40)}`,
    ` tree ${'e'.repeat(40)}`,
    '',
    'Subject',
    '',
    `tree ${'f'.repeat(40)}`,
    '',
  ].join('\n')
  expect(parseCommit(Buffer.from(text))).toMatchObject({
    tree,
    parents: [parent],
    author: { name: 'A' },
    committer: { name: 'C' },
    message: `Subject\n\ntree ${'f'.repeat(40)}\n`,
  })
})

test.each([
  '',
  'tree x\n\nm',
  `tree ${'a'.repeat(40)}\nparent x\n\nm`,
  '<html>',
  `author A <a@b> 1 +0000\n\ntree ${'a'.repeat(40)}`,
])('%j is no commit', (text) => {
  expect(() => parseCommit(Buffer.from(text))).toThrowError(expect.objectContaining({ code: 'Malformed' }))
})

test('a message of many line breaks takes no longer than another', () => {
  const date = new Date(0)
  const identity = { name: 'A', email: 'a@b', date }
  const message = `x${'\n'.repeat(400_000)}y`
  const bytes = serializeCommit({ tree: 'a'.repeat(40), parents: [], author: identity, committer: identity, message })
  expect(bytes.toString()).toMatch(/y\n$/)
})
