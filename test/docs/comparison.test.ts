/** The comparison: each line says what we have, and names a test that is there under that title. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './blocks.ts'

const PAGE = 'docs/comparison.md'
const COLUMNS = [
  '',
  'gitsync-operator',
  'gitops-reverser',
  'syngit',
  'katafygio',
  'Flux image automation',
  'Grafana Git Sync',
  'grafana-operator',
  'Shown by',
]

const text = readFileSync(join(ROOT, PAGE), 'utf8')
const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

/** The tables of features, of which the last column names tests. */
const tables = text
  .split('\n\n')
  .map((block) => block.trim().split('\n').map(cellsOf))
  .filter(([head]) => head?.at(-1) === 'Shown by')
const rows = tables.flatMap(([, , ...body]) => body)

/** Titles of the tests of a file; those that are skipped for good are none. */
function titlesIn(path: string): string[] {
  const source = readFileSync(join(ROOT, path), 'utf8')
  return [...source.matchAll(/(?:\btest|\bdescribe|\))\s*\(\s*('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")/g)].map(
    ([, quoted = '']) => quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1'),
  )
}

/** Links of a text to tests: title and path. */
function testsIn(markdown: string): { readonly title: string; readonly path: string }[] {
  return [...markdown.matchAll(/\[((?:\\.|[^\]\\])+)\]\(([^)]+\.ts)\)/g)].map(([, title = '', path = '']) => ({
    title: title.replaceAll(/\\(.)/g, '$1'),
    path: join(dirname(PAGE), path),
  }))
}

test('every line has a word of everybody, and of us: yes, partly or not', () => {
  for (const [head] of tables) expect(head).toEqual(COLUMNS)
  expect(rows.length).toBeGreaterThanOrEqual(42)
  for (const [feature, ours = '', ...rest] of rows) {
    expect(rest, feature).toHaveLength(COLUMNS.length - 2)
    expect(ours, feature).toMatch(/^\*\*(yes|partly|not)\*\*/)
    for (const theirs of rest.slice(0, -1)) expect(theirs, feature).toMatch(/^(yes|partly|no|by git|–)/)
  }
})

test('whatever we have is shown by tests, and nothing else is', () => {
  for (const [feature, ours = '', ...rest] of rows) {
    const tests = testsIn(rest.at(-1) ?? '')
    if (ours.startsWith('**not**')) expect(rest.at(-1), feature).toBe('')
    else expect(tests, feature).not.toEqual([])
  }
})

test('each test that is named is there, with that title', () => {
  const problems = testsIn(text).flatMap(({ title, path }) => {
    if (!existsSync(join(ROOT, path))) return [`${path} is not there`]
    return titlesIn(path).includes(title) ? [] : [`${path} has no test ‘${title}’`]
  })
  expect(problems).toEqual([])
})
