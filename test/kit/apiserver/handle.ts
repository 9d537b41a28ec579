import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Cluster } from './cluster.ts'
import * as discovery from './discovery.ts'
import { ApiError, badRequest, conflict, forbidden, type GroupResource } from './errors.ts'
import { sendError, sendJson, sendText } from './exchange.ts'
import type { Accident } from './faults.ts'
import { openApiDocument, openApiIndex, SWAGGER, SWAGGER_PROTOBUF } from './openapi.ts'
import type { User } from './rbac.ts'
import { parseRequest, type RequestInfo } from './request.ts'
import { serveResource } from './verbs.ts'

/** Answers one HTTP request; `record` is told what it asked for. */
export async function handle(
  cluster: Cluster,
  request: IncomingMessage,
  response: ServerResponse,
  record: (info: RequestInfo) => void,
): Promise<void> {
  try {
    const info = parse(request)
    record(info)
    const accident = cluster.faults.accidentFor(info)
    if (accident?.kind === 'reset') {
      request.socket.resetAndDestroy()
      return
    }
    if (accident !== undefined) throw errorOf(accident, info)
    const user = cluster.authenticator.userOf(request.headers, cluster.authorizer)
    authorize(cluster, user, info)
    if (!info.isResource) return servePath(cluster, info, request, response)
    const resource = cluster.registry.find(info.group, info.version, info.resource)
    if (resource === undefined || (info.namespace !== '' && !resource.namespaced)) return sendNotServed(info, response)
    if (resource.namespaced && info.namespace === '' && (info.name !== '' || info.verb === 'create')) {
      return sendNotServed(info, response)
    }
    await serveResource({ cluster, info, resource, user, request, response })
  } catch (error) {
    sendError(response, error)
  }
}

function parse(request: IncomingMessage): RequestInfo {
  try {
    return parseRequest(request.method ?? 'GET', request.url ?? '/')
  } catch {
    throw badRequest(`the path of the request is not properly percent-encoded: ${request.url}`)
  }
}

function errorOf(accident: Exclude<Accident, { readonly kind: 'reset' }>, info: RequestInfo): ApiError {
  const about: GroupResource = { group: info.group, plural: info.resource }
  if (accident.kind === 'throttled') {
    return new ApiError(429, 'TooManyRequests', 'Too many requests, please try again later.', {
      details: { retryAfterSeconds: accident.retryAfter },
      headers: { 'retry-after': String(accident.retryAfter) },
    })
  }
  if (accident.kind === 'failed') {
    return accident.code === 503
      ? new ApiError(503, 'ServiceUnavailable', 'the server is currently unable to handle the request')
      : new ApiError(accident.code, 'InternalError', 'Internal error occurred: made by a fault switch')
  }
  return accident.kind === 'conflict'
    ? conflict(about, info.name)
    : forbidden(about, info.name, 'refused by a fault switch')
}

/** Throws ApiError 403 in the words of the real server. */
function authorize({ authorizer }: Cluster, user: User, info: RequestInfo): void {
  const { verb, path, group, resource, subresource } = info
  if (!info.isResource) {
    if (authorizer.decide(user, { verb, path }).allowed) return
    const message = `forbidden: User "${user.name}" cannot ${verb} path "${path}"`
    throw new ApiError(403, 'Forbidden', message, { details: {} })
  }
  const isNamespace = group === '' && resource === 'namespaces'
  const namespace = isNamespace ? info.name : info.namespace
  const name = info.name === '' ? selectedName(info) : info.name
  if (authorizer.decide(user, { verb, group, resource, subresource, namespace, name }).allowed) return
  const target = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const why = `User "${user.name}" cannot ${verb} resource "${target}" in API group "${group}" ${where}`
  throw forbidden({ group, plural: resource }, info.name, why)
}

/** A list or watch of one named object counts as naming it. */
const selectedName = ({ query }: RequestInfo): string =>
  /^metadata\.name==?([^,]+)$/.exec(query.get('fieldSelector') ?? '')?.[1] ?? ''

function sendNotServed(info: RequestInfo, response: ServerResponse): void {
  if (info.group !== '') return sendText(response, 404, '404 page not found\n', 'text/plain; charset=utf-8')
  throw new ApiError(404, 'NotFound', 'the server could not find the requested resource', { details: {} })
}

const VERSION = { major: '1', minor: '34', gitVersion: 'v1.34.0+embedded', gitCommit: '', gitTreeState: 'clean' }
const BUILD = { buildDate: '1970-01-01T00:00:00Z', goVersion: 'none', compiler: 'none', platform: 'linux/amd64' }
const HEALTH = ['/healthz', '/livez', '/readyz']

/** Discovery, OpenAPI, version and health. */
function servePath(cluster: Cluster, info: RequestInfo, request: IncomingMessage, response: ServerResponse): void {
  const { registry } = cluster
  const path = info.path.replace(/\/+$/, '')
  const [, root = '', first = '', second = ''] = path.split('/')
  const accept = request.headers.accept ?? ''
  if (HEALTH.includes(`/${root}`)) return sendText(response, 200, 'ok', 'text/plain; charset=utf-8')
  if (path === '/version') return sendJson(response, 200, { ...VERSION, ...BUILD })
  if (path === '')
    return sendJson(response, 200, { paths: ['/api', '/apis', '/openapi/v2', '/openapi/v3', '/version', ...HEALTH] })
  if ((path === '/api' || path === '/apis') && accept.includes('g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')) {
    return sendText(
      response,
      200,
      JSON.stringify(discovery.aggregated(registry, path === '/api')),
      discovery.AGGREGATED,
    )
  }
  if (path === '/openapi/v2') {
    if (!accept.includes('protobuf')) return sendJson(response, 200, SWAGGER)
    response.writeHead(200, { 'content-type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' })
    response.end(SWAGGER_PROTOBUF)
    return
  }
  const found = pathDocument(cluster, path, root, first, second)
  if (found === undefined) return sendText(response, 404, '404 page not found\n', 'text/plain; charset=utf-8')
  sendJson(response, 200, found)
}

function pathDocument({ registry }: Cluster, path: string, root: string, first: string, second: string): unknown {
  if (path === '/openapi/v3') return openApiIndex(registry)
  if (path.startsWith('/openapi/v3/')) return openApiDocument(registry, path.slice('/openapi/v3/'.length))
  if (root === 'api') return first === '' ? discovery.coreVersions() : discovery.resourceList(registry, '', first)
  if (root !== 'apis') return undefined
  if (first === '') return discovery.groupList(registry)
  return second === '' ? discovery.group(registry, first) : discovery.resourceList(registry, first, second)
}
