import type { Logger } from 'pino'
import type { Clock } from '../time/clock.ts'
import type { AuditedGitSync } from './audited.ts'
import { BranchLogs } from './remote/branch-logs.ts'
import { Seal } from './seal.ts'
import type { TimelineDependencies } from './timeline/timeline.ts'
import { notFound, PageError } from './page-error.ts'
import { header } from './page-request.ts'
import type { PageRequest, PageResponse } from './page-request.ts'
import { commitPage } from './pages/commit-page.ts'
import { errorPage } from './pages/error-page.ts'
import { gitsyncsPage } from './pages/gitsyncs-page.ts'
import { loginPage } from './pages/login-page.ts'
import { STYLE, STYLE_PATH } from './pages/style.ts'
import { timelinePage } from './pages/timeline-page.ts'
import { isSameOrigin } from './same-origin.ts'
import type { Viewer, Viewers } from './viewer/viewers.ts'
import type { Visibility } from './viewer/visibility.ts'

export interface AuditPageDependencies {
  readonly viewers: Viewers
  readonly visibility: Visibility
  /** Audience that a token of who logs in must be for; undefined: the API server's own. */
  readonly audience: string | undefined
  /** Every GitSync, in any order; undefined while another replica has them, or they are not known yet. */
  readonly gitsyncs: () => Iterable<AuditedGitSync> | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/** What a viewer is given to look at: nothing else is at hand where pages are made. */
export interface View {
  readonly viewer: Viewer
  /** Those that the viewer may see, by namespace and name. */
  readonly gitsyncs: readonly AuditedGitSync[]
  readonly query: URLSearchParams
  /** Reads histories of those GitSyncs. */
  readonly reading: TimelineDependencies
}

type Page = (view: View) => string | Promise<string>

const PAGES: Readonly<Record<string, Page>> = { '/': gitsyncsPage, '/timeline': timelinePage, '/commit': commitPage }

/** Pages that are made for one viewer at a time: whoever opens more keeps nobody else waiting. */
const PER_VIEWER = 8

/** Longer ones are no page of ours, in characters. */
const MAX_QUERY = 8 << 10

/** What all pages share. */
interface Pages {
  readonly reading: TimelineDependencies
  /** User → pages that are being made. */
  readonly making: Map<string, number>
}

/** Answers requests for pages. Every page is made of what its viewer may see, which is found out before anything else. */
export function createAuditPage(dependencies: AuditPageDependencies): (request: PageRequest) => Promise<PageResponse> {
  const { clock, logger } = dependencies
  const reading = {
    clock,
    logs: new BranchLogs(clock, (error) => logger.error({ error: String(error) }, 'a history could not be read')),
    seal: new Seal(),
  }
  const making = new Map<string, number>()
  return async (request) => {
    try {
      return await route(request, dependencies, { reading, making })
    } catch (error) {
      if (!(error instanceof PageError)) throw error
      if (error.cause instanceof Error)
        logger.warn({ error: error.cause.message }, 'the audit page cannot ask the API server')
      return refusal(request, error, dependencies.audience)
    }
  }
}

async function route(
  request: PageRequest,
  dependencies: AuditPageDependencies,
  { reading, making }: Pages,
): Promise<PageResponse> {
  const { method, path } = request
  if (path === STYLE_PATH) return { status: 200, headers: STYLE_HEADERS, body: STYLE }
  const gitsyncs = dependencies.gitsyncs()
  // A login too would be of no use: sessions are kept where the pages are.
  if (gitsyncs === undefined)
    throw new PageError('Unavailable', 'this replica stands by, or has only begun: try again', 2)
  if (path === '/login' || path === '/logout') {
    if ((method === 'GET' || method === 'HEAD') && path === '/login')
      return html(200, loginPage({ next: nextOf(request.query), audience: dependencies.audience }))
    if (method !== 'POST') throw new PageError('NotAllowed', `${path} takes a form that is sent from here`)
    if (!isSameOrigin(request)) throw new PageError('CrossSite', 'this form was sent by another site')
    return await (path === '/login' ? logIn(request, dependencies) : logOut(request, dependencies))
  }
  if (method !== 'GET' && method !== 'HEAD') throw new PageError('NotAllowed', 'pages can be read, and nothing else')
  const viewer = await dependencies.viewers.of(request)
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined
  if (page === undefined || String(request.query).length > MAX_QUERY) throw notFound()
  const { username } = viewer.user
  const count = making.get(username) ?? 0
  if (count >= PER_VIEWER) throw new PageError('Throttled', 'too many pages at once: try again in 5 seconds', 5)
  making.set(username, count + 1)
  try {
    return html(200, await page({ ...(await viewOf(viewer, request, gitsyncs, dependencies)), reading }))
  } finally {
    const left = (making.get(username) ?? 1) - 1
    if (left > 0) making.set(username, left)
    else making.delete(username)
  }
}

async function viewOf(
  viewer: Viewer,
  { query }: PageRequest,
  gitsyncs: Iterable<AuditedGitSync>,
  { visibility }: AuditPageDependencies,
): Promise<Omit<View, 'reading'>> {
  const known = [...gitsyncs]
  const namespaces = await visibility.among(
    viewer.user,
    known.map(({ namespace }) => namespace),
  )
  const visible = known.filter(({ namespace }) => namespaces.has(namespace))
  visible.sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1))
  return { viewer, gitsyncs: visible, query }
}

