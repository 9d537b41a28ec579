import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

/** A Kubernetes object as it comes over the wire. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly [field: string]: any
  }
  readonly [field: string]: any
}

/** Which object; `namespace` left out for cluster-scoped kinds. */
export interface Ref {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string | undefined
}

export interface Answer {
  readonly code: number
  readonly body: any
}

export interface WriteOptions {
  /** Field manager; default `e2e`. */
  readonly manager?: string
}

/** Talks to an API server as an administrator, with nothing between: what it answers is the expectation. */
export interface Api {
  readonly url: string
  /** Any request, any answer. A body that is a string is sent as it is. */
  send(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>
  /** These throw, with the server's words, unless the answer is a success. */
  create(object: object | string, options?: WriteOptions): Promise<KubeObject>
  get(ref: Ref): Promise<KubeObject>
  list(ref: Omit<Ref, 'name'>): Promise<readonly KubeObject[]>
  /** JSON merge patch. */
  patch(ref: Ref, patch: object, options?: WriteOptions): Promise<KubeObject>
  delete(ref: Ref): Promise<void>
  close(): void
}

export function connectApi(url: string, login: { readonly ca?: string; readonly token?: string } = {}): Api {
  const isHttps = url.startsWith('https:')
  const agent = isHttps
    ? new HttpsAgent({ keepAlive: true, ...(login.ca === undefined ? {} : { ca: login.ca }) })
    : new HttpAgent({ keepAlive: true })
  const send: Api['send'] = (method, path, body, contentType = 'application/json') =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': contentType,
        ...(login.token === undefined ? {} : { authorization: `Bearer ${login.token}` }),
      }
      const call = (isHttps ? httpsRequest : httpRequest)(url + path, { method, headers, agent }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ code: response.statusCode ?? 0, body: parse(text) })
        })
      })
      call.on('error', (error: NodeJS.ErrnoException) => {
        // The server has closed an idle connection in the moment in which it was used again: nobody has read the request.
        const isIdle = call.reusedSocket && error.code === 'ECONNRESET'
        if (isIdle) resolve(send(method, path, body, contentType))
        else reject(error)
      })
      call.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body))
    })
  const done = async (method: string, path: string, body?: unknown, type?: string): Promise<any> => {
    const answer = await send(method, path, body, type)
    if (answer.code >= 300) throw new Error(`${method} ${path}: ${answer.code} ${answer.body?.message ?? ''}`)
    return answer.body
  }
  return {
    url,
    send,
    create(given, { manager = 'e2e' } = {}) {
      const object = (typeof given === 'string' ? JSON.parse(given) : given) as KubeObject
      const { apiVersion, kind, metadata } = object
      return done(
        'POST',
        `${collection({ apiVersion, kind, namespace: metadata.namespace })}?fieldManager=${manager}`,
        given,
      )
    },
    get: (ref) => done('GET', pathOf(ref)),
    list: async (ref) => (await done('GET', collection(ref))).items,
    patch: (ref, patch, { manager = 'e2e' } = {}) =>
      done('PATCH', `${pathOf(ref)}?fieldManager=${manager}`, patch, 'application/merge-patch+json'),
    delete: (ref) => done('DELETE', pathOf(ref)),
    close: () => agent.destroy(),
  }
}

const pathOf = (ref: Ref): string => `${collection(ref)}/${encodeURIComponent(ref.name)}`

function collection({ apiVersion, kind, namespace }: Omit<Ref, 'name'>): string {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${base}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${pluralOf(kind)}`
}

/** Right for every kind that the tests use. */
export function pluralOf(kind: string): string {
  const singular = kind.toLowerCase()
  if (singular.endsWith('y')) return `${singular.slice(0, -1)}ies`
  return singular.endsWith('s') ? `${singular}es` : `${singular}s`
}

function parse(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return { message: text }
  }
}
