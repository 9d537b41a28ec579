import { expect, test } from 'vitest'
import { differencesOf } from './differences.ts'

const files = (entries: Readonly<Record<string, string>>): { path: string; oid: string }[] =>
  Object.entries(entries).map(([path, oid]) => ({ path, oid }))
const between = (head: Readonly<Record<string, string>>, base: Readonly<Record<string, string>>, needsClaim = true) =>
  differencesOf(files(head), files(base), {
    isWanted: (path) => path.startsWith('wanted'),
    hasWritten: (path) => path.startsWith('written'),
    needsClaim,
  })

test('what the cluster wants and what this GitSync has written is proposed, in the order of paths', () => {
  expect(between({ wanted2: 'b', wanted1: 'a', same: 's' }, { wanted2: 'x', written: 'y', same: 's' })).toEqual([
    { path: 'wanted1', oid: 'a', before: null },
    { path: 'wanted2', oid: 'b', before: 'x' },
    { path: 'written', oid: null, before: 'y' },
  ])
})

test("others' files are nobody's business, on either side", () => {
  expect(between({ 'theirs-there': 'a', theirs: 'b' }, { 'theirs-here': 'a', theirs: 'c' })).toEqual([])
})

test('the claim is proposed with something to claim a folder for, and never taken away', () => {
  expect(between({ '.gitsync': 'a' }, {})).toEqual([{ path: '.gitsync', oid: 'a', before: null }])
  expect(between({ '.gitsync': 'a' }, {}, false)).toEqual([])
  expect(between({}, { '.gitsync': 'a' })).toEqual([])
})
