import pino from 'pino'
import { manualClock } from '../../kube/testing/manual-clock.ts'
import type { ManualClock } from '../../kube/testing/manual-clock.ts'
import type { KubeUser } from '../../kube/user.ts'
import { createAuditPage } from '../audit-page.ts'
import type { AuditedGitSync } from '../audited.ts'
import type { PageRequest, PageResponse } from '../page-request.ts'
import { Viewers } from '../viewer/viewers.ts'
import { Visibility } from '../viewer/visibility.ts'

/** Pages with an API server of which the test says who is who, and who may see what. */
export interface Stand {
  readonly clock: ManualClock
  /** Token → user. */
  readonly users: Map<string, KubeUser>
  /** User → namespaces; `*` is all of them. */
  readonly rights: Map<string, readonly string[]>
  gitsyncs: readonly AuditedGitSync[] | undefined
  /** What the API server does not answer. Default: it answers everything. */
  silent?: 'whose token' | 'who may see'
  /** Questions to the API server, in order. */
  readonly asked: string[]
  ask(method: string, target: string, how?: Asking): Promise<PageResponse>
  get(target: string, how?: Asking): Promise<PageResponse>
  post(path: string, fields: Readonly<Record<string, string>>, how?: Asking): Promise<PageResponse>
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly from?: string
}

export const PROXY = '10.1.2.3'

export function createStand(): Stand {
  const clock = manualClock(Date.parse('2026-06-01T12:00:00Z'))
  const users = new Map<string, KubeUser>()
  const rights = new Map<string, readonly string[]>()
  const asked: string[] = []
  const stand = { clock, users, rights, asked, gitsyncs: [] } as unknown as Stand
  const viewers = new Viewers({
    clock,
    trust: {
      networks: ['10.1.2.0/24', 'fd00::/64'],
      userHeader: 'x-forwarded-user',
      groupsHeader: 'x-forwarded-groups',
    },
    review: async (token) => {
      asked.push('whose token')
      if (stand.silent === 'whose token') throw new Error('no answer')
      return users.get(token)
    },
  })
  const mayGet = async ({ username, groups }: KubeUser, namespace: string | undefined): Promise<boolean> => {
    asked.push(`${username} ${namespace ?? '*'}`)
    if (stand.silent === 'who may see') throw new Error('no answer')
    return [username, ...groups].some((name) => {
      const allowed = rights.get(name) ?? []
      return allowed.includes('*') || (namespace !== undefined && allowed.includes(namespace))
    })
  }
  const visibility = new Visibility(mayGet, clock)
  const answer = createAuditPage({
    logger: pino({ level: 'silent' }),
    viewers,
    visibility,
    audience: 'gitsync-audit',
    clock,
    gitsyncs: () => stand.gitsyncs,
  })
  const ask = (
    method: string,
    target: string,
    { headers = {}, from = '192.0.2.1' }: Asking = {},
    form = '',
  ): Promise<PageResponse> => {
    const url = new URL(target, 'http://page.example')
    const distinct = Object.entries({ host: 'page.example', ...headers }).map(([name, value]) => [name, [value].flat()])
    const request: PageRequest = {
      method,
      path: url.pathname,
      query: url.searchParams,
      headers: Object.fromEntries(distinct) as PageRequest['headers'],
      remoteAddress: from,
      form: async () => new URLSearchParams(form),
    }
    return answer(request)
  }
  return Object.assign(stand, {
    ask: (method: string, target: string, how?: Asking) => ask(method, target, how),
    get: (target: string, how?: Asking) => ask('GET', target, how),
    post: (path: string, fields: Readonly<Record<string, string>>, how: Asking = {}) =>
      ask('POST', path, how, String(new URLSearchParams(fields))),
  })
}

export const bearer = (token: string): Asking => ({
  headers: { authorization: `Bearer ${token}`, accept: 'text/html' },
})

export const audited = (namespace: string, name: string, more: Partial<AuditedGitSync> = {}): AuditedGitSync => ({
  namespace,
  name,
  repository: `git.example.com/${namespace}/audit`,
  branch: 'main',
  path: `clusters/${namespace}`,
  hidden: [],
  isSuspended: false,
  conditions: [],
  status: { files: 3 },
  remote: undefined,
  ...more,
})
