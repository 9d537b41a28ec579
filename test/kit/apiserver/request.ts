/** What a request asks for, read from its method and URL alone. */
export interface RequestInfo {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** Of the API: get, list, watch, create, update, patch, delete, deletecollection; else the lower-case method. */
  readonly verb: string
  readonly isResource: boolean
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
}

const VERBS: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch' }
/** Below a namespace's own path these are parts of the Namespace object, not kinds. */
const NAMESPACE_PARTS = new Set(['status', 'finalize'])

/** Throws URIError for a path that is not properly encoded. */
export function parseRequest(method: string, url: string): RequestInfo {
  const question = url.indexOf('?')
  const path = question < 0 ? url : url.slice(0, question)
  const query = new URLSearchParams(question < 0 ? '' : url.slice(question))
  const steps = path.split('/').slice(1).map(decodeURIComponent)
  if (steps.at(-1) === '') steps.pop()
  const isCore = steps[0] === 'api'
  const base = isCore ? 2 : 3
  const nothing = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' }
  if ((!isCore && steps[0] !== 'apis') || steps.length <= base) {
    return { method, path, query, verb: method.toLowerCase(), isResource: false, ...nothing }
  }
  const group = isCore ? '' : (steps[1] ?? '')
  const version = steps[base - 1] ?? ''
  let rest = steps.slice(base)
  let namespace = ''
  if (rest[0] === 'namespaces' && rest.length > 2 && !NAMESPACE_PARTS.has(rest[2] ?? '')) {
    namespace = rest[1] ?? ''
    rest = rest.slice(2)
  }
  const [resource = '', name = '', ...parts] = rest
  const target = { group, version, resource, subresource: parts.join('/'), namespace, name }
  return { method, path, query, verb: verbOf(method, name, query), isResource: true, ...target }
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  const verb = VERBS[method]
  if (verb !== undefined) return verb
  if (method === 'DELETE') return name === '' ? 'deletecollection' : 'delete'
  if (name !== '') return 'get'
  return isTrue(query.get('watch')) ? 'watch' : 'list'
}

export const isTrue = (text: string | null): boolean => text === 'true' || text === '1'
