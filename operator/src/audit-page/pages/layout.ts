import { h } from 'hastscript'
import type { Child } from 'hastscript'
import { toHtml } from 'hast-util-to-html'
import type { Viewer } from '../viewer/viewers.ts'
import { STYLE_PATH } from './style.ts'
import type { Markup } from './words.ts'

export interface Layout {
  readonly title: string
  /** Default: nobody has logged in. */
  readonly viewer?: Viewer
  /** Path of the page, to mark it in the navigation. */
  readonly path?: string
}

const LINKS: readonly (readonly [path: string, label: string])[] = [
  ['/', 'GitSyncs'],
  ['/timeline', 'Timeline'],
]

/** A whole page. What is in it is escaped as it is put in: texts are texts, whoever has written them. */
export function layout({ title, viewer, path }: Layout, ...content: Child[]): string {
  const page = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charset: 'utf-8' }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('title', null, `${title} · gitsync audit`),
      h('link', { rel: 'stylesheet', href: STYLE_PATH }),
    ),
    h(
      'body',
      null,
      h('a', { class: 'skip', href: '#content' }, 'Skip to the content'),
      viewer === undefined ? bareHead() : head(viewer, path),
      h('main', { id: 'content', tabindex: -1 }, h('h1', null, title), ...content),
    ),
  )
  return `<!doctype html>\n${toHtml(page)}\n`
}

const brand = (): Markup => h('span', { class: 'brand' }, 'gitsync audit')
const bareHead = (): Markup => h('header', null, brand())

function head({ user, by }: Viewer, path: string | undefined): Markup {
  const links = LINKS.map(([to, label]) => h('a', { href: to, ...(to === path ? { ariaCurrent: 'page' } : {}) }, label))
  return h(
    'header',
    null,
    brand(),
    h('nav', { ariaLabel: 'Pages' }, ...links),
    h(
      'div',
      { class: 'viewer' },
      h('span', { class: 'user', title: user.username }, user.username),
      by === 'session' ? h('form', { method: 'post', action: '/logout' }, h('button', null, 'Log out')) : null,
    ),
  )
}
