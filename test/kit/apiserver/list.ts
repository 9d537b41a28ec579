import type { Form } from './accept.ts'
import { convert, encodeItem } from './convert.ts'
import { ApiError, badRequest, expired } from './errors.ts'
import { isFields, parseJson, type Fields } from './json.ts'
import { apiVersionOf, type Resource } from './kinds.ts'
import type { KubeObject } from './object.ts'
import type { RequestInfo } from './request.ts'
import { matchesFields, matchesLabels, parseFieldSelector, parseLabelSelector } from './selector.ts'
import type { Store, Stored } from './store.ts'
import { partialOf, tableOf, type IncludeObject } from './table.ts'

export type Filter = (stored: Stored) => boolean

/** Which objects of a collection a list or watch is about. Throws ApiError 400 for bad selectors. */
export function filterOf(request: RequestInfo, resource: Resource): Filter {
  const { namespace, query } = request
  const prefix = namespace === '' || !resource.namespaced ? '' : `${namespace}/`
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', resource)
  const matchesAll = (object: KubeObject): boolean =>
    matchesLabels(labels, object.metadata.labels) && matchesFields(fields, object)
  const isOpen = labels.length === 0 && fields.length === 0
  return ({ key, object }) => key.startsWith(prefix) && (isOpen || matchesAll(convert(object, resource)))
}

/** Where a paged list goes on: a version of the collection and the last key given. Version 0: whatever is there now. */
interface Continue {
  readonly version: number
  readonly after: string
}

interface Page {
  readonly items: readonly Stored[]
  readonly version: number
  readonly next?: string
  readonly remaining?: number
}

/** One page of a list. Throws ApiError 400 (bad parameters), 410 (version too old), 504 (version in the future). */
export function listPage(store: Store, resource: Resource, query: URLSearchParams, filter: Filter): Page {
  const limit = Number(query.get('limit') ?? '0') || 0
  const token = query.get('continue') ?? ''
  if (token === '') {
    const exact = exactVersion(store, query)
    const version = exact ?? store.version
    const all = exact === undefined ? store.all(resource.storage) : store.allAt(resource.storage, exact)
    if (all === undefined) throw expired(`The resourceVersion for the provided list is too old.`)
    return cut(all.filter(filter), version, limit)
  }
  if ((query.get('resourceVersion') ?? '0') !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  const from = decodeContinue(token)
  const isConsistent = from.version !== 0
  const all = isConsistent ? store.allAt(resource.storage, from.version) : store.all(resource.storage)
  if (all === undefined) throw expiredContinue(from)
  const rest = all.filter((stored) => stored.key > from.after && filter(stored))
  return cut(rest, isConsistent ? from.version : store.version, limit)
}

function cut(found: readonly Stored[], version: number, limit: number): Page {
  const last = limit > 0 && found.length > limit ? found[limit - 1] : undefined
  if (last === undefined) return { items: found, version }
  const next = encodeContinue({ version, after: last.key })
  return { items: found.slice(0, limit), version, next, remaining: found.length - limit }
}

/** The version a list is pinned to; undefined for the newest. */
function exactVersion(store: Store, query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  if (match !== '' && text === '') {
    throw badRequest('resourceVersionMatch is forbidden unless resourceVersion is provided')
  }
  if (text === '' || text === '0') return undefined
  const version = parseVersion(text)
  if (version > store.version) throw tooLarge(version, store.version)
  return match === 'Exact' ? version : undefined
}

/** Throws ApiError 400. */
export function parseVersion(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`invalid resource version ${JSON.stringify(text)}: must be a number`)
  return Number(text)
}

const tooLarge = (version: number, current: number): ApiError =>
  new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${version}, current: ${current}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
    headers: { 'retry-after': '1' },
  })

const encodeContinue = ({ version, after }: Continue): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: after })).toString('base64url')

function decodeContinue(token: string): Continue {
  try {
    const decoded = parseJson(Buffer.from(token, 'base64url').toString())
    if (isFields(decoded) && typeof decoded['rv'] === 'number' && typeof decoded['start'] === 'string') {
      return { version: decoded['rv'], after: decoded['start'] }
    }
  } catch {
    // the answer is the same for text that is no JSON
  }
  throw badRequest('invalid continue token: continue key is not valid')
}

function expiredContinue(from: Continue): ApiError {
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'
  return expired(message, { continue: encodeContinue({ version: 0, after: from.after }) })
}

/** The JSON text of a page. */
export function encodePage(page: Page, resource: Resource, form: Form, include: IncludeObject, now: Date): string {
  const metadata: Fields = { resourceVersion: String(page.version) }
  if (page.next !== undefined) metadata['continue'] = page.next
  if (page.remaining !== undefined) metadata['remainingItemCount'] = page.remaining
  if (form === 'table') return JSON.stringify(tableOf(page.items, resource, metadata, include, now))
  if (form === 'partial') {
    const items = page.items.map(({ object }) => partialOf(object))
    return JSON.stringify({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items })
  }
  const head = JSON.stringify({ kind: resource.listKind, apiVersion: apiVersionOf(resource), metadata })
  return `${head.slice(0, -1)},"items":[${page.items.map((stored) => encodeItem(stored, resource)).join(',')}]}`
}
