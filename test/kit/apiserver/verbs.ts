import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseAccept, type Form } from './accept.ts'
import type { Cluster } from './cluster.ts'
import { convert, encode } from './convert.ts'
import { badRequest, methodNotAllowed, unknownPath } from './errors.ts'
import { readBody, readObject, sendJson, sendText } from './exchange.ts'
import { fieldsOf, isFields, textOf, toNumber, type Fields } from './json.ts'
import type { Resource } from './kinds.ts'
import { encodePage, filterOf, listPage } from './list.ts'
import { managerOf } from './managed-fields.ts'
import type { DeleteOptions, WriteOptions } from './objects.ts'
import { timestamp, type KubeObject } from './object.ts'
import { parsePatch } from './patch.ts'
import type { User } from './rbac.ts'
import type { RequestInfo } from './request.ts'
import { review } from './reviews.ts'
import { scaleOf, withScale } from './scale.ts'
import type { Stored } from './store.ts'
import { partialOf, tableOf, type IncludeObject } from './table.ts'

/** One request for a resource that is served and allowed. */
interface Call {
  readonly cluster: Cluster
  readonly info: RequestInfo
  readonly resource: Resource
  readonly user: User
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Carries out a request. Throws ApiError. */
export async function serveResource(call: Call): Promise<void> {
  const { info, resource } = call
  const { subresource, verb } = info
  if (resource.review && subresource === '') return serveReview(call)
  if (subresource === 'scale' && resource.scale !== undefined) return serveScale(call)
  if (subresource === 'token' && resource.storage === '/serviceaccounts') return serveToken(call)
  const isPart =
    subresource === 'status' ? resource.status : subresource === 'finalize' && resource.storage === '/namespaces'
  if (subresource !== '' && !isPart) throw unknownPath()
  switch (verb) {
    case 'get':
      return sendObject(call, 200, getObject(call))
    case 'list':
      return serveList(call)
    case 'watch':
      return serveWatch(call)
    case 'create':
      if (info.name !== '') throw methodNotAllowed(resource, verb)
      return serveCreate(call)
    case 'update':
    case 'patch':
      if (info.name === '') throw methodNotAllowed(resource, verb)
      return serveChange(call)
    case 'delete':
      if (subresource !== '') throw methodNotAllowed(resource, verb)
      return serveDelete(call)
    case 'deletecollection':
      return serveDeleteCollection(call)
    default:
      throw methodNotAllowed(resource, verb)
  }
}

const getObject = ({ cluster, resource, info }: Call): Stored =>
  cluster.objects.get(resource, info.namespace, info.name)

const formOf = ({ request }: Call): Form => parseAccept(request.headers.accept)

function includeOf({ info }: Call): IncludeObject {
  const text = info.query.get('includeObject')
  return text === 'None' || text === 'Object' ? text : 'Metadata'
}

function sendObject(call: Call, code: number, stored: Stored): void {
  const { resource, response, cluster } = call
  const form = formOf(call)
  if (form === 'json') return sendText(response, code, encode(stored, resource))
  if (form === 'partial') return sendJson(response, code, partialOf(stored.object))
  const { resourceVersion } = stored.object.metadata
  sendJson(response, code, tableOf([stored], resource, { resourceVersion }, includeOf(call), cluster.clock()))
}

async function serveList(call: Call): Promise<void> {
  const { cluster, info, resource, response } = call
  const form = formOf(call)
  await cluster.faults.beforePage(info)
  const filter = cluster.faults.listIsEmpty(info) ? () => false : filterOf(info, resource)
  const page = listPage(cluster.store, resource, info.query, filter)
  sendText(response, 200, encodePage(page, resource, form, includeOf(call), cluster.clock()))
}

function serveWatch(call: Call): void {
  const { cluster, info, resource, response } = call
  const options = { form: formOf(call), include: includeOf(call), filter: filterOf(info, resource) }
  cluster.watches.open(info, resource, options, response)
}

/** What the query says about a write; warnings become headers of the answer. */
function writeOptions({ info, request, response }: Call): WriteOptions {
  const { query, subresource } = info
  return {
    manager: managerOf(query.get('fieldManager'), request.headers['user-agent']),
    dryRun: query.get('dryRun') === 'All',
    validation: query.get('fieldValidation') ?? 'Warn',
    ...(subresource === 'status' || subresource === 'scale' ? { subresource } : {}),
    warn: (message) => response.appendHeader('warning', `299 - ${JSON.stringify(message)}`),
  }
}

async function serveCreate(call: Call): Promise<void> {
  const { cluster, info, resource } = call
  const body = await readObject(call.request)
  sendObject(call, 201, cluster.objects.create(resource, info.namespace, body, writeOptions(call)))
}

async function serveChange(call: Call): Promise<void> {
  const { cluster, info, resource } = call
  const change = await readChange(call, resource.custom !== undefined)
  sendObject(call, 200, cluster.objects.update(resource, info.namespace, info.name, change, writeOptions(call)))
}

/** A PUT's body stands for itself, a PATCH's for a function of what is there. */
async function readChange({ request, info }: Call, isCustom: boolean): Promise<(current: Fields) => unknown> {
  if (info.verb === 'patch') return parsePatch(request.headers['content-type'] ?? '', await readBody(request), isCustom)
  const body = await readObject(request)
  return () => body
}

async function deleteOptions({ request, info }: Call): Promise<DeleteOptions> {
  const body = fieldsOf(await readObject(request))
  const { query } = info
  const propagationPolicy = textOf(body['propagationPolicy']) || query.get('propagationPolicy') || undefined
  const orphans = body['orphanDependents'] === true || query.get('orphanDependents') === 'true'
  const preconditions = fieldsOf(body['preconditions'])
  const dryRun = query.get('dryRun') === 'All' || (Array.isArray(body['dryRun']) && body['dryRun'].includes('All'))
  return {
    propagationPolicy: propagationPolicy ?? (orphans ? 'Orphan' : 'Background'),
    preconditions: {
      ...(typeof preconditions['uid'] === 'string' ? { uid: preconditions['uid'] } : {}),
      ...(typeof preconditions['resourceVersion'] === 'string'
        ? { resourceVersion: preconditions['resourceVersion'] }
        : {}),
    },
    dryRun,
  }
}

async function serveDelete(call: Call): Promise<void> {
  const { cluster, info, resource, response } = call
  const { stored, gone } = cluster.objects.delete(resource, info.namespace, info.name, await deleteOptions(call))
  if (!gone) return sendObject(call, 200, stored)
  const { name, uid } = stored.object.metadata
  const details = { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.plural, uid }
  sendJson(response, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details })
}

