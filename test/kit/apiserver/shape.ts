import { badRequest, invalid } from './errors.ts'
import { copyOf, fieldsOf, isFields, textOf, type Fields } from './json.ts'
import { apiVersionOf, type Resource } from './kinds.ts'
import type { KubeObject, Metadata } from './object.ts'

const TEXTS = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion'] as const

/**
 * Decodes a body: an object of the right kind, in the request's namespace, whose metadata has the right types.
 * @throws ApiError 400; 422 for a custom resource of another kind
 */
export function shapeOf(resource: Resource, namespace: string, body: unknown): KubeObject {
  if (!isFields(body)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${resource.kind}): not a JSON object`)
  }
  const { apiVersion: givenVersion, kind: givenKind, metadata: givenMetadata, ...content } = body
  const metadata = copyOf(fieldsOf(givenMetadata)) as Metadata
  for (const [field, value] of Object.entries(metadata)) if (value === null) delete metadata[field]
  checkTypes(resource, metadata)
  checkKind(resource, givenVersion, givenKind, metadata)
  if (!resource.namespaced) delete metadata.namespace
  else if ((metadata.namespace || namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  } else metadata.namespace = namespace
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata, ...content }
}

function checkKind(resource: Resource, givenVersion: unknown, givenKind: unknown, metadata: Metadata): void {
  const apiVersion = apiVersionOf(resource)
  const isCustom = resource.custom !== undefined
  if ((isCustom || givenVersion !== undefined) && givenVersion !== apiVersion) {
    const given = textOf(givenVersion)
    throw badRequest(`the API version in the data (${given}) does not match the expected API version (${apiVersion})`)
  }
  if (isCustom ? givenKind === resource.kind : givenKind === undefined || givenKind === resource.kind) return
  const kind = textOf(givenKind)
  if (!isCustom || kind === '')
    throw badRequest(`${kind || 'an object without kind'} cannot be handled as a ${resource.kind}`)
  const message = `Invalid value: ${JSON.stringify(kind)}: must be ${resource.kind}`
  throw invalid(kind, resource.group, metadata.name ?? '', [{ reason: 'FieldValueInvalid', message, field: 'kind' }])
}

function checkTypes(resource: Resource, metadata: Metadata): void {
  const wrongText = TEXTS.find((field) => metadata[field] !== undefined && typeof metadata[field] !== 'string')
  if (wrongText !== undefined) throw undecodable(resource, `metadata.${wrongText}`)
  for (const field of ['labels', 'annotations'] as const) {
    const wrong = Object.entries(fieldsOf(metadata[field])).find(([, value]) => typeof value !== 'string')
    if (wrong !== undefined) throw undecodable(resource, `metadata.${field}.${wrong[0]}`)
  }
  for (const field of ['finalizers', 'ownerReferences'] as const) {
    if (metadata[field] !== undefined && !Array.isArray(metadata[field]))
      throw undecodable(resource, `metadata.${field}`)
  }
}

const undecodable = (resource: Resource, field: string) =>
  badRequest(
    `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: json: cannot unmarshal ${field}: it has the wrong type`,
  )

/** The fields of a builtin kind that can only hold strings. Throws ApiError 400. */
export function checkStrings(resource: Resource, object: KubeObject): void {
  if (resource.group !== '' || (object.kind !== 'ConfigMap' && object.kind !== 'Secret')) return
  for (const field of ['data', 'binaryData', 'stringData']) {
    const map: Fields = fieldsOf(object[field])
    const wrong = Object.entries(map).find(([, value]) => typeof value !== 'string')
    if (wrong !== undefined) throw undecodable(resource, `${field}.${wrong[0]}`)
  }
}
