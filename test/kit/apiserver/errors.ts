import type { Fields } from './json.ts'

export interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

interface ErrorOptions {
  readonly details?: Fields
  readonly headers?: Record<string, string>
  /** Extra fields of the Status object's metadata. */
  readonly metadata?: Fields
}

/** A refused request, as the Status object that the API conventions describe. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: number
  readonly reason: string
  readonly headers: Record<string, string>
  readonly #details: Fields | undefined
  readonly #metadata: Fields

  constructor(code: number, reason: string, message: string, options: ErrorOptions = {}) {
    super(message)
    this.code = code
    this.reason = reason
    this.headers = options.headers ?? {}
    this.#details = options.details
    this.#metadata = options.metadata ?? {}
  }

  toStatus(): Fields {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.#metadata,
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.#details === undefined ? {} : { details: this.#details }),
      code: this.code,
    }
  }
}

export interface GroupResource {
  readonly group: string
  readonly plural: string
}

/** `deployments.apps`, or `configmaps` for the core group. */
const qualified = (name: string, group: string): string => (group === '' ? name : `${name}.${group}`)

const about = (resource: GroupResource, name: string): Fields => ({
  name,
  ...(resource.group === '' ? {} : { group: resource.group }),
  kind: resource.plural,
})

export const notFound = (resource: GroupResource, name: string): ApiError =>
  new ApiError(404, 'NotFound', `${qualified(resource.plural, resource.group)} "${name}" not found`, {
    details: about(resource, name),
  })

export const alreadyExists = (resource: GroupResource, name: string, isTerminating: boolean): ApiError =>
  new ApiError(
    409,
    'AlreadyExists',
    `${isTerminating ? 'object is being deleted: ' : ''}${qualified(resource.plural, resource.group)} "${name}" already exists`,
    { details: about(resource, name) },
  )

const STALE = 'the object has been modified; please apply your changes to the latest version and try again'

export const conflict = (resource: GroupResource, name: string, why: string = STALE): ApiError =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource.plural, resource.group)} "${name}": ${why}`,
    { details: about(resource, name) },
  )

export const forbidden = (resource: GroupResource, name: string, why: string, causes?: readonly Cause[]): ApiError =>
  new ApiError(
    403,
    'Forbidden',
    `${qualified(resource.plural, resource.group)}${name === '' ? '' : ` "${name}"`} is forbidden: ${why}`,
    { details: { ...about(resource, name), ...(causes === undefined ? {} : { causes }) } },
  )

/** 422 with one cause per broken rule. */
export function invalid(kind: string, group: string, name: string, causes: readonly Cause[]): ApiError {
  const lines = causes.map(({ field, message }) => `${field}: ${message}`)
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  return new ApiError(422, 'Invalid', `${qualified(kind, group)} "${name}" is invalid: ${text}`, {
    details: { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind, causes },
  })
}

export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message)

export const expired = (message: string, metadata?: Fields): ApiError =>
  new ApiError(410, 'Expired', message, metadata === undefined ? {} : { metadata })

export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized')

export const unsupportedMediaType = (message: string): ApiError =>
  new ApiError(415, 'UnsupportedMediaType', message, { details: {} })

export const notAcceptable = (message: string): ApiError => new ApiError(406, 'NotAcceptable', message)

export const methodNotAllowed = (resource: GroupResource, verb: string): ApiError =>
  new ApiError(
    405,
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind "${qualified(resource.plural, resource.group)}"`,
    {
      details: about(resource, ''),
    },
  )

export const unknownPath = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', { details: {} })
