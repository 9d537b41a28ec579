export type ForgeErrorCode =
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'Exists'
  | 'Rejected'
  | 'RateLimited'
  | 'Redirected'
  | 'ServerError'
  | 'Network'
  | 'Timeout'
  | 'Malformed'
  | 'LimitExceeded'
  | 'InvalidInput'

/** A request to a host's API that did not do what it should. Its message names the request, never a credential. */
export class ForgeError extends Error {
  override readonly name = 'ForgeError'
  readonly code: ForgeErrorCode
  /** Milliseconds that the host asked to wait. */
  readonly waitMs: number | undefined
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined

  constructor(
    code: ForgeErrorCode,
    message: string,
    details: {
      readonly waitMs?: number | undefined
      readonly status?: number | undefined
      readonly cause?: unknown
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.waitMs = details.waitMs
    this.status = details.status
  }
}

export function isForgeError(error: unknown, ...codes: readonly ForgeErrorCode[]): error is ForgeError {
  return error instanceof ForgeError && (codes.length === 0 || codes.includes(error.code))
}

/** Undefined in place of ForgeError `NotFound`. */
export async function ifFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (isForgeError(error, 'NotFound')) return undefined
    throw error
  }
}