async function serveDeleteCollection(call: Call): Promise<void> {
  const { cluster, info, resource, response } = call
  if (resource.namespaced && info.namespace === '') throw methodNotAllowed(resource, info.verb)
  const options = await deleteOptions(call)
  const found = cluster.store.all(resource.storage).filter(filterOf(info, resource))
  for (const { object } of found) {
    cluster.objects.delete(resource, object.metadata.namespace ?? '', object.metadata.name, options)
  }
  const page = { items: found, version: cluster.store.version }
  sendText(response, 200, encodePage(page, resource, 'json', 'Metadata', cluster.clock()))
}

async function serveScale(call: Call): Promise<void> {
  const { cluster, info, resource, response } = call
  const { scale } = resource
  if (scale === undefined) throw unknownPath()
  const scaled = (object: KubeObject): Fields => scaleOf(convert(object, resource), scale)
  if (info.verb === 'get') return sendJson(response, 200, scaled(getObject(call).object))
  const change = await readChange(call, true)
  const stored = cluster.objects.update(
    resource,
    info.namespace,
    info.name,
    (current) => {
      const next = change(scaleOf(current, scale))
      if (!isFields(next)) throw badRequest('a Scale must be an object')
      return withScale(current, scale, next)
    },
    writeOptions(call),
  )
  sendJson(response, 200, scaled(stored.object))
}

async function serveReview(call: Call): Promise<void> {
  const { cluster, info, resource, user, response } = call
  if (info.verb !== 'create') throw methodNotAllowed(resource, info.verb)
  const { authorizer, authenticator } = cluster
  const body = fieldsOf(await readObject(call.request))
  const identify = (token: string) => authenticator.identify(token)
  sendJson(response, 201, review(resource, body, { user, authorizer, identify }))
}

/** A token for a ServiceAccount, good until the server ends. */
async function serveToken(call: Call): Promise<void> {
  const { cluster, info, resource, response } = call
  if (info.verb !== 'create') throw methodNotAllowed(resource, info.verb)
  getObject(call)
  const body = fieldsOf(await readObject(call.request))
  const seconds = toNumber(fieldsOf(body['spec'])['expirationSeconds']) ?? 3600
  const token = randomUUID()
  cluster.authenticator.add(token, { name: `system:serviceaccount:${info.namespace}:${info.name}` })
  const expirationTimestamp = timestamp(new Date(cluster.clock().getTime() + seconds * 1000))
  const kind = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1' }
  sendJson(response, 201, { ...kind, ...body, status: { token, expirationTimestamp } })
}
