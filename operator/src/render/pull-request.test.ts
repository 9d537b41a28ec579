import { expect, test } from 'vitest'
import { renderBody, renderTitle } from './pull-request.ts'

const input = {
  changes: [
    { action: 'Update' as const, group: '', kind: 'ConfigMap', namespace: 'shop', name: 'web' },
    { action: 'Create' as const, group: 'rbac', kind: 'ClusterRole', name: '@everyone `x` fixes #1\n/merge' },
  ],
  authors: ['Ann', '@ben', 'Ann'],
  gitsyncs: ['shop/shop'],
  branch: 'gitsync/shop',
  base: 'main',
}

test('the title is one line, of a length that hosts take', () => {
  expect(renderTitle(undefined, input)).toBe('Update 2 objects')
  expect(renderTitle('{namespace}: {count} for {base}', input)).toBe('shop: 2 for main')
  expect(renderTitle(`${'x'.repeat(249)}😀`, input)).toHaveLength(250)
})

test('names are in code spans, where they mention nobody, close nothing and are no commands', () => {
  const body = renderBody(undefined, input)
  expect(body).toContain('- Update `ConfigMap shop/web`\n')
  expect(body).toContain("- Create `ClusterRole @everyone 'x' fixes #1 /merge`\n")
  expect(body).toContain('Changed by `Ann`, `@ben` in the cluster')
  expect(body).not.toMatch(/^\//m)
})

test('a hundred changes are listed, and the others counted', () => {
  const change = { action: 'Update' as const, group: '', kind: 'ConfigMap', name: 'web' }
  const listed = (count: number): string[] =>
    renderBody('{changes}', { ...input, changes: Array.from({ length: count }, () => change) })
      .split('\n')
      .filter((line) => line.startsWith('- '))
  expect(listed(100)).toHaveLength(100)
  expect(listed(100).join()).not.toContain('more')
  expect(listed(103)).toHaveLength(101)
  expect(listed(103).at(-1)).toBe('- and 3 more')
})

test('a placeholder that nobody knows is refused', () => {
  expect(() => renderTitle('{nonsense}', input)).toThrow('{nonsense} is unknown')
})
