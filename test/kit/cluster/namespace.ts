import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'

/** An API server, and a login that may do everything. */
export interface Admin {
  readonly url: string
  /** PEM of the certificate authority. */
  readonly ca: string
  readonly token: string
}

/** Aggregated discovery (KEP-3352), of which this is all that is asked. */
interface Discovery {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string }
    readonly versions: readonly {
      readonly version: string
      readonly resources: readonly {
        readonly resource: string
        readonly scope: string
        readonly verbs: readonly string[]
      }[]
    }[]
  }[]
}

const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const PATIENCE_MS = 30_000
const POLL_MS = 50

/**
 * What the namespace controller does: contents first, then the namespace's own finalizer. Throws when something in it is
 * still held by a finalizer after 30 seconds.
 */
export async function finishNamespaceDeletion(admin: Admin, name: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4, ca: admin.ca })
  const send = (method: string, path: string, body: string, accept: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { accept, authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' }
      const sent = request(admin.url + path, { method, headers, agent }, resolve)
      sent.on('error', reject)
      sent.end(body)
    })
  const ask = async (method: string, path: string, body = '', accept = 'application/json'): Promise<string> => {
    const answer = await send(method, path, body, accept)
    const said = await text(answer)
    const code = answer.statusCode ?? 0
    if (code >= 300 && !(method === 'DELETE' && code === 404)) throw new Error(`${method} ${path}: ${code} ${said}`)
    return said
  }
  const kindsIn = async (root: string): Promise<string[]> => {
    const { items } = JSON.parse(await ask('GET', root, '', DISCOVERY)) as Discovery
    return items.flatMap(({ metadata, versions }) =>
      versions.slice(0, 1).flatMap(({ version, resources }) =>
        resources
          .filter(({ scope, verbs }) => scope === 'Namespaced' && verbs.includes('deletecollection'))
          .map(({ resource }) => {
            const group = metadata?.name === undefined ? root : `${root}/${metadata.name}`
            return `${group}/${version}/namespaces/${name}/${resource}`
          }),
      ),
    )
  }
  const isEmpty = async (path: string): Promise<boolean> =>
    (JSON.parse(await ask('GET', `${path}?limit=1`)) as { readonly items: readonly unknown[] }).items.length === 0

  try {
    await ask('DELETE', `/api/v1/namespaces/${name}`)
    const kinds = (await Promise.all(['/api', '/apis'].map(kindsIn))).flat()
    await Promise.all(kinds.map((path) => ask('DELETE', path)))
    const deadline = performance.now() + PATIENCE_MS
    for (const path of kinds) {
      while (!(await isEmpty(path))) {
        if (performance.now() > deadline) throw new Error(`namespace ${name}: ${path} is held by a finalizer`)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    }
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } }
    await ask('PUT', `/api/v1/namespaces/${name}/finalize`, JSON.stringify(namespace))
  } finally {
    agent.destroy()
  }
}
