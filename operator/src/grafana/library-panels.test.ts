import { expect, test } from 'vitest'
import { ExactNumber } from '../objects/exact-json.ts'
import type { LibraryPanel } from './library-panels.ts'
import { scripted } from './testing/scripted.ts'

const element = (uid: string, more: object = {}): object => ({
  id: 1,
  uid,
  name: uid,
  kind: 1,
  folderUid: 'team',
  model: { type: 'graph' },
  version: 2,
  meta: { folderName: 'Team', updated: '2026-01-02T03:04:05.678Z', updatedBy: { id: 1, name: 'bob' } },
  ...more,
})
const many = (count: number): object[] => Array.from({ length: count }, (_, i) => element(`p${i}`))
const list = async (panels: AsyncIterable<LibraryPanel>): Promise<LibraryPanel[]> => {
  const found: LibraryPanel[] = []
  for await (const panel of panels) found.push(panel)
  return found
}
/** A Grafana that has these, in pages. */
function shelf(elements: readonly object[], asked: string[] = [], limitOf = (size: number) => size <= 1_000) {
  return scripted((path) => {
    asked.push(path)
    const { searchParams } = new URL(path, 'https://host')
    const [size, page] = [Number(searchParams.get('perPage')), Number(searchParams.get('page'))]
    const shown = elements.slice((page - 1) * size, page * size)
    const body = JSON.stringify({ result: { totalCount: 0, elements: shown, page, perPage: size } })
    return { body: limitOf(size) ? body : `${body}${' '.repeat(9 << 20)}` }
  })
}

test('a hundred are a request, and each is told with who saved it, when, and its panel', async () => {
  const asked: string[] = []
  const panels = await list(shelf(many(250), asked).libraryPanels())
  expect(panels).toHaveLength(250)
  expect(asked).toEqual([1, 2, 3].map((page) => `/api/library-elements?kind=1&perPage=100&page=${page}`))
  expect(panels[0]).toEqual({
    uid: 'p0',
    name: 'p0',
    folder: 'team',
    folderTitle: 'Team',
    state: '[1,2,"2026-01-02T03:04:05.678Z"]',
    by: 'bob',
    savedAt: Date.parse('2026-01-02T03:04:05Z'),
    model: { type: 'graph' },
  })
})

test('large panels are asked for in smaller pages, each of them once', async () => {
  const asked: string[] = []
  const panels = await list(shelf(many(60), asked, (size) => size <= 25).libraryPanels())
  expect(panels.map(({ uid }) => uid)).toEqual(many(60).map((_, i) => `p${i}`))
  expect(asked.map((path) => path.split('perPage=')[1])).toEqual(['100&page=1', '25&page=1', '25&page=2', '25&page=3'])
  const never = shelf(many(1), [], () => false).libraryPanels()
  await expect(list(never)).rejects.toMatchObject({ code: 'LimitExceeded' })
})

test('pages that move on repeat nothing, and those without end are given up', async () => {
  const asked: string[] = []
  const repeating = scripted((path) => {
    asked.push(path)
    return { body: JSON.stringify({ result: { elements: many(100) } }) }
  })
  await expect(list(repeating.libraryPanels())).rejects.toMatchObject({ code: 'LimitExceeded' })
  expect(asked).toHaveLength(101)
  const shifted = shelf([...many(100), element('p99'), element('q')])
  expect((await list(shifted.libraryPanels())).map(({ uid }) => uid).slice(98)).toEqual(['p98', 'p99', 'q'])
})

test('one is asked for by its uid; numbers keep their spelling, the top has no name, and nobody is nobody', async () => {
  const grafana = scripted((path) =>
    path === '/api/library-elements/a'
      ? {
          body: `{"result": {"id":1,"uid":"a","name":"A","folderUid":"general","version":1,"model":{"max":1.50},"meta":{"updatedBy":null}}}`,
        }
      : { status: 404, body: '{"message": "library element could not be found"}' },
  )
  expect(await grafana.libraryPanel('a')).toMatchObject({
    folder: '',
    by: '',
    savedAt: undefined,
    model: { max: new ExactNumber('1.50') },
  })
  expect(await grafana.libraryPanel('b')).toBeUndefined()
})

test.each([
  '[]',
  '{}',
  '{"result": {"elements": {}}}',
  JSON.stringify({ result: { elements: [element('a', { model: 'x' })] } }),
  JSON.stringify({ result: { elements: [element('a', { version: '1' })] } }),
  JSON.stringify({ result: { elements: [element('a', { meta: null })] } }),
])('%s is no list of panels', async (body) => {
  await expect(list(scripted(() => ({ body })).libraryPanels())).rejects.toMatchObject({ code: 'Malformed' })
})

test('what no Grafana calls a panel is none, names are cut, and who may not read them is told what it takes', async () => {
  const names = shelf([element('a/b'), element('..'), element(''), element('ok', { name: 'x'.repeat(1_000) })])
  expect((await list(names.libraryPanels())).map(({ uid, name }) => [uid, name.length])).toEqual([['ok', 256]])
  await expect(list(scripted(() => ({ status: 403, body: '{}' })).libraryPanels())).rejects.toMatchObject({
    code: 'Forbidden',
    message: expect.stringContaining('the token needs library.panels:read'),
  })
})
