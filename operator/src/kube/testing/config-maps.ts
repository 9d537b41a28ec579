import type { ServerResponse } from 'node:http'
import type { ApiResource } from '../resource.ts'
import { send, startApi, statusBody, type ApiCall, type ScriptedApi } from './api.ts'

export const CONFIG_MAPS: ApiResource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
  verbs: ['list', 'watch'],
  hasStatus: false,
}

interface ConfigMap {
  readonly apiVersion: 'v1'
  readonly kind: 'ConfigMap'
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string }
  readonly data: { readonly value: string }
}

interface Change {
  readonly type: string
  readonly object: ConfigMap
  readonly version: number
}

/** An API server that holds ConfigMaps of the namespace `a`, and whose watches fail when told to. */
export interface ConfigMapServer extends ScriptedApi {
  readonly objects: ReadonlyMap<string, ConfigMap>
  put(name: string, value: string): void
  remove(name: string): void
  bookmark(): void
  /** Writes a line to every watch. */
  say(line: string): void
  /** Ends every watch properly. */
  endWatches(): void
  /** Forgets what happened so far. */
  expire(): void
  readonly watches: number
  /** Whether streaming lists work, are refused at once (an old API server), or fail after a while (an old etcd). */
  streaming: 'yes' | 'refused' | 'error-event' | 'ignored'
  /** Called instead of an answer when it returns true. */
  intercept: (call: ApiCall, response: ServerResponse) => boolean
  /** Every event is sent twice. */
  duplicate: boolean
}

export async function startConfigMaps(): Promise<ConfigMapServer> {
  const objects = new Map<string, ConfigMap>()
  const watches = new Set<ServerResponse>()
  let history: Change[] = []
  let version = 10
  let oldest = 0

  const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`
  const write = (watch: ServerResponse, { type, object }: { type: string; object: unknown }) => {
    watch.write(line(type, object))
    if (self.duplicate) watch.write(line(type, object))
  }
  const bookmark = (annotations?: object) =>
    line('BOOKMARK', {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(version), annotations },
    })
  const gone = () => statusBody(410, 'Expired', 'too old resource version')

  function record(type: string, object: ConfigMap): void {
    const change = { type, object, version }
    history.push(change)
    for (const watch of watches) write(watch, change)
  }

  function watch({ query }: ApiCall, response: ServerResponse): void {
    const initial = query['sendInitialEvents'] === 'true'
    if (initial && self.streaming === 'refused') {
      return send(response, 422, statusBody(422, 'Invalid', 'sendInitialEvents is forbidden'))
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    if (!initial && Number(query['resourceVersion']) < oldest) {
      response.end(line('ERROR', gone()))
      return
    }
    if (initial) {
      for (const object of objects.values()) response.write(line('ADDED', object))
      if (self.streaming === 'error-event') {
        response.end(line('ERROR', statusBody(500, 'InternalError', 'etcd is too old')))
        return
      }
      response.write(bookmark(self.streaming === 'yes' ? { 'k8s.io/initial-events-end': 'true' } : undefined))
    } else {
      for (const change of history) if (change.version > Number(query['resourceVersion'])) write(response, change)
      response.flushHeaders()
    }
    watches.add(response)
    response.on('close', () => watches.delete(response))
  }

  function list({ query }: ApiCall, response: ServerResponse): void {
    const all = [...objects.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    const [at = String(version), from = ''] = query['continue']?.split(':') ?? []
    if (Number(at) < oldest) return send(response, 410, gone())
    const limit = query['limit'] === undefined ? all.length : Number(query['limit'])
    const rest = all.filter(({ metadata }) => metadata.name > from)
    const items = rest.slice(0, limit).map(({ kind: _kind, apiVersion: _version, ...item }) => item)
    const next = rest.length > limit ? `${at}:${items.at(-1)?.metadata.name}` : undefined
    send(response, 200, {
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: at, continue: next },
      items,
    })
  }

  const api = await startApi((call, response) => {
    if (self.intercept(call, response)) return
    if (call.query['watch'] === 'true') watch(call, response)
    else list(call, response)
  })

  const self: ConfigMapServer = {
    ...api,
    objects,
    put(name, value) {
      version++
      const object: ConfigMap = {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: { name, namespace: 'a', resourceVersion: String(version) },
        data: { value },
      }
      const type = objects.has(name) ? 'MODIFIED' : 'ADDED'
      objects.set(name, object)
      record(type, object)
    },
    remove(name) {
      const object = objects.get(name)
      if (object === undefined) return
      version++
      objects.delete(name)
      record('DELETED', { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } })
    },
    bookmark() {
      for (const each of watches) each.write(bookmark())
    },
    say(text) {
      for (const each of watches) each.write(text)
    },
    endWatches() {
      for (const each of watches) {
        watches.delete(each)
        each.end()
      }
    },
    expire() {
      version++
      oldest = version
      history = []
    },
    get watches() {
      return watches.size
    },
    streaming: 'yes',
    intercept: () => false,
    duplicate: false,
  }
  return self
}
