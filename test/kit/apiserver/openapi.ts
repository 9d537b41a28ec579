import { createHash } from 'node:crypto'
import type { Fields } from './json.ts'
import type { Resource } from './kinds.ts'
import type { Registry } from './registry.ts'

const pathOf = ({ group, version }: Resource): string => (group === '' ? `api/${version}` : `apis/${group}/${version}`)

/** `/openapi/v3`: where the document of each group and version is. */
export function openApiIndex(registry: Registry): Fields {
  const paths = new Set(registry.all().map(pathOf))
  const entries = [...paths].map((path) => {
    const hash = createHash('sha256')
      .update(JSON.stringify(openApiDocument(registry, path)))
      .digest('hex')
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash.slice(0, 32)}` }]
  })
  return { paths: Object.fromEntries(entries) }
}

/**
 * `/openapi/v3/{path}`: enough for kubectl to see that the server validates fields itself, and to explain custom
 * kinds. Strategic merge patch is not announced, so kubectl takes its own merge keys for builtin kinds.
 */
export function openApiDocument(registry: Registry, path: string): Fields | undefined {
  const resources = registry.all().filter((resource) => pathOf(resource) === path)
  if (resources.length === 0) return undefined
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.34.0' },
    paths: Object.fromEntries(resources.map((resource) => [`/${path}/${itemPath(resource)}`, operations(resource)])),
    components: {
      schemas: Object.fromEntries(resources.map((resource) => [schemaName(resource), schemaOf(resource)])),
    },
  }
}

const itemPath = (resource: Resource): string =>
  `${resource.namespaced ? 'namespaces/{namespace}/' : ''}${resource.plural}/{name}`

const schemaName = ({ group, version, kind }: Resource): string =>
  `${(group || 'core').split('.').reverse().join('.')}.${version}.${kind}`

const PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
}))

function operations(resource: Resource): Fields {
  const { group, version, kind } = resource
  const type = { 'x-kubernetes-group-version-kind': { group, version, kind }, parameters: PARAMETERS }
  const content = { schema: { $ref: `#/components/schemas/${schemaName(resource)}` } }
  const responses = { 200: { description: 'OK', content: { 'application/json': content } } }
  const body = (mediaType: string): Fields => ({ requestBody: { content: { [mediaType]: content } } })
  return {
    get: { ...type, 'x-kubernetes-action': 'get', responses },
    put: { ...type, 'x-kubernetes-action': 'put', ...body('application/json'), responses },
    patch: { ...type, 'x-kubernetes-action': 'patch', ...body('application/merge-patch+json'), responses },
    post: { ...type, 'x-kubernetes-action': 'post', ...body('application/json'), responses },
  }
}

function schemaOf({ group, version, kind, custom }: Resource): Fields {
  return {
    type: 'object',
    ...(custom === undefined ? { 'x-kubernetes-preserve-unknown-fields': true } : custom.schema),
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  }
}

/** `/openapi/v2` as JSON, without definitions: clients have v3. */
export const SWAGGER = { swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.34.0' }, paths: {}, definitions: {} }

/** The same as protobuf (field 1, `swagger`), the only form that kubectl asks for. */
export const SWAGGER_PROTOBUF = Buffer.from([0x0a, 0x03, 0x32, 0x2e, 0x30])
