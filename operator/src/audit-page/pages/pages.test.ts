import fc from 'fast-check'
import { fromHtml } from 'hast-util-from-html'
import { expect, test } from 'vitest'
import { PAGE_ERRORS, PageError } from '../page-error.ts'
import type { PageErrorCode } from '../page-error.ts'
import { audited } from '../testing/stand.ts'
import { manualClock } from '../../kube/testing/manual-clock.ts'
import { BranchLogs } from '../remote/branch-logs.ts'
import { Seal } from '../seal.ts'
import { writeHistory } from '../testing/history.ts'
import { commitPage } from './commit-page.ts'
import { timelinePage } from './timeline-page.ts'
import { errorPage } from './error-page.ts'
import { gitsyncsPage } from './gitsyncs-page.ts'
import { loginPage } from './login-page.ts'
import { STYLE } from './style.ts'
import { unexpected } from '../testing/unexpected.ts'

type Root = ReturnType<typeof fromHtml>

/** What a browser would make of a page: elements with their attributes, in order, without texts and values. */
function shapeOf(html: string): string[] {
  const shape: string[] = []
  const visit = (node: Root | Root['children'][number]): void => {
    if (node.type === 'element') shape.push([node.tagName, ...Object.keys(node.properties)].join(' '))
    else if (node.type !== 'text' && node.type !== 'root' && node.type !== 'doctype') shape.push(node.type)
    if ('children' in node) for (const child of node.children) visit(child)
  }
  visit(fromHtml(html))
  return shape
}

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '<script>alert(1)</script>',
        '"',
        "'",
        '<x-evil>',
        '</title>',
        '</style>',
        '<!--',
        '-->',
        '" onclick="x',
        '&lt;',
        '&#x3C;',
        '`',
        '>',
        '\u2028',
        '\u202E',
        'javascript:alert(1)',
        '<![CDATA[',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => `x${parts.join('')}`)

/** Whatever texts are put in, the browser sees the same elements. */
function expectSameShape(render: (text: string) => string): void {
  const plain = shapeOf(render('x'))
  expect(plain.length).toBeGreaterThan(10)
  fc.assert(
    fc.property(hostile, (text) => {
      expect(shapeOf(render(text))).toEqual(plain)
    }),
    { numRuns: 200 },
  )
}

const view = (text: string) => ({
  viewer: { user: { username: text, groups: [] }, by: 'session' as const },
  query: new URLSearchParams(),
  gitsyncs: [
    audited(text, text, {
      repository: text,
      branch: text,
      path: `p${text}`,
      conditions: [
        { type: 'Ready', status: 'False', reason: text, message: text, lastTransitionTime: '', observedGeneration: 1 },
      ],
      status: {
        lastCommit: { sha: text, time: '2026-01-01T00:00:00Z', url: 'https://git.example.com/c/1' },
        pending: 2,
      },
    }),
  ],
})

test('texts of others stay texts: on the page of GitSyncs', () => {
  expectSameShape((text) => gitsyncsPage(view(text)))
  expectSameShape((text) => gitsyncsPage({ ...view('x'), query: new URLSearchParams({ q: text }), gitsyncs: [] }))
})

test('texts of others stay texts: in the timeline, and of a commit', async () => {
  const clock = manualClock()
  const render = async (text: string): Promise<string[]> => {
    const safe = text.replaceAll(/[\0\n]/g, ' ')
    const panels = (title: string): string =>
      JSON.stringify({ title, panels: [{ id: 1, title: text, targets: [{ expr: text }] }] })
    const history = await writeHistory(
      [
        { files: { 'a/f.txt': 'x', 'a/d.json': panels('x') }, time: 1 },
        {
          files: { 'a/f.txt': `x\n${text}`, 'a/d.json': panels(`x ${text}`) },
          message: `x ${safe}\n\nx ${safe}`,
          author: 'Ann',
          time: 2,
        },
      ],
      { clock },
    )
    const reading = { clock, logs: new BranchLogs(clock, unexpected), seal: new Seal() }
    const gitsync = audited(text, text, { path: 'a', remote: history.branch })
    const base = { viewer: view(text).viewer, gitsyncs: [gitsync], reading }
    const query = new URLSearchParams({ gitsync: `${text}/${text}`, id: history.ids[1] ?? '' })
    return [
      await timelinePage({ ...base, query: new URLSearchParams({ kind: text }) }),
      await timelinePage({ ...base, query: new URLSearchParams() }),
      await commitPage({ ...base, query }),
    ]
  }
  const plain = (await render('x')).map(shapeOf)
  const property = fc.asyncProperty(hostile, async (text) => {
    const [filtered, all, commit] = (await render(text.replaceAll(/[/\0]/g, ''))).map(shapeOf)
    // What matches a filter differs; what a page is made of does not.
    expect(new Set(filtered)).toEqual(new Set(filtered?.filter((element) => plain.flat().includes(element))))
    expect(all).toEqual(plain[1])
    expect(new Set(commit)).toEqual(new Set(plain[2]))
  })
  await fc.assert(property, { numRuns: 25 })
})

