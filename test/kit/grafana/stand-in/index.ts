import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { callsOf } from '../ask.ts'
import type { Answer } from '../ask.ts'
import type { Grafana } from '../index.ts'
import { classic } from './classic.ts'
import { resources } from './resources.ts'
import { Store } from './store.ts'
import type { Account } from './store.ts'

export interface StandInOptions {
  /** Items of one page of resources, whatever is asked for; default all. Grafana ends a page at so many bytes. */
  readonly pageItems?: number
  /** Number of its organisation: resources of another than 1 have a namespace of its own. */
  readonly organisation?: number
}

/**
 * Stands in for a Grafana 12 or 13, of which none could be had, where it differs from 10: resources, histories with
 * `continue`, both schemas. What both have is held against the real one by the same tests. It differs from the real in:
 *
 * - it does not convert between the schemas: what is kept in v2 has only its title in v1, with `conversion.failed`;
 * - no permissions but the role's, and one organisation: a Viewer reads the history of resources;
 * - alert rules may be read by administrators alone, as in 10; later ones let in whoever may read rules and folders, and list groups
 *   in any order; rules are not evaluated, and of a folder within another the export names the title alone;
 * - no panels, variables or tags are looked at, no name is taken, no limit of requests, no managedFields, no `/dto`;
 * - the classic API gives every version of what is kept in v2 with its spec; a real one may give a converted one, or its title alone;
 * - an administrator of the server, `/api/orgs` and logins of several organisations are not there, nor is a page limit in bytes;
 * - refused logins have the messages of 12 without its `messageId`.
 *
 * Source: grafana.com/docs, "Alerting provisioning HTTP API", "Library element HTTP API", "Dashboard HTTP API", "Resource history HTTP API", "Dashboard versions"; that a revision keeps
 * the time of creation, and a save that changes neither spec nor folder its generation, is from Grafana's sources.
 */
export async function startGrafanaStandIn({
  pageItems = Infinity,
  organisation = 1,
}: StandInOptions = {}): Promise<Grafana> {
  const store = new Store(organisation)
  const secret = (): string => randomBytes(12).toString('hex')
  const administrator = { name: 'admin', password: secret() }
  store.addAccount({ kind: 'user', name: 'admin', role: 'Admin', secret: administrator.password })
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const failed = (error: unknown): Answer => ({ status: 500, body: { message: String(error) } })
      const { status, body } = await answerTo(incoming, store, pageItems).catch(failed)
      // What is exported is a text.
      const isText = typeof body === 'string'
      outgoing.writeHead(status, { 'content-type': isText ? 'text/yaml' : 'application/json' })
      outgoing.end(isText ? body : JSON.stringify(body))
    })()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    administrator,
    ...callsOf(url, administrator),
    serviceAccount(name, role) {
      const token = `glsa_${secret()}`
      store.addAccount({ kind: 'service-account', name, role, secret: token })
      return Promise.resolve({ token })
    },
    user(name, role) {
      const password = secret()
      store.addAccount({ kind: 'user', name, role, secret: password })
      return Promise.resolve({ name, password })
    },
    renameUser(name, to) {
      for (const account of store.accounts) if (account.name === name) account.name = to
      return Promise.resolve()
    },
    deleteUser(name) {
      const at = store.accounts.findIndex((account) => account.name === name)
      if (at >= 0) store.accounts.splice(at, 1)
      return Promise.resolve()
    },
    keepVersions(uid, count) {
      const revisions = store.dashboards.get(uid)?.revisions
      revisions?.splice(0, revisions.length - count)
      return Promise.resolve()
    },
    log: () => '',
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

async function answerTo(incoming: IncomingMessage, store: Store, most: number): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const { pathname, searchParams: query } = new URL(incoming.url ?? '', 'http://host')
  const [, api, ...path] = pathname.replace(/\/$/, '').split('/').map(decodeURIComponent)
  const account = accountOf(store, incoming.headers.authorization)
  if (typeof account === 'string' && path[0] !== 'health') return { status: 401, body: { message: account } }
  const body: unknown = text === '' ? undefined : JSON.parse(text)
  const request = { method: incoming.method ?? '', path, query, body, account: account as Account }
  if (api === 'apis') return resources(store, request, most)
  return api === 'api' ? classic(store, request) : { status: 404, body: { message: 'Not found' } }
}

/** Whose the credentials are, or why nobody's. */
function accountOf(store: Store, header: string | undefined): Account | string {
  if (header === undefined) return 'Unauthorized'
  const [scheme = '', value = ''] = header.split(' ')
  if (scheme === 'Bearer') return store.accounts.find(({ secret }) => secret === value) ?? 'Invalid API key'
  const [name, password] = Buffer.from(value, 'base64').toString().split(':')
  const found = store.accounts.find((account) => account.name === name && account.secret === password)
  return found ?? 'Invalid username or password'
}
