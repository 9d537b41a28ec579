import { openRepository } from '@gitsync/protocol'
import { beforeAll, expect, test } from 'vitest'
import type { TestRepository } from '../../kit/remote/index.ts'
import { useRemote } from './fixture.ts'

const remote = useRemote()

const ATTRIBUTES = {
  '.gitattributes': `# images
[attr]big filter=lfs diff=lfs merge=lfs -text
*.psd filter=lfs diff=lfs merge=lfs -text
/top.bin big
docs/*.pdf filter=crypt text
docs/** filter=all
*.txt filter
"with space.*" filter=space
**/deep/*.x filter=deep
a/**/z filter=mid
[a-c]?.y filter=range
[!a-c]?.y filter=other
*.psd -diff
folder/ filter=never
b\\*r filter=star
!no.psd filter=no
`,
  'docs/.gitattributes': '*.pdf -filter\nkeep.pdf !filter\n*.psd filter=inner\n[attr]late filter=late\nx.late late\n',
  'docs/sub/.gitattributes': 'keep.pdf filter=sub\r\n/*.md filter=md\n',
}
const PATHS = `x.psd a/b/x.psd top.bin a/top.bin docs/a.pdf docs/sub/keep.pdf docs/sub/other.pdf docs/x.psd docs/x.late
x.txt with_space.y deep/q.x a/deep/q.x a/deep/b/q.x a/z a/b/z a/b/c/z ab.y d/zz.y zz.y abc.y folder/x folder b*r bar no.psd
docs/sub/r.md docs/sub/t/r.md docs`
  .split(/\s/)
  .map((path) => path.replace('_', ' '))

let store: TestRepository
beforeAll(async () => {
  store = await remote.fresh({ ...ATTRIBUTES, 'docs/sub/keep.pdf': 'x' })
})

async function byGit(paths: readonly string[]): Promise<Map<string, string>> {
  await store.git('read-tree', 'main')
  const printed = await store.git('check-attr', '-z', '--cached', 'filter', '--', ...paths)
  const fields = printed.split('\0')
  const filters = new Map<string, string>()
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [path = '', , value = ''] = fields.slice(at, at + 3)
    if (!['unspecified', 'set', 'unset'].includes(value)) filters.set(path, value)
  }
  return filters
}

test('filters are those of git check-attr', async () => {
  const expected = await byGit(PATHS)
  expect(expected.size).toBeGreaterThan(12)
  expect(await openRepository(store.url).filters('main', PATHS)).toEqual(expected)
})

test('they cost what reading the paths costs, and less where there are none', async () => {
  remote.reset()
  await openRepository(store.url).filters('main', ['top.bin', 'new.psd'])
  expect(remote.requests).toHaveLength(3)
  const plain = await remote.fresh({ x: '1' })
  remote.reset()
  expect(await openRepository(plain.url).filters('main', ['x'])).toEqual(new Map())
  expect(remote.requests).toHaveLength(2)
})
