import type { ServerResponse } from 'node:http'
import type { Form } from './accept.ts'
import { convert, encode } from './convert.ts'
import { ApiError, expired, invalid } from './errors.ts'
import type { FaultState, Match } from './faults.ts'
import type { Fields } from './json.ts'
import { apiVersionOf, type Resource } from './kinds.ts'
import { parseVersion, type Filter } from './list.ts'
import { isTrue, type RequestInfo } from './request.ts'
import { Stored, type Change, type ChangeType, type Store } from './store.ts'
import { partialOf, tableOf, type IncludeObject } from './table.ts'

interface WatchOptions {
  readonly form: Form
  readonly include: IncludeObject
  readonly filter: Filter
}

interface Watch {
  readonly request: RequestInfo
  readonly resource: Resource
  readonly wantsBookmarks: boolean
  readonly held: string[]
  send(text: string): void
  bookmark(annotations?: Fields): void
  end(): void
}

/** A client that has this much unread is cut off, as the real server does with slow watchers. */
const MOST_UNREAD = 256 * 1024 * 1024

/** The open watches. */
export class Watches {
  readonly #open = new Set<Watch>()
  readonly #store: Store
  readonly #faults: () => FaultState
  readonly #clock: () => Date

  constructor(store: Store, faults: () => FaultState, clock: () => Date) {
    this.#store = store
    this.#faults = faults
    this.#clock = clock
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Answers a watch request and keeps it open.
   * @throws ApiError before anything is sent: 422 for bad parameters, 410 when history is gone and is to be told so
   */
  open(request: RequestInfo, resource: Resource, options: WatchOptions, response: ServerResponse): void {
    const { query } = request
    const start = this.#startOf(request)
    const past = start.after === undefined ? undefined : this.#store.changesAfter(resource.storage, start.after)
    const isExpired = start.after !== undefined && past === undefined
    const tooOld = expired(`too old resource version: ${start.after} (${this.#store.version})`)
    if (isExpired && this.#faults().expiredAs === 'status') throw tooOld

    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
    response.flushHeaders()
    const watch = this.#watch(request, resource, options, response)
    if (isExpired) return watch.fail(tooOld)
    if (start.streams && this.#faults().refusingStreams) {
      return watch.fail(new ApiError(500, 'InternalError', STREAMS_REFUSED))
    }
    this.#open.add(watch)
    const stop = this.#store.listen((change) => watch.change(change), resource.storage)
    response.once('close', () => {
      stop()
      clearTimeout(timer)
      this.#open.delete(watch)
    })
    const seconds = Number(query.get('timeoutSeconds') ?? '0')
    const timer = seconds > 0 ? setTimeout(() => watch.end(), seconds * 1000) : undefined
    if (start.after === undefined) {
      for (const stored of this.#store.all(resource.storage)) if (options.filter(stored)) watch.event('ADDED', stored)
      if (start.streams && watch.wantsBookmarks) watch.bookmark({ 'k8s.io/initial-events-end': 'true' })
    }
    for (const change of past ?? []) watch.change(change)
  }

  /** Tells every watch that asked for bookmarks how far it has come. */
  bookmark(): void {
    if (this.#faults().stalled) return
    for (const watch of this.#open) if (watch.wantsBookmarks) watch.bookmark()
  }

  /** Ends watches; returns how many. */
  drop(match: Match): number {
    const chosen = [...this.#open].filter(({ request }) => match(request))
    for (const watch of chosen) watch.end()
    return chosen.length
  }

  /** Sends what stalled watches have been holding back. */
  release(): void {
    for (const watch of this.#open) for (const text of watch.held.splice(0)) watch.send(text)
  }

  /** Ends the watches of a custom kind that is no longer served. */
  closeCustom(definition: string): void {
    for (const watch of this.#open) if (watch.resource.custom?.definition === definition) watch.end()
  }

  /** From which version on changes are sent; none means that the present state comes first. */
  #startOf({ query }: RequestInfo): { readonly after?: number; readonly streams: boolean } {
    const version = query.get('resourceVersion') ?? ''
    const match = query.get('resourceVersionMatch') ?? ''
    const given = query.get('sendInitialEvents')
    if (given !== null && match !== 'NotOlderThan') {
      throw wrongOption(
        'resourceVersionMatch',
        'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      )
    }
    if (given === null && match !== '') {
      throw wrongOption(
        'resourceVersionMatch',
        'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      )
    }
    const streams = isTrue(given)
    if (streams) return { streams }
    if (given !== null)
      return { streams, after: version === '' || version === '0' ? this.#store.version : parseVersion(version) }
    return version === '' || version === '0' ? { streams } : { streams, after: parseVersion(version) }
  }

  #watch(request: RequestInfo, resource: Resource, { form, include, filter }: WatchOptions, response: ServerResponse) {
    const faults = this.#faults
    const held: string[] = []
    const encoded = (stored: Stored): string => {
      if (form === 'json') return encode(stored, resource)
      const object = convert(stored.object, resource)
      if (form === 'partial') return JSON.stringify(partialOf(object))
      const metadata = { resourceVersion: object.metadata.resourceVersion }
      return JSON.stringify(tableOf([stored], resource, metadata, include, this.#clock()))
    }
    const send = (text: string): void => {
      if (response.writableEnded || response.destroyed) return
      if (faults().stalled) {
        held.push(text)
        return
      }
      response.write(text)
      if (response.writableLength > MOST_UNREAD) response.destroy()
    }
    const end = (): void => {
      response.end()
    }
    const event = (type: ChangeType, stored: Stored): void => {
      const text = `{"type":"${type}","object":${encoded(stored)}}\n`
      send(text)
      if (faults().duplicating) send(text)
    }
    return {
      request,
      resource,
      held,
      send,
      end,
      event,
      wantsBookmarks: isTrue(request.query.get('allowWatchBookmarks')),
      /** An object that comes into the filter is new to this watch, one that leaves it is gone. */
      change({ type, current, previous }: Change): void {
        const isIn = type !== 'DELETED' && filter(current)
        const wasIn = previous !== undefined && filter(previous)
        if (isIn) event(wasIn ? 'MODIFIED' : 'ADDED', current)
        else if (wasIn) event('DELETED', type === 'DELETED' ? current : withVersion(previous, current.version))
      },
      bookmark: (annotations?: Fields): void => {
        const metadata = {
          resourceVersion: String(this.#store.version),
          ...(annotations === undefined ? {} : { annotations }),
        }
        const kinds = form === 'json' ? { kind: resource.kind, apiVersion: apiVersionOf(resource) } : META_KINDS[form]
        send(`${JSON.stringify({ type: 'BOOKMARK', object: { ...kinds, metadata } })}\n`)
      },
      fail(error: ApiError): void {
        response.end(`${JSON.stringify({ type: 'ERROR', object: error.toStatus() })}\n`)
      },
    }
  }
}

const META_KINDS = {
  table: { kind: 'Table', apiVersion: 'meta.k8s.io/v1', columnDefinitions: [], rows: [] },
  partial: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' },
}

/** What kube-apiserver 1.34 says when etcd is older than 3.4.31 or 3.5.13. */
const STREAMS_REFUSED =
  'a watch stream was requested by the client but the required storage feature RequestWatchProgress is disabled'

function wrongOption(field: string, message: string): ApiError {
  return invalid('ListOptions', 'meta.k8s.io', '', [{ reason: 'FieldValueForbidden', message, field }])
}

/** An object that left the filter is shown as it was, at the version at which it left. */
function withVersion(stored: Stored, version: number): Stored {
  const metadata = { ...stored.object.metadata, resourceVersion: String(version) }
  return new Stored(stored.key, version, { ...stored.object, metadata })
}
