import { h } from 'hastscript'
import type { PageError, PageErrorCode } from '../page-error.ts'
import { layout } from './layout.ts'
import { sentence } from './words.ts'

const TITLES: Readonly<Record<PageErrorCode, string>> = {
  BadRequest: 'This cannot be answered',
  Unauthenticated: 'Log in',
  UntrustedProxy: 'Not from there',
  CrossSite: 'Not from another site',
  NotFound: 'Nothing here',
  NotAllowed: 'Only to be read',
  Throttled: 'Too many attempts',
  Unavailable: 'Not now',
}

export const errorPage = ({ code, message }: PageError): string =>
  layout(
    { title: TITLES[code] },
    h('p', { class: 'note' }, sentence(message)),
    h('p', null, h('a', { href: '/' }, 'All GitSyncs')),
  )