async function logIn(request: PageRequest, { viewers, audience }: AuditPageDependencies): Promise<PageResponse> {
  const form = await request.form()
  const next = nextOf(form)
  try {
    const cookie = await viewers.logIn((form.get('token') ?? '').trim(), request.remoteAddress)
    return { status: 303, headers: { location: next, 'set-cookie': cookie }, body: '' }
  } catch (error) {
    if (!(error instanceof PageError)) throw error
    return html(error.status, loginPage({ next, audience, problem: error.message }), headersOf(error, request.path))
  }
}

async function logOut(request: PageRequest, { viewers }: AuditPageDependencies): Promise<PageResponse> {
  return { status: 303, headers: { location: '/login', 'set-cookie': viewers.logOut(request) }, body: '' }
}

/** Where to go from here: a path of ours, whatever somebody has written into the address. */
function nextOf(fields: URLSearchParams): string {
  const url = URL.parse(fields.get('next') ?? '/', 'http://page.invalid')
  const path = url?.host === 'page.invalid' ? `${url.pathname}${url.search}` : '/'
  // Two slashes would be read as the name of a host.
  return path.startsWith('//') || path.startsWith('/log') ? '/' : path
}

function refusal(request: PageRequest, error: PageError, audience: string | undefined): PageResponse {
  const wantsHtml = (header(request, 'accept') ?? '').includes('text/html')
  if (!wantsHtml) {
    const headers = { 'content-type': 'text/plain; charset=utf-8', ...headersOf(error, request.path) }
    return { status: error.status, headers, body: `${error.message}\n` }
  }
  if (error.code === 'Unauthenticated') {
    const query = String(request.query)
    const next = request.path + (query === '' ? '' : `?${query}`)
    return html(
      401,
      loginPage({ next: nextOf(new URLSearchParams({ next })), audience }),
      headersOf(error, request.path),
    )
  }
  return html(error.status, errorPage(error), headersOf(error, request.path))
}

/** Methods, where it is more than reading (RFC 9110 §15.5.6). */
const ALLOWED: Readonly<Record<string, string>> = { '/login': 'GET, HEAD, POST', '/logout': 'POST' }

function headersOf({ code, retryAfter }: PageError, path: string): Record<string, string> {
  return {
    ...(code === 'Unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}),
    ...(code === 'NotAllowed' ? { allow: ALLOWED[path] ?? 'GET, HEAD' } : {}),
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  }
}

const html = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): PageResponse => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
  body,
})

/** Its name holds what is in it. */
const STYLE_HEADERS = {
  'content-type': 'text/css; charset=utf-8',
  'cache-control': 'public, max-age=31536000, immutable',
}