test('the files of a commit are compared for a while; those behind are named', async () => {
  const clock = manualClock()
  const files = (word: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 40 }, (_file, index) => [`a/${10 + index}.txt`, `${word}\n`]))
  const history = await writeHistory(
    [
      { files: files('one'), time: 1 },
      { files: files('two'), time: 2 },
    ],
    { clock },
  )
  const gitsync = audited('a', 'sync', { path: 'a', remote: history.branch })
  const query = new URLSearchParams({ gitsync: 'a/sync', id: history.ids[1] ?? '' })
  const show = async (now: () => number): Promise<string> => {
    const reading = { clock: { ...clock, now }, logs: new BranchLogs(clock, unexpected), seal: new Seal() }
    return commitPage({ viewer: view('x').viewer, gitsyncs: [gitsync], query, reading })
  }
  const all = await show(() => 0)
  expect([all.split('<ins>').length - 1, all.split('.txt</code>').length - 1]).toEqual([30, 40])
  let now = 0
  const slow = await show(() => (now += 500))
  expect([slow.split('<ins>').length - 1, slow.split('.txt</code>').length - 1]).toEqual([2, 40])
  expect(slow).toContain('too much to compare this one as well')
})

test('a file that moves is shown as such; from where the viewer sees nothing it is one that is added', async () => {
  const clock = manualClock()
  const board = (title: string): string => JSON.stringify({ uid: 'u', title, panels: [] })
  const history = await writeHistory(
    [
      { files: { 'a/x.txt': 'x', 'a/old.json': board('Old'), 'hidden/y.txt': 'y' }, time: 1 },
      { files: { 'a/x.txt': null, 'a/b/x.txt': 'x' }, time: 2 },
      { files: { 'a/old.json': null, 'a/new.json': board('New') }, time: 3 },
      { files: { 'hidden/y.txt': null, 'a/y.txt': 'y' }, time: 4 },
    ],
    { clock },
  )
  const reading = { clock, logs: new BranchLogs(clock, unexpected), seal: new Seal() }
  const base = {
    viewer: view('x').viewer,
    gitsyncs: [audited('a', 'sync', { path: 'a', remote: history.branch })],
    reading,
  }
  const textOf = (html: string): string => html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
  const commit = async (index: number): Promise<string> => {
    const query = new URLSearchParams({ gitsync: 'a/sync', id: history.ids[index] ?? '' })
    return textOf(await commitPage({ ...base, query }))
  }
  const timeline = textOf(await timelinePage({ ...base, query: new URLSearchParams() }))
  expect(timeline).toContain('moved a/x.txt → a/b/x.txt')
  expect(await commit(1)).toContain('1 file moved a/x.txt → a/b/x.txt Its content is the same.')
  expect(await commit(2)).toContain('1 file moved a/old.json → a/new.json changed Settings title: Old → New')
  const added = await commit(3)
  expect(added).toContain('1 file added a/y.txt')
  expect(`${timeline}${added}`).not.toContain('hidden')
})

test('texts of others stay texts: where to go after the login, and in errors', () => {
  expectSameShape((text) => loginPage({ next: `/${text}`, audience: text, problem: text }))
  for (const code of Object.keys(PAGE_ERRORS) as PageErrorCode[])
    expectSameShape((text) => errorPage(new PageError(code, text)))
})

test.each(['javascript:alert(1)', 'data:text/html,x', 'https://user:token@git.example.com/c/1', 'no url', ''])(
  'a browser is not led to %s',
  (url) => {
    const [gitsync] = view('x').gitsyncs
    const lastCommit = { sha: 'abc', url }
    const page = gitsyncsPage({
      ...view('x'),
      gitsyncs: [{ ...audited('a', 'b'), ...gitsync, status: { lastCommit } }],
    })
    expect(page).not.toContain('rel="noreferrer"')
    expect(page).not.toContain('token')
  },
)

test('the stylesheet asks nobody for anything, and cannot end its element', () => {
  expect(STYLE).not.toMatch(/url\(|@import|</)
})
