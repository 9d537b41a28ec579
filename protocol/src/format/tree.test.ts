import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { git } from '../../../test/kit/remote/git.ts'
import { applyDelta } from './delta.ts'
import { isGitError } from './errors.ts'
import { objectId, SHA1, SHA256 } from './object-id.ts'
import { editTree } from './tree-edit.ts'
import type { TreeChange } from './tree-edit.ts'
import {
  compareEntries,
  entryBytes,
  findEntry,
  formatMode,
  fromRawName,
  Mode,
  parseTree,
  serializeTree,
  toRawName,
  typeOfMode,
} from './tree.ts'
import type { TreeEntry } from './tree.ts'

/** Names that meet each other's prefixes and the slash in Git's order, besides all other bytes. */
const rawName = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', 'b', '-', '.', '0', ' ', '\u00e9', '\u0001', '\n', '"'),
    minLength: 1,
    maxLength: 4,
  }),
  fc
    .uint8Array({ minLength: 1, maxLength: 12 })
    .map((bytes) => Buffer.from(bytes.map((b) => (b === 0 || b === 47 ? 97 : b))).toString('latin1')),
)
const mode = fc.constantFrom(...Object.values(Mode))
const oid = (digits: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: digits, maxLength: digits })
const entry = (digits = 40): fc.Arbitrary<TreeEntry> => fc.record({ mode, rawName, oid: oid(digits) })
const entries = (digits = 40) => fc.uniqueArray(entry(digits), { selector: (e) => e.rawName, maxLength: 20 })

test('trees are ordered and written as git mktree does', async () => {
  const trees = fc.sample(entries(), { numRuns: 150, seed: 7 }).filter((tree) => tree.length > 0)
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-trees-'))
  try {
    await git(scratch, scratch, ['init', '--quiet', '--bare'])
    const records = trees.map((tree) =>
      tree.map((e) => `${formatMode(e.mode)} ${typeOfMode(e.mode)} ${e.oid}\t${e.rawName}\0`).join(''),
    )
    const input = Buffer.from(records.map((record) => `${record}\0`).join(''), 'latin1')
    const printed = await git(scratch, scratch, ['mktree', '-z', '--missing', '--batch'], { input })
    expect(trees.map((tree) => objectId(SHA1, 'tree', serializeTree(tree)))).toEqual(printed.split('\n'))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
})

test.each([SHA1, SHA256])(
  'an entry is found by its name, whatever the others are called or end in ($name)',
  (format) => {
    fc.assert(
      fc.property(entries(format.size * 2), rawName, (tree, other) => {
        const bytes = serializeTree(tree)
        for (const name of [other, ...tree.flatMap((e) => [e.rawName, e.rawName.slice(1), `a ${e.rawName}`])])
          expect(findEntry(bytes, name, format)).toEqual(tree.find((e) => e.rawName === name))
      }),
    )
    const bytes = serializeTree([{ mode: Mode.file, rawName: 'b a', oid: '61'.repeat(format.size) }])
    expect(findEntry(bytes, 'a', format)).toBeUndefined()
    expect(() => findEntry(bytes.subarray(0, -1), 'a', format)).toThrowError(
      expect.objectContaining({ code: 'Malformed' }),
    )
  },
)

test.each([SHA1, SHA256])('what is written is read back ($name)', (format) => {
  fc.assert(
    fc.property(entries(format.size * 2), (tree) => {
      expect(parseTree(serializeTree(tree), format)).toEqual([...tree].sort(compareEntries))
    }),
  )
})

test('any name of UTF-8 survives the raw form', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      expect(fromRawName(toRawName(name))).toBe(name)
    }),
  )
})

test('a damaged tree is an error at every cut, never a shorter listing', () => {
  const tree = serializeTree([
    { mode: Mode.file, rawName: 'file', oid: '1'.repeat(40) },
    { mode: Mode.tree, rawName: 'folder', oid: '2'.repeat(40) },
  ])
  const ends = [0, entryBytes({ mode: Mode.file, rawName: 'file', oid: '1'.repeat(40) }).length]
  for (let length = 0; length < tree.length; length++) {
    const read = (): TreeEntry[] => parseTree(tree.subarray(0, length), SHA1)
    if (ends.includes(length)) expect(read()).toHaveLength(ends.indexOf(length))
    else expect(read).toThrowError(expect.objectContaining({ code: 'Malformed' }))
  }
})

test.each(['100644', '100644 \0', ' name\0', '10064x name\0', '-100644 a\0', '77777777 a\0', '100648 a\0'])(
  'the entry %j is refused',
  (text) => {
    const bytes = Buffer.concat([Buffer.from(text), Buffer.alloc(20, 1)])
    expect(() => parseTree(bytes, SHA1)).toThrowError(expect.objectContaining({ code: 'Malformed' }))
  },
)

test('random bytes are either entries that write the same bytes again, or an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        parseTree(Buffer.from(bytes), SHA1)
      } catch (error) {
        expect(isGitError(error, 'Malformed')).toBe(true)
      }
    }),
  )
})

test.each([SHA1, SHA256])(
  'an edited tree is what parsing, changing and writing gives, and so is its delta ($name)',
  (format) => {
    const change = fc.option(fc.record({ mode, oid: oid(format.size * 2) }), { nil: null })
    const edits = fc.tuple(
      entries(format.size * 2),
      fc.array(fc.tuple(fc.oneof(fc.nat(30), rawName), change), { maxLength: 12 }),
    )
    fc.assert(
      fc.property(edits, ([old, list]) => {
        const changes = new Map<string, TreeChange>()
        const model = new Map(old.map((e) => [e.rawName, e]))
        for (const [which, what] of list) {
          const name = typeof which === 'string' ? which : (old[which]?.rawName ?? `new-${which}`)
          changes.set(name, what)
          if (what === null) model.delete(name)
          else model.set(name, { rawName: name, ...what })
        }
        const before = serializeTree(old)
        const { tree, delta } = editTree(before, changes, format)
        expect(tree.toString('hex')).toBe(serializeTree([...model.values()]).toString('hex'))
        expect(applyDelta(before, delta, 1 << 20).equals(tree)).toBe(true)
      }),
      { numRuns: 500 },
    )
  },
)

test('the delta of one entry of many costs that entry, not the tree', () => {
  const old = Array.from({ length: 5000 }, (_, i) => ({ mode: Mode.file, rawName: `file-${i}`, oid: '1'.repeat(40) }))
  const { delta } = editTree(
    serializeTree(old),
    new Map([['file-2500', { mode: Mode.file, oid: '2'.repeat(40) }]]),
    SHA1,
  )
  expect(delta.length).toBeLessThan(60)
})

test('entries that no change names keep their bytes, odd modes included', () => {
  const odd = Buffer.concat([
    Buffer.from('100664 a\0'),
    Buffer.alloc(20, 1),
    Buffer.from('40000 b\0'),
    Buffer.alloc(20, 2),
  ])
  const { tree } = editTree(odd, new Map([['c', { mode: Mode.file, oid: '3'.repeat(40) }]]), SHA1)
  expect(tree.subarray(0, odd.length).equals(odd)).toBe(true)
})
