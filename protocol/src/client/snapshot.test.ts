import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { objectId, SHA1 } from '../format/object-id.ts'
import { Mode, serializeTree } from '../format/tree.ts'
import type { TreeEntry } from '../format/tree.ts'
import { Snapshot } from './snapshot.ts'

const BLOB = '1'.repeat(40)

/** A snapshot of a root that is the last of these trees, each made from the id of the one before. */
function snapshotOf(levels: readonly ((below: string) => TreeEntry[])[]): Snapshot {
  const trees = new Map<string, Buffer>()
  let root: string = SHA1.emptyTree
  for (const entries of levels) {
    const bytes = serializeTree(entries(root))
    root = objectId(SHA1, 'tree', bytes)
    trees.set(root, bytes)
  }
  const commit = 'c'.repeat(40)
  return new Snapshot({ ref: 'refs/heads/main', tip: commit, commit, root, format: SHA1 }, trees)
}

const file = (rawName: string): TreeEntry => ({ mode: Mode.file, rawName, oid: BLOB })
const folder = (rawName: string, oid: string): TreeEntry => ({ mode: Mode.tree, rawName, oid })

test('names that are no UTF-8 keep their bytes, in folders as well', () => {
  const snapshot = snapshotOf([() => [file('caf\xe9'), file('caf\xc3\xa9')], (below) => [folder('d\xff', below)]])
  expect([...snapshot.list('', true)].map(({ path, rawPath }) => [path, rawPath])).toEqual([
    ['d\ufffd/caf\u00e9', 'd\xff/caf\xc3\xa9'],
    ['d\ufffd/caf\ufffd', 'd\xff/caf\xe9'],
  ])
  const plain = snapshotOf([() => [file('a')]])
  expect([...plain.list('')]).toEqual([{ path: 'a', mode: Mode.file, type: 'blob', oid: BLOB }])
})

describe('folders in folders', () => {
  const chain = (depth: number): Snapshot =>
    snapshotOf([() => [file('f')], ...Array.from({ length: depth }, () => (below: string) => [folder('d', below)])])

  test('are listed as deep as git goes', () => {
    expect([...chain(2048).list('', true)].map(({ path }) => path)).toEqual([`${'d/'.repeat(2048)}f`])
    expect(() => [...chain(2049).list('', true)]).toThrowError(expect.objectContaining({ code: 'LimitExceeded' }))
  })

  test('are pruned however deep they are', () => {
    const deep = chain(50_000)
    const foreign = new Map([...deep.trees, ['f'.repeat(40), Buffer.alloc(0)]])
    expect(deep.withTrees(foreign).pruned().trees.size).toBe(50_001)
  })
})

describe('few trees that stand for billions', () => {
  const bomb = (...bottom: TreeEntry[]): Snapshot =>
    snapshotOf([
      () => bottom,
      ...Array.from(
        { length: 6 },
        () => (below: string) => Array.from({ length: 40 }, (_, i) => folder(`d${i}`, below)),
      ),
    ])

  test.each([
    ['of files', bomb(file('a'), file('b'))],
    ['of folders without a file', bomb()],
  ])('%s stop at the limit, whoever lists them', (_what, snapshot) => {
    const small = snapshot.at({ maxEntries: 1000 })
    const reached = expect.objectContaining({
      code: 'LimitExceeded',
      details: { limit: 'maxEntries', expected: 1000 },
    })
    expect(() => [...small.list('', true)]).toThrowError(reached)
    expect(() => [...small.withTrees(small.trees).pruned().at({}).list('d1', true)]).toThrowError(reached)
    expect(snapshot.maxEntries).toBe(1_000_000)
  })

  test('as many entries as the limit are listed', () => {
    const flat = snapshotOf([() => [file('a'), file('b')]])
    expect([...flat.at({ maxEntries: 2 }).list('')]).toHaveLength(2)
    expect(() => [...flat.at({ maxEntries: 1 }).list('')]).toThrowError(
      expect.objectContaining({ code: 'LimitExceeded' }),
    )
  })
})

test('in a log a snapshot is where it was taken, without the bytes of its trees', () => {
  const snapshot = Snapshot.empty('refs/heads/main', SHA1).withTrees(new Map([['a'.repeat(40), Buffer.alloc(1000)]]))
  const { ref, tip, commit, root } = snapshot
  expect(JSON.parse(JSON.stringify({ status: 'pushed', snapshot }))).toEqual({
    status: 'pushed',
    snapshot: { ref, tip, commit, root },
  })
  expect(inspect({ snapshot })).toContain('trees: 1')
  expect(inspect({ snapshot })).not.toContain('Buffer')
})
