import { expect, test } from 'vitest'
import { objectId, SHA1 } from '../../format/object-id.ts'
import { Mode, serializeTree } from '../../format/tree.ts'
import type { TreeEntry } from '../../format/tree.ts'
import { changeOf, diffTrees } from './diff-trees.ts'
import type { DiffOptions } from './diff-trees.ts'
import { withExactRenames } from './exact-renames.ts'

const held = new Map<string, Buffer>()
const options: DiffOptions = { format: SHA1, tree: (oid) => held.get(oid), names: [], maxEntries: 10_000 }

function tree(...entries: TreeEntry[]): string {
  const bytes = serializeTree(entries)
  const oid = objectId(SHA1, 'tree', bytes)
  held.set(oid, bytes)
  return oid
}
const blob = (digit: string): string => digit.repeat(40)
const file = (rawName: string, digit: string, mode: number = Mode.file): TreeEntry => ({
  mode,
  rawName,
  oid: blob(digit),
})
const folder = (rawName: string, oid: string): TreeEntry => ({ mode: Mode.tree, rawName, oid })

test('a missing tree is named by its side, and what can be known is told', () => {
  const before = tree(folder('d', blob('1')), file('f', '2'))
  const after = tree(folder('d', blob('3')), file('f', '4'))
  const { differences, missing } = diffTrees(before, after, options)
  expect(differences.map(({ rawPath }) => rawPath)).toEqual(['f'])
  expect([[...missing.before], [...missing.after]]).toEqual([[blob('1')], [blob('3')]])
})

test('equal folders are not looked into, though nobody has them', () => {
  const same = folder('d', blob('1'))
  const { differences, missing } = diffTrees(tree(same, file('f', '2')), tree(same), options)
  expect(differences).toHaveLength(1)
  expect(missing.before.size + missing.after.size).toBe(0)
})

test('a file where a path goes on is not at or below the path', () => {
  const below = tree(file('x', '1'), file('y', '1'))
  const [before, after] = [tree(file('f', '1')), tree(folder('f', below))]
  const paths = (...names: string[]): string[] =>
    diffTrees(before, after, { ...options, names }).differences.map(({ rawPath }) => rawPath)
  expect(paths()).toEqual(['f', 'f/x', 'f/y'])
  expect(paths('f')).toEqual(['f', 'f/x', 'f/y'])
  expect(paths('f', 'x')).toEqual(['f/x'])
  expect(paths('f', 'x', 'z')).toEqual([])
})

test('permissions that Git no longer writes are no change', () => {
  const { differences } = diffTrees(tree(file('f', '1', 0o100664)), tree(file('f', '1')), options)
  expect(differences).toEqual([])
  const [change] = diffTrees(tree(file('f', '1', 0o100775)), tree(file('f', '1')), options).differences.map(changeOf)
  expect(change).toMatchObject({ status: 'M', oldMode: Mode.executable, mode: Mode.file })
})

test('few trees that stand for billions meet the bound', () => {
  let root = tree(file('f', '1'))
  for (let level = 0; level < 8; level++) root = tree(...Array.from({ length: 40 }, (_, i) => folder(`d${i}`, root)))
  expect(() => diffTrees(SHA1.emptyTree, root, options)).toThrowError(
    expect.objectContaining({ code: 'LimitExceeded' }),
  )
})

test('ten thousand files of one content that move are paired in time', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `f${String(i).padStart(5, '0')}`)
  const files = tree(...names.map((name) => file(name, '1')))
  const all = { ...options, maxEntries: 50_000 }
  const { differences } = diffTrees(tree(folder('a', files)), tree(folder('b', files)), all)
  const changes = withExactRenames(differences)
  expect(changes).toHaveLength(10_000)
  expect(changes.every(({ status, path, oldPath }) => status === 'R' && path.slice(1) === oldPath?.slice(1))).toBe(true)
})
