/** The site as it is built: every link and anchor leads somewhere, and nothing comes from elsewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REASONS } from '../../operator/src/api/reasons.ts'
import { run } from '../kit/process/index.ts'
import { ROOT } from './blocks.ts'

const BASE = '/docs/'
const SOURCE = 'https://github.com/gitsync-dev/gitsync-operator/blob/main/'
const SITE = 'https://gitsync.dev/docs/'

let site: string
/** Path below the base, without .html → the page. */
let pages: ReadonlyMap<string, string>
beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'gitsync-site-'))
  const vitepress = join(ROOT, 'node_modules/.bin/vitepress')
  await run(vitepress, ['build', join(ROOT, 'docs'), '--outDir', site], { timeout: 110_000 })
  const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'))
  pages = new Map(files.map((file) => [file.replace(/\.html$/, ''), readFileSync(join(site, file), 'utf8')]))
}, 120_000)
afterAll(() => rm(site, { recursive: true, force: true }))

const attributes = (html: string, name: string): string[] =>
  [...html.matchAll(new RegExp(` ${name}="([^"]*)"`, 'g'))].map(([, value = '']) => value.replaceAll('&amp;', '&'))

/** What is wrong with a link; undefined when it leads somewhere. */
function problemOf(page: string, href: string): string | undefined {
  if (href.startsWith(SOURCE)) {
    const path = href.slice(SOURCE.length).replace(/#.*$/, '')
    return existsSync(join(ROOT, path)) ? undefined : `${page}: ${path} is not in the repository`
  }
  if (/^(https?|mailto):/.test(href)) return undefined
  const { pathname, hash } = new URL(href, `https://site.invalid${BASE}${page}`)
  const path = posix.join(decodeURI(pathname.slice(BASE.length)) || 'index')
  if (path.startsWith('assets/') || /\.\w+$/.test(path)) {
    return existsSync(join(site, path)) ? undefined : `${page}: no file ${path}`
  }
  const target = pages.get(path.replace(/\/$/, '/index')) ?? pages.get(`${path}/index`)
  if (target === undefined) return `${page}: no page ${href}`
  const anchor = decodeURIComponent(hash.slice(1))
  return anchor === '' || attributes(target, 'id').includes(anchor) ? undefined : `${page}: no anchor ${href}`
}

test('every link and anchor leads somewhere', () => {
  const problems = [...pages].flatMap(([page, html]) =>
    [...new Set([...attributes(html, 'href'), ...attributes(html, 'src')])].flatMap(
      (href) => problemOf(page, href) ?? [],
    ),
  )
  expect(problems).toEqual([])
  expect(pages.size).toBeGreaterThan(30)
})

test('nothing is loaded from elsewhere: no scripts, styles, pictures, fonts', () => {
  const loaded = [...pages].flatMap(([page, html]) =>
    [...html.matchAll(/<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)="((?:https?:)?\/\/[^"]*)"/g)].map(
      ([, url]) => `${page}: ${url}`,
    ),
  )
  const styles = readdirSync(join(site, 'assets'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.css'),
  )
  for (const file of styles) {
    const css = readFileSync(join(site, 'assets', file), 'utf8')
    loaded.push(...[...css.matchAll(/url\(["']?((?:https?:)?\/\/[^)]*)\)|@import/g)].map(([all]) => `${file}: ${all}`))
    expect(css).not.toContain('@font-face')
  }
  expect(loaded).toEqual([])
})

test('the search knows every page', () => {
  const [index = ''] = readdirSync(join(site, 'assets/chunks')).filter((file) => file.includes('localSearchIndex'))
  const text = readFileSync(join(site, 'assets/chunks', index), 'utf8')
  for (const page of ['quickstart', 'troubleshooting', 'kinds/gitsync', 'engine/editing', 'reference/operator']) {
    expect(text).toContain(`${BASE}${page}#`)
  }
})

test('each reason of a condition is an anchor', () => {
  const ids = attributes(pages.get('troubleshooting') ?? '', 'id')
  expect(Object.keys(REASONS).filter((reason) => !ids.includes(reason.toLowerCase()))).toEqual([])
})

test('links to the site in sources, messages and the chart lead somewhere', async () => {
  const { stdout } = await run('git', ['grep', '-hoE', `${SITE}[A-Za-z0-9/#._-]*[A-Za-z0-9]`, '--', '.', ':!test'], {
    cwd: ROOT,
  })
  const links = [...new Set(stdout.toString().trim().split('\n'))]
  // NAME and the like stand for any alert.
  const fixed = links.filter((link) => !/\/[A-Z]+$/.test(link))
  expect(fixed.flatMap((link) => problemOf('index', `${BASE}${link.slice(SITE.length)}`) ?? [])).toEqual([])
})

test('a page links to files that are there, also when it is read in the repository', () => {
  const problems: string[] = []
  for (const file of readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.md') || file.startsWith('.vitepress')) continue
    const text = readFileSync(join(ROOT, 'docs', file), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)) {
      if (!existsSync(join(ROOT, 'docs', dirname(file), target))) problems.push(`${file}: ${target}`)
    }
  }
  expect(problems).toEqual([])
})
