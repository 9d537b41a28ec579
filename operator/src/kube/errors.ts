/**
 * Why the API server, or the way to it, did not do what was asked.
 *
 * - `NotFound`: the server knows the kind and says that this object does not exist
 * - `NotServed`: the path itself is unknown: a kind that is not (or no longer) served. Says nothing about objects
 * - `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, `Unauthorized`, `BadRequest`: as the API server's reasons
 * - `Gone`: the resourceVersion or continue token is too old: list again
 * - `TooManyRequests`, `Unavailable`, `Timeout`, `Network`: try later
 * - `Malformed`: the answer is not what the API promises
 * - `TooLarge`: an answer or a line exceeds its cap
 * - `Aborted`: the caller's signal fired
 * - `Configuration`: the kubeconfig or the environment cannot be used
 */
export type KubeErrorCode =
  | 'NotFound'
  | 'NotServed'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Forbidden'
  | 'Unauthorized'
  | 'Invalid'
  | 'BadRequest'
  | 'Gone'
  | 'TooManyRequests'
  | 'Unavailable'
  | 'Timeout'
  | 'Network'
  | 'Malformed'
  | 'TooLarge'
  | 'Aborted'
  | 'Configuration'

export interface KubeErrorFields {
  /** HTTP status, or the code of the Status object in a watch. */
  readonly status?: number | undefined
  /** What the server asked to wait, in milliseconds; at most an hour. */
  readonly retryAfterMs?: number | undefined
  /** The server's own message, at most 1,024 characters. */
  readonly details?: string | undefined
  readonly cause?: unknown
}

/** Every error of this folder. Messages and fields never hold credentials. */
export class KubeError extends Error {
  override readonly name = 'KubeError'
  readonly code: KubeErrorCode
  readonly status?: number
  readonly retryAfterMs?: number
  readonly details?: string

  constructor(code: KubeErrorCode, message: string, fields: KubeErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.code = code
    if (fields.status !== undefined) this.status = fields.status
    if (fields.retryAfterMs !== undefined) this.retryAfterMs = fields.retryAfterMs
    if (fields.details !== undefined) this.details = fields.details
  }
}

export function isKubeError<C extends KubeErrorCode>(error: unknown, ...codes: C[]): error is KubeError & { code: C } {
  return error instanceof KubeError && (codes.length === 0 || (codes as string[]).includes(error.code))
}

/** A server that asks for more is not taken at its word, in milliseconds. */
const MAX_RETRY_AFTER_MS = 3_600_000

/** The fields of a `v1` Status that matter here; everything may be missing. */
interface Status {
  readonly kind: 'Status'
  readonly message?: unknown
  readonly reason?: unknown
  readonly code?: unknown
  readonly details?: { readonly name?: unknown; readonly retryAfterSeconds?: unknown } | null
}

function isStatus(body: unknown): body is Status {
  return typeof body === 'object' && body !== null && (body as Partial<Status>).kind === 'Status'
}

const BY_REASON: Readonly<Record<string, KubeErrorCode>> = {
  AlreadyExists: 'AlreadyExists',
  Conflict: 'Conflict',
  Forbidden: 'Forbidden',
  Unauthorized: 'Unauthorized',
  Invalid: 'Invalid',
  BadRequest: 'BadRequest',
  Gone: 'Gone',
  Expired: 'Gone',
  TooManyRequests: 'TooManyRequests',
  ServiceUnavailable: 'Unavailable',
  InternalError: 'Unavailable',
  Timeout: 'Timeout',
  ServerTimeout: 'Timeout',
  RequestEntityTooLarge: 'TooLarge',
}

const BY_STATUS: Readonly<Record<number, KubeErrorCode>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  408: 'Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'TooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
  504: 'Timeout',
}

/**
 * The error for an answer that is not a success, or for the object of a watch's ERROR event.
 * @param what names the request: `GET /api/v1/pods`
 * @param status HTTP status; 0 takes the code of the Status object
 * @param body parsed JSON, or text
 */
export function errorFromStatus(what: string, status: number, body: unknown, retryAfterMs?: number): KubeError {
  const object = isStatus(body) ? body : undefined
  const code = status === 0 && typeof object?.code === 'number' ? object.code : status
  const text = object === undefined ? body : object.message
  const details = typeof text === 'string' && text !== '' ? text.trim().slice(0, 1024) : undefined
  const seconds = object?.details?.retryAfterSeconds
  const waitMs = retryAfterMs ?? (typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined)
  return new KubeError(codeOf(code, object), `${what}: ${code}${details === undefined ? '' : ` ${details}`}`, {
    status: code,
    retryAfterMs: waitMs === undefined ? undefined : Math.min(waitMs, MAX_RETRY_AFTER_MS),
    details,
  })
}

function codeOf(status: number, object: Status | undefined): KubeErrorCode {
  // Only an answer about a name proves that the object is missing; a kind that is not served gives a bare 404.
  if (status === 404)
    return typeof object?.details?.name === 'string' && object.details.name !== '' ? 'NotFound' : 'NotServed'
  const byReason = typeof object?.reason === 'string' ? BY_REASON[object.reason] : undefined
  return byReason ?? BY_STATUS[status] ?? (status >= 500 ? 'Unavailable' : status >= 400 ? 'BadRequest' : 'Malformed')
}
