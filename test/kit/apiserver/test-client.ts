import { parseJson } from './json.ts'

interface Answer {
  readonly code: number
  readonly headers: Headers
  readonly text: string
  readonly body: any
}

interface WatchEvent {
  readonly type: string
  readonly object: any
}

interface TestWatch {
  /** The next event, waited for; undefined at the end of the stream. Bookmarks are left out unless asked for. */
  next(): Promise<WatchEvent | undefined>
  /** The next events. */
  take(count: number): Promise<WatchEvent[]>
  close(): void
}

/** What the tests send and receive, without a client library's opinions. */
export function testClient(url: string, headers: Record<string, string> = {}) {
  async function send(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers, ...more },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { code: response.status, headers: response.headers, text, body: isJson ? parseJson(text) : undefined }
  }
  return {
    send,
    get: (path: string, more?: Record<string, string>) => send('GET', path, undefined, more),
    post: (path: string, body: unknown) => send('POST', path, body),
    put: (path: string, body: unknown) => send('PUT', path, body),
    delete: (path: string, body?: unknown) => send('DELETE', path, body),
    merge: (path: string, body: unknown) =>
      send('PATCH', path, body, { 'content-type': 'application/merge-patch+json' }),
    watch: (path: string, options: { readonly bookmarks?: boolean } = {}) => openWatch(url + path, headers, options),
  }
}

async function openWatch(url: string, headers: Record<string, string>, { bookmarks = false }): Promise<TestWatch> {
  const abort = new AbortController()
  const response = await fetch(url, { headers, signal: abort.signal })
  const events = parseEvents(response)
  const next = async (): Promise<WatchEvent | undefined> => {
    for (;;) {
      const { value, done } = await events.next()
      if (done === true) return undefined
      if (bookmarks || value.type !== 'BOOKMARK') return value
    }
  }
  return {
    next,
    async take(count) {
      const taken: WatchEvent[] = []
      while (taken.length < count) {
        const event = await next()
        if (event === undefined) break
        taken.push(event)
      }
      return taken
    },
    close: () => abort.abort(),
  }
}

async function* parseEvents(response: Response): AsyncGenerator<WatchEvent, undefined> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield parseJson(line) as WatchEvent
  }
  return undefined
}

/** A CustomResourceDefinition to test with. */
export const WIDGETS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.test.io' },
  spec: {
    group: 'test.io',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['test'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [
          { name: 'Mode', type: 'string', jsonPath: '.spec.mode' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                required: ['mode'],
                properties: {
                  mode: { type: 'string', enum: ['fast', 'slow'] },
                  count: { type: 'integer', minimum: 1, maximum: 5, default: 3 },
                  name: { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z]*$' },
                  port: { 'x-kubernetes-int-or-string': true },
                  tags: { type: 'array', maxItems: 2, items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  labels: { type: 'object', additionalProperties: { type: 'integer' } },
                  replicas: { type: 'integer' },
                },
              },
              status: {
                type: 'object',
                properties: {
                  replicas: { type: 'integer' },
                  conditions: {
                    type: 'array',
                    items: { type: 'object', properties: { type: { type: 'string' }, status: { type: 'string' } } },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
}
